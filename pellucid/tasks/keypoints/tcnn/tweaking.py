"""TCNN: a trained plain network gets a regressor for each cluster of its last features.

Steps    features of all training faces | mixture of Gaussians | faces moved onto the layout of others of their cluster
         | a regressor a cluster | the plain head where a cluster is small or is served no better
Shapes   pictures (N,H,W,C) as the network takes them, points (N,K,2) in pixels of them -> the same network with
         y = plain(x) + W_c f(x) + b_c, c the cluster of f(x); an ordinary graph, saved and exported as others
Source   Wu & Hassner 2015 (tweaked convolutional networks), CNN-book 12.13
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.points.column import Points
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.layer import Tensor
from pellucid.graph.ops.choosing import one_hot
from pellucid.graph.ops.products import einsum
from pellucid.graph.ops.reducing import argmax
from pellucid.graph.vocabulary import Add, Concatenate, Dense, Reshape
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.spec.dense import Dense as DenseSpec
from pellucid.tasks.keypoints.tcnn.mixture import Mixture, clusters_for, fit_mixture
from pellucid.tasks.keypoints.tcnn.regressors import Regressor, fit_regressor, nothing
from pellucid.tasks.keypoints.tcnn.similarity import carried, moved_picture, similarity
from pellucid.tasks.provided import StoredRun

SMALL = 10      # faces below which a cluster keeps the plain head
DRAWN = 4       # faces made of each, on layouts of others of its cluster
AT_ONCE = 128


@dataclass(frozen=True)
class Tweaked:
    """The network, and of each of its C clusters the training faces and the strength of its ridge (None: plain)."""

    model: Model
    faces: tuple[int, ...]
    strengths: tuple[float | None, ...]
    belongs: np.ndarray  # the cluster (N,) of each training face

    def mean_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """(C,H,W,channels) the mean of each cluster's faces among the training pictures (N,H,W,channels): its pose."""
        return np.stack([pictures[self.belongs == each].mean(axis=0) for each in range(len(self.faces))])


def tweak(
    model: Model, pictures: np.ndarray, points: np.ndarray, seen: np.ndarray | None = None, *,
    clusters: int | None = None, drawn: int = DRAWN, seed: int = 0,
) -> Tweaked:  # fmt: skip
    """Give a network that ends in shares of coordinates (K,2) a regressor for each cluster of its last features.

    pictures (N,H,W,C), prepared as the network takes them; points (N,K,2) in pixels of them, `seen` (N,K) which count.
    Raises ArgumentError for another network, UsageError for more clusters than a twentieth of the faces.
    """
    features = last_features(model)
    if points.shape[1:] != model.output_shape[1:] or len(points) != len(pictures):
        raise ShapeError(describe("tweak", "points", f"(N={len(pictures)}, {model.output_shape[1]}, 2)",
                                  f"of shape {points.shape}"))  # fmt: skip
    seen = np.ones(points.shape[:2], bool) if seen is None else np.asarray(seen, bool)
    both = Model(model.input, [features, model.output])
    sides = np.array(pictures.shape[2:0:-1], np.float64)
    own = answered(both, pictures)
    mixture = fit_mixture(own[0], clusters_for(len(pictures), clusters), seed=seed)
    belongs = mixture.belongs(own[0])
    made = [
        of_cluster(both, own, pictures, points / sides, seen, np.flatnonzero(belongs == each), drawn,
                   Key.of(seed).fold("tweak", each))
        for each in range(len(mixture.bias))
    ]
    tweaked = with_regressors(model, features, mixture, made)
    return Tweaked(tweaked, tuple(np.bincount(belongs, minlength=len(made)).tolist()),
                   tuple(one.strength for one in made), belongs)


def tweak_run(stored: StoredRun, *, clusters: int | None = None, drawn: int = DRAWN, seed: int = 0) -> Tweaked:
    """The network of a run, tweaked on the faces that it learnt from; `Model.save` writes it. See `tweak`."""
    placed = stored.parts["train"].annotated(Points).placed()
    pictures = np.concatenate(list(stored.inputs("train")))
    return tweak(stored.model, pictures, np.nan_to_num(placed.xy), placed.inside, clusters=clusters, drawn=drawn,
                 seed=seed)  # fmt: skip


def last_features(model: Model) -> Tensor:
    """What the last dense layer reads. Raises ArgumentError for a network that does not end in coordinates so."""
    dense = [layer for layer in model.layers if isinstance(layer.spec, DenseSpec)]
    if len(model.output_shape) != 3 or model.output_shape[-1] != 2 or not dense:
        raise ArgumentError(describe("tweak", "model", "one that ends in coordinates by a dense layer, such as that of "
                                     "--model plain", f"one with outputs {model.output_shape}"))
    found: Tensor = dense[-1].input
    return found


def answered(both: Model, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features (N,D) and answers (N,K,2) of pictures."""
    features, answers = both.predict(np.asarray(pictures, np.float32), batch_size=AT_ONCE, verbose=0)
    return features.astype(np.float64), answers.astype(np.float64)


def of_cluster(
    both: Model, own: tuple[np.ndarray, np.ndarray], pictures: np.ndarray, shares: np.ndarray, seen: np.ndarray,
    members: np.ndarray, drawn: int, key: Key,
) -> Regressor:  # fmt: skip
    """The regressor of the faces `members` (n,), which is never worse on them than the plain head.

    A point that is not seen has no error, so that it changes nothing.
    """
    features, answers = (one[members] for one in own)
    plain = nothing(features.shape[1], shares.shape[1] * 2)
    if len(members) < SMALL:
        return plain
    sides = np.array(pictures.shape[2:0:-1], np.float64)
    moved, targets, flags, faces = aligned(pictures, shares * sides, seen, members, drawn, key)
    more = answered(both, moved) if len(moved) else (features[:0], answers[:0])
    x = np.concatenate([features, more[0]])
    wanted = np.concatenate([shares[members], targets / sides])
    counts = np.concatenate([seen[members], flags])[..., np.newaxis]
    residuals = np.where(counts, wanted - np.concatenate([answers, more[1]]), 0).reshape(len(x), -1)
    found = fit_regressor(x, residuals, np.concatenate([members, faces]))
    real = residuals[: len(members)]
    left = np.where(np.repeat(seen[members], 2, axis=1), real - found.added(features), 0)
    return found if np.sum(left**2) <= np.sum(real**2) else plain


def aligned(
    pictures: np.ndarray, points: np.ndarray, seen: np.ndarray, members: np.ndarray, drawn: int, key: Key
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Faces moved onto the layouts of others of their own cluster: pictures, points, which count, which face it was."""
    random = key.generator()
    made: list[tuple[np.ndarray, np.ndarray, np.ndarray, int]] = []
    for face in members:
        for other in random.choice(members[members != face], min(drawn, len(members) - 1), replace=False):
            affine = similarity(points[face], points[other], seen[face] & seen[other])
            if affine is not None:
                made.append((moved_picture(pictures[face], affine), carried(points[face], affine), seen[face], face))
    if not made:
        return pictures[:0], points[:0], seen[:0], members[:0]
    moved, at, flags, faces = zip(*made, strict=True)
    return np.stack(moved), np.stack(at), np.stack(flags), np.array(faces)


def with_regressors(model: Model, features: Tensor, mixture: Mixture, made: Sequence[Regressor]) -> Model:
    """The network with its clusters and regressors as layers."""
    count, (points, two) = len(made), model.output_shape[1:]
    squares = Concatenate(name="cluster_features")([features * features, features])
    scores = Dense(count, name="clusters", trainable=False)
    regressors = Dense(count * points * two, name="regressors", trainable=False)
    chosen = one_hot(argmax(scores(squares), axis=-1), count)
    each = Reshape((count, points, two), name="regressor_answers")(regressors(features))
    answer = Add(name="tweaked")([model.output, einsum("nc,nckd->nkd", chosen, each)])
    made_model = Model(model.input, answer, name=model.name)
    scores.set_weights([mixture.kernel.astype(np.float32), mixture.bias.astype(np.float32)])
    regressors.set_weights([np.concatenate([one.kernel for one in made], 1).astype(np.float32),
                            np.concatenate([one.bias for one in made]).astype(np.float32)])
    made_model.preprocessing, made_model.input_record = model.preprocessing, model.input_record
    made_model.task, made_model.class_names = model.task, model.class_names
    return made_model
