"""torch's names and layouts: state dicts of torchvision and timm, and of a module that model.to_torch() gave.

Names     layer1.0.conv1.weight is layer1_0_conv1/kernel; features.0, classifier.3 (VGG, AlexNet) and 0, 2, 4
          (nn.Sequential) are taken in their order; timm's VGG ends in pre_logits.fc1, pre_logits.fc2, head.fc, its
          other names are in timm.py
Kernels   (F,C,U,V) -> (U,V,C,F); linear (F,D) -> (D,F), after Flatten from C, H, W to H, W, C; depthwise
          (C*M,1,U,V) -> (U,V,C,M)
Norms     weight, bias, running_mean, running_var -> gamma, beta, moving_mean, moving_variance
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pellucid.graph.graph import Graph
from pellucid.model.foreign.matching import Candidate
from pellucid.model.foreign.places import Place, places_of
from pellucid.model.foreign.timm import torchvision_names
from pellucid.spec.convolution import DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.storage.foreign import ForeignFile, Stored

NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
WORDS = {"kernel": "weight", "depthwise_kernel": "weight", "bias": "bias", "alpha": "weight", **NORM}
PARTS = {"depthwise_kernel": ".depthwise.weight", "pointwise_kernel": ".pointwise.weight", "bias": ".pointwise.bias"}
COUNTERS = ".num_batches_tracked"
WRAPPERS = ("module.", "_orig_mod.")  # of DataParallel and torch.compile
ORDERED = re.compile(r"(features|pre_logits|classifier|head|fc)?\.?(fc\.?)?\d*")
STAGES = ("", "features", "pre_logits", "classifier", "head", "fc")
ENDS = re.compile(r"^(fc|classifier|head|pre_logits|last_linear|linear|conv_final)\b")


def unwrapped(name: str) -> str:
    """A name without what DataParallel or torch.compile put before it; Caffe's fire2/conv1x1 with a point."""
    for wrapper in WRAPPERS:
        name = name.removeprefix(wrapper)
    return name.replace("/", ".")


def wanted_names(file: ForeignFile) -> list[str]:
    """The arrays that a network needs; batch norm's counters are none of them."""
    return [name for name in file.arrays if not name.endswith(COUNTERS)]


def modules_of(file: ForeignFile) -> list[str]:
    """What the arrays belong to: layer1.0.conv1 of layer1.0.conv1.weight."""
    return list(dict.fromkeys(unwrapped(name).rpartition(".")[0] for name in wanted_names(file)))


def candidates(graph: Graph, file: ForeignFile, *, flatten: str = "CHW") -> dict[str, Candidate]:
    """The array of each weight, by name or in order, whichever finds more that fits.

    `flatten` is the order in which maps were flattened before dense layers: "CHW", or "HWC" by model.to_torch().
    """
    places = [place if flatten == "CHW" else replace(place, before_flatten=None) for place in places_of(graph)]
    arrays = {unwrapped(name): (name, file.arrays[name]) for name in wanted_names(file)}
    modules = modules_of(file)
    wholes = [module.removesuffix(".depthwise") for module in modules]  # of a separable convolution
    names = [*((module, module) for module in [*modules, *wholes]), *torchvision_names(modules).items()]
    by_name = {name.replace(".", "_"): module for module, name in names}
    ways = [by_module(places, arrays, {place.path: by_name.get(place.path.replace("/", "_"), "") for place in places})]
    if all(len(node.inputs) <= 1 for node in graph.nodes) and all(ORDERED.fullmatch(module) for module in modules):
        pairs = zip(places, sorted(modules, key=place_in_order), strict=False)
        ways.append(by_module(places, arrays, {place.path: module for place, module in pairs}))
    return max(ways, key=lambda way: sum(graph.weights[key].shape == one.shape for key, one in way.items()))


def place_in_order(module: str) -> tuple[int, list[int]]:
    """features.10 after features.9, classifier after features."""
    stage = module.partition(".")[0]
    return STAGES.index("" if stage.isdigit() else stage), [int(number) for number in re.findall(r"\d+", module)]


def by_module(
    places: Sequence[Place], arrays: Mapping[str, tuple[str, Stored]], modules: Mapping[str, str]
) -> dict[str, Candidate]:
    """The weights of each layer that has a module."""
    found = {}
    for place in places:
        module = modules.get(place.path, "")
        for short in place.weights:
            word = WORDS.get(short, short)
            names = (f"{module}.{word}", module + PARTS.get(short, ""), f"{module}.{short}")
            name = next((name for name in names if name in arrays), None)
            if name is not None:
                found[place.key(short)] = converted(place, short, *arrays[name])
    return found


def converted(place: Place, short: str, name: str, stored: Stored) -> Candidate:
    """A torch array in our layout."""
    shape = stored.shape
    if short in ("kernel", "depthwise_kernel", "pointwise_kernel"):
        order = kernel_order(place, short, shape)
        if order is None:
            return Candidate(name, shape, stored.read)
        first, axes, last = order
        return Candidate(name, last, lambda: stored.read().reshape(first).transpose(axes).reshape(last))
    wanted = place.weights[short].shape
    if place.before_flatten is not None and not isinstance(place.spec, Dense) and len(shape) == 1:
        height, width, channels = (size or 1 for size in place.before_flatten)
        if shape[0] == height * width * channels:
            first = (channels, height, width)
            return Candidate(name, shape, lambda: stored.read().reshape(first).transpose(1, 2, 0).reshape(shape))
    if short in ("alpha", "bias") and len(wanted) == 3:  # (C,) or (C,H,W) -> (1,1,C) or (H,W,C)
        first = (*shape, 1, 1)[:3]
        last = (first[1], first[2], first[0])
        return Candidate(name, last, lambda: stored.read().reshape(first).transpose(1, 2, 0))
    return Candidate(name, shape, stored.read)


Order = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def kernel_order(place: Place, short: str, shape: tuple[int, ...]) -> Order | None:
    """How a kernel is turned: the shape to read it in, the order of its axes, the shape it comes to; None for none."""
    if len(shape) == 2:
        f, d = shape
        height, width, channels = (size or 0 for size in place.before_flatten or (0, 0, 0))
        if isinstance(place.spec, Dense) and d == height * width * channels:
            return (f, channels, height, width), (2, 3, 1, 0), (d, f)
        return shape, (1, 0), (d, f)
    if len(shape) != 4:
        return None
    f, c, u, v = shape
    if isinstance(place.spec, Dense):  # a convolution over the whole map, as timm writes it
        return shape, (2, 3, 1, 0), (u * v * c, f)
    if isinstance(place.spec, DepthwiseConv2D) or short == "depthwise_kernel":
        channels, many = place.weights[short].shape[2:]
        if f == channels * many and c == 1:
            return (channels, many, u, v), (2, 3, 0, 1), (u, v, channels, many)
        return None
    return shape, (2, 3, 1, 0), (u, v, c, f)  # transposed ones as well: (C,F,U,V) -> (U,V,F,C)


def is_head(name: str) -> bool:
    """Whether an array beyond the model is that of a classifier at a network's end."""
    return ENDS.match(unwrapped(name)) is not None
