"""Preprocessing: steps fitted on the training part only, then applied alike to every part and every prediction.

Shapes  apply: x (N, H, W, C) of any dtype -> float32 of `output_shape` an image
Files   to_config() is JSON, arrays() are the fitted arrays ("1_standardize/mean"); from_config puts them together
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from pellucid.data.dataset import Part
from pellucid.data.images import Array
from pellucid.data.pca import PCA, Whiten
from pellucid.data.steps import Caffe, Center, ImageNet, MinMax, Scale, Shifting, Standardize, Step, Tf
from pellucid.errors import ArgumentError, FileError, shown
from pellucid.keys import Key

CHUNK_BYTES = 64 << 20      # training images read at once while fitting
STEPS: dict[str, type[Step]] = {step.name: step for step in (
    Scale, Center, Standardize, MinMax, PCA, Whiten, ImageNet, Caffe, Tf,
)}


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Steps in the order they are applied; none at all only turns pixels into float32."""

    steps: tuple[Step, ...] = ()
    fitted_on: int = 0

    @classmethod
    def parse(cls, text: str) -> Pipeline:
        """Steps by name, separated by commas: `scale,standardize=pixel`, `scale,pca=0.95`."""
        return cls(tuple(_parse_step(word) for word in text.replace(" ", "").split(",") if word))

    def fit(self, part: Part, *, key: Key) -> Pipeline:
        """The fitted pipeline. `part` is the training part: no other may be looked at here."""
        order = key.fold("preprocessing").generator().permutation(len(part))
        fitted: list[Step] = []
        for step in self.steps:
            chunks = partial(_chunks, part, np.sort(order[: step.most_samples]), Pipeline(tuple(fitted)))
            fitted.append(step.fit(chunks, part.images.dtype))
        return Pipeline(tuple(fitted), fitted_on=len(part))

    def apply(self, x: Array) -> Array:
        """float32 (N, *output_shape); `x` is never written to."""
        if not self.steps:
            return x.astype(np.float32)
        for step in self.steps:
            x = step.apply(x)
        return x

    @property
    def factor(self) -> float | None:
        """The float32 number that pixels are multiplied by, when that is all that is done to them; else None."""
        if len(self.steps) != 1 or not isinstance(self.steps[0], Scale) or self.steps[0].divisor is None:
            return None
        return float(np.float32(1.0 / self.steps[0].divisor))

    @property
    def one_by_one(self) -> bool:
        """Whether each value of the result comes from one value of the image, the larger from the larger."""
        return all(isinstance(step, (Scale, Shifting)) for step in self.steps)

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one preprocessed image: (H, W, C), or (K,) after PCA and whitening."""
        for step in self.steps:
            shape = step.output_shape(shape)
        return shape

    def to_config(self) -> dict[str, Any]:
        """Everything but the arrays, as JSON."""
        return {"steps": [{"name": step.name, **step.settings()} for step in self.steps], "fitted_on": self.fitted_on}

    def arrays(self) -> dict[str, Array]:
        """The fitted arrays: {"0_center/mean": ...}."""
        return {f"{i}_{step.name}/{key}": array
                for i, step in enumerate(self.steps) for key, array in step.arrays().items()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], arrays: Mapping[str, Array] | None = None) -> Pipeline:
        """The pipeline that `to_config` and `arrays` described. Raises FileError when they do not fit together."""
        steps = tuple(_step_from(i, settings, arrays or {}) for i, settings in enumerate(config["steps"]))
        return cls(steps, fitted_on=int(config.get("fitted_on", 0)))


def default_pipeline() -> Pipeline:
    """What is done unless asked otherwise: integer pixels to 0..1, floats as they are."""
    return Pipeline((Scale(),))


@cache
def assumed_pipeline(dtype: np.dtype[Any]) -> Pipeline:
    """The default, ready for images of `dtype`: for a model that a program saved without saying what it was given."""
    return Pipeline((Scale().fit(lambda: iter(()), dtype),))


def _chunks(part: Part, indices: Array, before: Pipeline) -> Iterator[Array]:
    _, height, width, channels = part.images.shape
    rows = max(1, CHUNK_BYTES // (4 * height * width * channels))
    for start in range(0, len(indices), rows):
        yield before.apply(part.images.take(indices[start : start + rows]))


def _step_class(name: str) -> type[Step]:
    if name not in STEPS:
        raise ArgumentError(f"preprocessing: there is no step '{shown(name)}'. The steps are: {', '.join(STEPS)}.")
    return STEPS[name]


def _parse_step(word: str) -> Step:
    name, _, value = word.partition("=")
    step = _step_class(name)
    return step.from_word(value) if value else step()


def _step_from(index: int, settings: Mapping[str, Any], arrays: Mapping[str, Array]) -> Step:
    step = _step_class(str(settings.get("name")))
    values: dict[str, Any] = {key: value for key, value in settings.items() if key != "name"}
    for key in step.fitted_arrays:
        name = f"{index}_{step.name}/{key}"
        if name not in arrays:
            raise FileError(f"preprocessing: the step '{step.name}' needs the array '{name}', but the file has "
                            f"{', '.join(sorted(arrays)) or 'none'}. The file is incomplete: save the model again.")
        values[key] = arrays[name]
    try:
        return step(**values)
    except TypeError as error:
        raise FileError(f"preprocessing: the step '{step.name}' cannot be read ({error}). "
                        "It was written by another version of Pellucid.") from error


