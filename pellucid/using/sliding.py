"""A trained classifier slid over pictures larger than its own: an answer at every place, and their mean.

A network of stride s gives an answer every s pixels; passes over the picture shifted by s/2 down, across and both give
those between: (2 (H - h) // s + 1) x (2 (W - w) // s + 1) places, 121 of a picture of 384 for one of 224 and s = 32.
Source: CNN-book 4.4.1; Sermanet et al. 2014 (OverFeat), section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.data.options import options_of_record
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.data.single import read_sized
from pellucid.engines.protocol import Engine
from pellucid.errors import DataError, FileError, ShapeError, UsageError, describe
from pellucid.graph.slid import Slid, slid
from pellucid.model import Model
from pellucid.runs.deciding import problem_of, task_of_model
from pellucid.runs.room import refuse_large_scoring
from pellucid.runs.weights import native_weights
from pellucid.tasks.protocol import Problem
from pellucid.training.session import predict_each
from pellucid.using.evaluating import refuse_not_finite
from pellucid.using.held import Holder
from pellucid.using.opening import classifier_of, engine_of
from pellucid.using.predicting import Answered

DIGITS = 4      # of a probability in the map of answers


def predict_sliding(
    run: str, images: Iterable[str], *, top: int, engine: str | None = None, max_pixels: int | None = None
) -> Answered:
    """The classes of each picture, read in its own size: the mean over its places, and `places`, the map of answers.

    A picture that cannot be read or is smaller than the network's has an `error`. Raises UsageError for a run that is
    not there, a model that is no classifier, and a network that does not slide.
    """
    model, folder = classifier_of(run)
    problem = problem_of(model, run)
    if problem.class_names is None:
        raise UsageError(f"predict: --slide wants a classifier, but the task of {run} is another. Leave it out.")
    slider = Slider(model, engine_of(folder, engine), run)
    words = {"max_pixels": max_pixels, **options_of_record(model.input_record or {}), "resize": None, "fit": "stretch"}
    found = Answered([], task_of_model(model))
    for image in images:
        entry: dict[str, Any] = {"image": image}
        found.entries.append(entry)
        try:
            pixels = slider.holder.bring(read_sized(image, **words)[0], image)
            answers = slider(pixels, image)
        except (FileError, DataError, ShapeError) as fault:
            entry["error"] = str(fault)
            continue
        entry |= problem.answers(answers.mean(axis=(0, 1))[np.newaxis], top=top, run=run)[0]
        entry["places"] = told(answers, problem, run, slider.step)
    found.warnings = slider.holder.warnings
    return found


class Slider:
    """A classifier on its engine, which answers at every half stride of a picture."""

    def __init__(self, model: Model, engine: Engine, run: str) -> None:
        self.model, self.engine, self.run, self.holder = model, engine, run, Holder.of(model, run)
        self.size: tuple[int, int] = (model.input_shape[1], model.input_shape[2])
        self.slid: Slid = slid(model.graph)
        params, state = (self.engine.get(part) for part in native_weights(model, engine))
        self.params, self.state = (engine.put(as_read(part, self.slid)) for part in (params, state))

    @property
    def step(self) -> float:
        """Pixels between two places."""
        return self.slid.stride / 2 if self.slid.stride % 2 == 0 else float(self.slid.stride)

    def __call__(self, pixels: Array, where: str) -> Array:
        """The answers (I, J, K) for a picture (H, W, C) as read. Raises DataError for one that is too small."""
        if any(side < own for side, own in zip(pixels.shape[:2], self.size, strict=True)):
            wanted, got = (f"{height}x{width}" for height, width in (self.size, pixels.shape[:2]))
            raise DataError(describe(where, "a picture for --slide", f"at least {wanted} pixels, the network's", got))
        shifts = (0, self.slid.stride // 2) if self.slid.stride % 2 == 0 else (0,)
        rows, columns = (int((side - own) // self.step) + 1 for side, own in zip(pixels.shape, self.size, strict=False))
        found: Array | None = None
        for down in shifts[:rows]:
            for across in shifts[:columns]:
                passed = self.passed(pixels[down:, across:])
                if found is None:
                    found = np.zeros((rows, columns, passed.shape[2]), passed.dtype)
                here = found[bool(down) :: len(shifts), bool(across) :: len(shifts)]
                here[:] = passed[: here.shape[0], : here.shape[1]]
        assert found is not None, "the picture has a place"
        return found

    def passed(self, pixels: Array) -> Array:
        """The answers (i, j, K) of one pass."""
        pipeline = self.model.preprocessing or assumed_pipeline(pixels.dtype)
        graph = self.slid.at(pixels.shape)
        refuse_large_scoring(graph, 1, "predict")
        (told,) = predict_each(graph, self.engine, self.params, self.state, [{"input": pipeline.apply(pixels[None])}])
        refuse_not_finite(self.run, told["output"])
        answers: Array = told["output"][0]
        return answers


def as_read(values: dict[str, Any], network: Slid) -> dict[str, Array]:
    """The classifier's weights as the network of convolutions reads them."""
    return {key: np.reshape(value, network.kernels.get(key, np.shape(value))) for key, value in values.items()
            if key in network.graph.weights}


def told(answers: Array, problem: Problem, run: str, step: float) -> dict[str, Any]:
    """The map of answers as JSON: how many places, the pixels between them, the surest class of each and how sure."""
    rows, columns, numbers = answers.shape
    best = [one["classes"][0] for one in problem.answers(answers.reshape(-1, numbers), top=1, run=run)]
    lines = [best[start : start + columns] for start in range(0, rows * columns, columns)]
    return {"rows": rows, "columns": columns, "step": step,
            "classes": [[one["class"] for one in line] for line in lines],
            "probabilities": [[round(one["probability"], DIGITS) for one in line] for line in lines]}
