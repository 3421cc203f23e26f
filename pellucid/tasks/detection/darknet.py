"""Darknet's detectors: a .cfg and a .weights file become a network of ours with the record of its task.

File      int32 major, minor, revision, int64 seen (int32 before 0.2), then for each convolution: bias, and with batch
          norm scale, mean, variance, then the kernel (F, C/groups, U, V); float32, little-endian, to the last number
Norm      (x - mean) / (sqrt(variance) + 1e-6) there, / sqrt(variance' + 1e-12) here, with the variance' that makes both
          equal
Layers    convolutional (linear, leaky 0.1, relu), maxpool, route, shortcut, upsample, reorg, dropout, yolo, region;
          others are refused
Reorg     the map (C,H,W), its numbers read as (C/s^2, sH, sW), each s x s of it in depth, the numbers read as
          (s^2 C, H/s, W/s): not the fold of yolo.py, but what the weights were trained with
Source    github.com/pjreddie/darknet, src/parser.c, src/blas.c; Redmon & Farhadi 2017, 2018
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pellucid.data.naming import parse_class_list
from pellucid.data.preprocessing import Pipeline
from pellucid.data.steps import Scale
from pellucid.errors import ArgumentError, FileError, ShapeError, shown
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import (
    Activation,
    Add,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dropout,
    Input,
    LeakyReLU,
    MaxPooling2D,
    Reshape,
    UpSampling2D,
)
from pellucid.graph.vocabulary_of_rows import Permute
from pellucid.model import Model, weights
from pellucid.storage.reading import read_bytes
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.task import TASK, Detection
from pellucid.words import decimal, whole

MOST_CFG = 1 << 20
EPSILON, ROOT = 1e-12, 1e-6
NMS, TOLD_FROM = 0.45, 0.25   # darknet's own defaults
ENDS = ("yolo", "region")     # sections that are outputs
Section = tuple[str, int, dict[str, str]]   # kind, line, options


def load_darknet(cfg: str | os.PathLike[str], file: str | os.PathLike[str], names: str | os.PathLike[str]) -> Model:
    """The detector of three files: its layers, its weights, the names of its classes, one a line.

    Pictures are RGB, stretched to the size that the .cfg says. Raises FileError naming file and line.
    """
    sections = sections_of(os.fspath(cfg))
    classes = parse_class_list(bytes(read_bytes(os.fspath(names), most=MOST_CFG)), os.fspath(names))
    builder = Builder(os.fspath(cfg))
    model, codec = builder.build(sections, len(classes))
    weights.take(model.built, "load_darknet", read_weights(os.fspath(file), builder.convolutions, model))
    model.preprocessing = Pipeline((Scale(255.0),))
    problem = Detection(classes, tuple(range(len(classes))), codec, "stretch", "darknet", nms=NMS, least_visible=0.3,
                        chosen={"operating": TOLD_FROM})
    model.task = {"name": TASK.name, "format": TASK.format, "record": problem.record()}
    model.input_record = {"height": codec.size[0], "width": codec.size[1], "channels": 3, "dtype": "uint8",
                          "channel_names": ["red", "green", "blue"]}
    return model


def sections_of(path: str) -> list[Section]:
    """The sections of a .cfg in their order. Raises FileError naming the line."""
    try:
        text = bytes(read_bytes(path, most=MOST_CFG)).decode("utf-8")
    except UnicodeDecodeError as fault:
        raise FileError(f"{path}: a .cfg must be text, but byte {fault.start} is not. Give the .cfg first.") from fault
    found: list[Section] = []
    for line, words in enumerate(text.splitlines(), 1):
        word = words.partition("#")[0].strip()
        if not word:
            continue
        if word.startswith("["):
            found.append((word.strip("[] ").lower(), line, {}))
            continue
        name, equals, value = word.partition("=")
        if not equals or not found:
            raise FileError(f"{path}: line {line}: '{shown(word)}' is no section and no name=value. Is this a .cfg?")
        found[-1][2][name.strip().lower()] = value.strip()
    if not found or found[0][0] not in ("net", "network"):
        raise FileError(f"{path}: a .cfg begins with [net]. Is this the right file?")
    return found


@dataclass(frozen=True)
class Convolution:
    """A convolution in the order of the file."""

    name: str
    normed: bool


@dataclass
class Builder:
    """Makes layers of sections, keeping the result of each; `path` is what messages name."""

    path: str
    results: list[Tensor] = field(default_factory=list)
    convolutions: list[Convolution] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    strides: list[int] = field(default_factory=list)
    anchors: list[tuple[tuple[float, float], ...]] = field(default_factory=list)
    exclusive: bool = False

    def build(self, sections: Sequence[Section], classes: int) -> tuple[Model, AnchorCodec]:
        """The network, ending in (P, 5 + C), and how it is read."""
        _, line, net = sections[0]
        height, width, channels = (self.number(net, name, line) for name in ("height", "width", "channels"))
        if min(height, width) < 1 or channels != 3:
            raise FileError(f"{self.path}: line {line}: pictures must be red, green and blue, of 1x1 pixels at least, "
                            f"but they are {height}x{width} of {channels} channels.")
        x = image = Input((height, width, channels))
        for kind, at, options in sections[1:]:
            make = getattr(self, f"make_{kind}", None)
            if make is None:
                raise FileError(f"{self.path}: line {at}: layers of the kind [{shown(kind)}] are not read.")
            try:
                x = make(x, at, options, (height, width), classes) if kind in ENDS else make(x, at, options)
            except (ArgumentError, ShapeError) as fault:
                raise FileError(f"{self.path}: line {at}: {fault}") from None
            self.results.append(x)
        if not self.outputs:
            raise FileError(f"{self.path}: it has no [yolo] or [region] section, so it is no detector that is read.")
        joined = self.outputs[0] if len(self.outputs) == 1 else Concatenate(axis=1, name="vectors")(self.outputs)
        codec = AnchorCodec((height, width), classes, tuple(self.strides), tuple(self.anchors),
                            exclusive=self.exclusive)  # fmt: skip
        return Model(image, joined, name="darknet"), codec

    def number(self, options: dict[str, str], name: str, line: int, usual: int | None = None) -> int:
        """A whole number of a section. Raises FileError that names the line."""
        if name not in options and usual is not None:
            return usual
        found = whole(options.get(name, ""), -100_000, 100_000)
        if found is None:
            raise FileError(f"{self.path}: line {line}: {name} must be a whole number, but it is "
                            f"'{shown(options.get(name, 'missing'))}'.")
        return found

    def earlier(self, word: str, line: int) -> Tensor:
        """The result that a number names: from here back where it is negative."""
        place = whole(word, -100_000, 100_000)
        at = None if place is None else place + len(self.results) if place < 0 else place
        if at is None or not 0 <= at < len(self.results):
            raise FileError(f"{self.path}: line {line}: there is no layer {shown(word.strip())} before this one.")
        return self.results[at]

    def make_convolutional(self, x: Tensor, line: int, options: dict[str, str]) -> Tensor:
        """A convolution, batch norm if it has any, an activation."""
        size, normed = self.number(options, "size", line, 1), self.number(options, "batch_normalize", line, 0) == 1
        pad = size // 2 if self.number(options, "pad", line, 0) else self.number(options, "padding", line, 0)
        name = f"conv{len(self.results)}"
        y = Conv2D(self.number(options, "filters", line, 1), size, strides=self.number(options, "stride", line, 1),
                   padding=pad if pad else "valid", groups=self.number(options, "groups", line, 1), use_bias=not normed,
                   name=name)(x)  # fmt: skip
        self.convolutions.append(Convolution(name, normed))
        if normed:
            y = BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(y)
        return self.activated(y, options.get("activation", "logistic"), line, name)

    def activated(self, x: Tensor, word: str, line: int, name: str) -> Tensor:
        """An activation by darknet's word."""
        if word == "leaky":
            y: Tensor = LeakyReLU(negative_slope=0.1, name=f"{name}_leaky")(x)
            return y
        if word == "relu":
            z: Tensor = Activation("relu", name=f"{name}_relu")(x)
            return z
        if word != "linear":
            raise FileError(f"{self.path}: line {line}: the activation '{shown(word)}' is not read, only linear, leaky "
                            "and relu.")
        return x

    def make_maxpool(self, x: Tensor, line: int, options: dict[str, str]) -> Tensor:
        """Pooling; with a stride of one the map keeps its size."""
        stride = self.number(options, "stride", line, 1)
        y: Tensor = MaxPooling2D(self.number(options, "size", line, stride), strides=stride, padding="same",
                                 name=f"pool{len(self.results)}")(x)
        return y

    def make_route(self, x: Tensor, line: int, options: dict[str, str]) -> Tensor:
        """Earlier results, one after the other."""
        if "groups" in options:
            raise FileError(f"{self.path}: line {line}: a route of groups is not read.")
        found = [self.earlier(word, line) for word in options.get("layers", "").split(",")]
        if len(found) == 1:
            return found[0]
        y: Tensor = Concatenate(name=f"route{len(self.results)}")(found)
        return y

    def make_shortcut(self, x: Tensor, line: int, options: dict[str, str]) -> Tensor:
        """The sum with an earlier result."""
        y: Tensor = Add(name=f"shortcut{len(self.results)}")([x, self.earlier(options.get("from", ""), line)])
        return self.activated(y, options.get("activation", "linear"), line, f"shortcut{len(self.results)}")

    def make_upsample(self, x: Tensor, line: int, options: dict[str, str]) -> Tensor:
        """Enlarged by copying."""
        y: Tensor = UpSampling2D(self.number(options, "stride", line, 2), name=f"up{len(self.results)}")(x)
        return y

    def make_reorg(self, x: Tensor, line: int, options: dict[str, str]) -> Tensor:
        """Patches of a map in depth, in darknet's own order."""
        stride, (rows, columns, depth) = self.number(options, "stride", line, 1), x.sizes
        if rows is None or columns is None or depth is None or stride < 1 or any(
                size % step for size, step in ((rows, stride), (columns, stride), (depth, stride**2))):
            raise FileError(f"{self.path}: line {line}: a map of {rows} x {columns} x {depth} has no patches of "
                            f"{stride} x {stride}.")
        name = f"reorg{len(self.results)}"
        y = Permute((3, 1, 2), name=f"{name}_first")(x)
        y = Reshape((depth // stride**2, rows, stride, columns, stride), name=f"{name}_read")(y)
        y = Permute((3, 5, 1, 2, 4), name=f"{name}_folded")(y)
        y = Reshape((depth * stride**2, rows // stride, columns // stride), name=f"{name}_as")(y)
        z: Tensor = Permute((2, 3, 1), name=f"{name}_last")(y)
        return z

    def make_dropout(self, x: Tensor, line: int, options: dict[str, str]) -> Tensor:
        """Noise in training."""
        rate = decimal(options.get("probability", "0.5"))
        if rate is None or not 0 <= rate < 1:
            raise FileError(f"{self.path}: line {line}: probability must be from 0 to below 1.")
        y: Tensor = Dropout(rate, name=f"dropout{len(self.results)}")(x)
        return y

    def make_yolo(self, x: Tensor, line: int, options: dict[str, str], size: tuple[int, int], classes: int) -> Tensor:
        """The vectors of one map, some of the anchors, in pixels."""
        pairs = self.pairs(options)
        mask = [whole(word, 0) for word in options["mask"].split(",")] if "mask" in options else range(len(pairs))
        chosen = [pairs[k] for k in mask if k is not None and k < len(pairs)]
        return self.ended(x, line, options, size, classes, chosen)

    def make_region(self, x: Tensor, line: int, options: dict[str, str], size: tuple[int, int], classes: int) -> Tensor:
        """The vectors of the one map of YOLO v2, all anchors, in cells; classes by softmax where it is said."""
        self.exclusive = self.number(options, "softmax", line, 0) == 1
        cell = size[0] / (x.sizes[0] or 1)
        chosen = [(cell * w, cell * h) for w, h in self.pairs(options)]
        return self.ended(x, line, options, size, classes, chosen)

    def pairs(self, options: dict[str, str]) -> list[tuple[float, float]]:
        """Widths and heights."""
        numbers = [decimal(word) for word in options.get("anchors", "").split(",")]
        return [(w, h) for w, h in zip(numbers[0::2], numbers[1::2], strict=False)
                if w and h and min(w, h) > 0]  # fmt: skip

    def ended(self, x: Tensor, line: int, options: dict[str, str], size: tuple[int, int], classes: int,
              anchors: Sequence[tuple[float, float]]) -> Tensor:  # fmt: skip
        """A map whose vectors (cells x anchors, 5 + C) are an output."""
        told = self.number(options, "classes", line, 20)
        if told != classes:
            raise FileError(f"{self.path}: line {line}: it has {told} classes, but {classes} names were given.")
        rows, columns, filters = x.sizes
        if not anchors or rows is None or columns is None or filters != len(anchors) * (5 + classes):
            raise FileError(f"{self.path}: line {line}: {filters} filters come before it, but {len(anchors)} anchors "
                            f"of {classes} classes need {len(anchors) * (5 + classes)}.")
        stride = size[0] // rows
        if size != (stride * rows, stride * columns):
            raise FileError(f"{self.path}: line {line}: pictures of {size[0]}x{size[1]} come to {rows}x{columns} "
                            "places that are no squares. Make height and width multiples of 32.")
        self.strides.append(stride)
        self.anchors.append(tuple((float(w), float(h)) for w, h in anchors))
        places = rows * columns * len(anchors)
        self.outputs.append(Reshape((places, 5 + classes), name=f"places{len(self.results)}")(x))
        return x


def read_weights(path: str, convolutions: Sequence[Convolution], model: Model) -> dict[str, np.ndarray]:
    """The weights of the model by key. Raises FileError for fewer or more numbers, and for such as no
    training leaves."""
    content = bytes(read_bytes(path))
    shapes = {key: value.shape for key, value in model.weights_by_key().items()}
    head = np.frombuffer(content[:12], "<i4") if len(content) >= 12 else np.zeros(3, np.int32)
    start = 20 if len(head) == 3 and head[0] * 10 + head[1] >= 2 else 16
    numbers = np.frombuffer(content[start : len(content) - (len(content) - start) % 4], "<f4")
    needed = sum(int(np.prod(shape)) for shape in shapes.values())
    if len(numbers) != needed or (len(content) - start) % 4:
        raise FileError(f"{path}: the network has {needed:,} weights, but the file holds {len(numbers):,}. Give the "
                        ".weights that belongs to the .cfg.")
    found: dict[str, np.ndarray] = {}
    at = 0

    def take(count: int) -> np.ndarray:
        nonlocal at
        at += count
        return np.array(numbers[at - count : at], np.float32)

    for one in convolutions:
        u, v, c, f = shapes[f"{one.name}/kernel"]
        if one.normed:
            for word in ("beta", "gamma", "moving_mean", "moving_variance"):
                found[f"{one.name}_bn/{word}"] = take(f)
            variance = found[f"{one.name}_bn/moving_variance"].astype(np.float64)
            variance = np.where(variance < 0, np.nan, variance)
            found[f"{one.name}_bn/moving_variance"] = ((np.sqrt(variance) + ROOT) ** 2 - EPSILON).astype(np.float32)
        else:
            found[f"{one.name}/bias"] = take(f)
        found[f"{one.name}/kernel"] = take(u * v * c * f).reshape(f, c, u, v).transpose(2, 3, 1, 0).copy()
    spoilt = next((key for key, value in found.items() if not np.isfinite(value).all()), None)
    if spoilt is not None:
        raise FileError(f"{path}: {spoilt} has numbers that are not finite, or variances below 0. Copy the file again, "
                        "or give the .weights that belongs to the .cfg.")
    return found
