"""Several heads on one trunk, and labels that are missing: they count nowhere, on both engines alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.layers import Conv2D, Dense, Flatten, Input
from pellucid.models import Model
from tests.transfer.nets import copies, images, moved

X, KIND = images(24)
SIZE = X.mean(axis=(1, 2, 3))[:, None]
HAS = {"kind": np.arange(24) % 2 == 0, "size": np.arange(24) % 3 > 0}  # some samples have neither label


def two_heads(engine: str) -> Model:
    p.set_random_seed(8)
    image = Input((7, 6, 2))
    seen = Flatten()(Conv2D(4, 3, activation="relu", name="trunk")(image))
    model = Model(image, [Dense(3, activation="softmax", name="kind")(seen), Dense(1, name="size")(seen)])
    model.compile("adam", {"kind": "sparse_categorical_crossentropy", "size": "mse"}, {"kind": 1.0, "size": 0.5},
                  {"kind": ["accuracy"]}, engine=engine, precision="float64")  # fmt: skip
    return model


def learnt(engine: str, **changed: Any) -> tuple[Model, dict[str, list[float]]]:
    model = two_heads(engine)
    targets = {"kind": KIND, "size": SIZE} | changed
    fit = model.fit(X, targets, batch_size=8, epochs=3, shuffle=False, verbose=0, masks=HAS)
    return model, fit.history


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_missing_labels_count_nowhere(engine: str) -> None:
    """Whatever stands where a label is missing, numbers and weights are the same."""
    if engine == "pytorch":
        pytest.importorskip("torch")
    plain, history = learnt(engine)
    other, same = learnt(engine, kind=np.where(HAS["kind"], KIND, 0), size=np.where(HAS["size"][:, None], SIZE, 1e6))
    assert history == same and set(history) == {"loss", "kind_loss", "size_loss", "kind_accuracy"}
    assert moved(copies(plain), copies(other)) == set()


def test_a_mean_is_over_the_labels_there_are() -> None:
    """One batch of all: each head's loss is the mean over its own labelled samples, worked out here from predict."""
    model = two_heads("reference")
    kinds, sizes = model.predict(X)
    labelled = HAS["kind"]
    wanted = -np.log(kinds[labelled, KIND[labelled]]).mean()
    squares = ((sizes - SIZE) ** 2)[HAS["size"]].mean()
    fit = model.fit(X, {"kind": KIND, "size": SIZE}, batch_size=24, shuffle=False, verbose=0, masks=HAS)
    row = {name: values[0] for name, values in fit.history.items()}
    assert row["kind_loss"] == pytest.approx(wanted, rel=1e-5) and row["size_loss"] == pytest.approx(squares, rel=1e-5)
    assert row["loss"] == pytest.approx(wanted + 0.5 * squares, rel=1e-5)
    assert row["kind_accuracy"] == pytest.approx((kinds.argmax(axis=1) == KIND)[labelled].mean())


def test_both_engines_learn_the_same() -> None:
    pytest.importorskip("torch")
    (ours, first), (theirs, second) = learnt("reference"), learnt("pytorch")
    for name, values in first.items():
        assert values == pytest.approx(second[name], rel=1e-9)
    for key, value in copies(ours).items():
        np.testing.assert_allclose(copies(theirs)[key], value, rtol=1e-5, atol=1e-7, err_msg=key)


def test_a_batch_without_any_label_of_a_head_moves_nothing_of_it() -> None:
    model = two_heads("reference")
    before = copies(model)
    none = {"kind": np.zeros(24, bool), "size": np.ones(24, bool)}
    model.fit(X, {"kind": KIND, "size": SIZE}, verbose=0, masks=none)
    assert {key.partition("/")[0] for key in moved(before, copies(model))} == {"trunk", "size"}
