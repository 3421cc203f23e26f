"""Which networks there are by name: each with the codecs that it can serve, the first its own.

heatmap, heatmap-large                  maps of two pixels a place (the default)
heatmap-coarse, heatmap-small           maps of four pixels a place
simcc                                   the layers of heatmap-coarse, rows and columns
hourglass, hourglass-2, -4, -8          maps of four pixels a place, a loss after every module
plain                                   coordinates by dense layers, the network of the book
others                                  any network with a name, or words of the notation: coordinates; of a name also
                                        heat maps of four pixels a place, from its own maps (--points-codec heatmaps)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.architectures.hourglass import MULTIPLE
from pellucid.architectures.names import NAMES, architecture
from pellucid.errors import UsageError, describe, shown
from pellucid.graph.notation import is_notation
from pellucid.model import Model, Sequential
from pellucid.model.bounds import layers_in_words
from pellucid.tasks.keypoints.codecs.coordinates import LOSSES, Coordinates
from pellucid.tasks.keypoints.codecs.encoded import Codec
from pellucid.tasks.keypoints.codecs.heatmaps import LOSSES as MAP_LOSSES
from pellucid.tasks.keypoints.codecs.heatmaps import HeatMaps
from pellucid.tasks.keypoints.codecs.simcc import SimCC
from pellucid.tasks.keypoints.networks import (
    COARSE,
    FINE,
    ON,
    ending_in_points,
    hourglass_net,
    maps_net,
    maps_on,
    plain_net,
    rows_net,
)
from pellucid.tasks.keypoints.settings import Settings

USUAL = "heatmap"
Size = tuple[int, int, int]


@dataclass(frozen=True)
class Kind:
    """A form of network: what both sides must be a multiple of, the codecs it serves, pixels of its maps, itself."""

    multiple: int
    codecs: tuple[str, ...]
    stride: int
    network: Callable[[Size, Codec], Model]


def of_maps(width: int, stride: int, first: str = "heatmaps") -> Kind:
    """The small networks at a width, their maps of so many pixels a place."""
    def network(shape: Size, codec: Codec) -> Model:
        if isinstance(codec, SimCC):
            return rows_net(shape, codec.points, codec.numbers, width, stride)
        return maps_net(shape, codec.points, width, stride)

    return Kind(stride, (first, *(one for one in ("heatmaps", "simcc") if one != first)), stride, network)


def hourglass(stacks: int) -> Kind:
    """So many modules in a row."""
    return Kind(MULTIPLE, ("heatmaps",), COARSE, lambda shape, codec: hourglass_net(shape, codec.points, stacks))


KINDS: dict[str, Kind] = {
    "heatmap": of_maps(16, FINE),
    "heatmap-large": of_maps(48, FINE),
    "heatmap-coarse": of_maps(32, COARSE),
    "heatmap-small": of_maps(16, COARSE),
    "simcc": of_maps(32, COARSE, "simcc"),
    **{f"hourglass{'' if stacks == 1 else f'-{stacks}'}": hourglass(stacks) for stacks in (1, 2, 4, 8)},
    "plain": Kind(1, ("coordinates",), 1, lambda shape, codec: plain_net(shape, codec.points)),
}


def other(name: str) -> Kind:
    """Any other network, with coordinates at its end. Raises UsageError for what is none."""
    def network(shape: Size, codec: Codec) -> Model:
        if known(name):
            model = architecture(name, shape, 2 * codec.points)
        else:
            model = Sequential(layers_in_words(name, input_shape=shape, classes=2 * codec.points))
        return ending_in_points(model, codec.points)

    if not known(name) and not is_notation(name):
        raise UsageError(describe("train", "--model", f"one of {', '.join(KINDS)} for points, a network with a name or "
                                  "in words to end in coordinates, or a model file", repr(shown(name))))
    return Kind(1, ("coordinates", "heatmaps") if known(name) else ("coordinates",), 1, network)


def maps_of_other(name: str) -> Kind:
    """Heat maps on the maps of a network with a name."""
    return Kind(max(ON), ("heatmaps",), COARSE, lambda shape, codec: maps_on(name, shape, codec.points))


def known(name: str) -> bool:
    """Whether there is a network of that name."""
    return name.lower().replace("_", "-") in NAMES


def kind_of(model: str | None, codec: str = "auto") -> tuple[str, Kind]:
    """The name and form that --model means, with points written as `codec` where that is left open."""
    name = USUAL if model is None else model
    if name.lower() in KINDS:
        return name.lower(), KINDS[name.lower()]
    return name, maps_of_other(name) if codec == "heatmaps" and known(name) else other(name)


def codec_for(name: str, kind: Kind, size: tuple[int, int], points: int, settings: Settings) -> Codec:
    """How this network's points are written. Raises UsageError for words that do not go together."""
    wanted = kind.codecs[0] if settings.points_codec == "auto" else settings.points_codec
    if wanted not in kind.codecs:
        raise UsageError(f"train: --points-codec {wanted} does not go with --model {name}, which gives "
                         f"{' or '.join(kind.codecs)}. Leave one out.")
    losses = {"coordinates": tuple(LOSSES), "heatmaps": MAP_LOSSES, "simcc": ("crossentropy",)}[wanted]
    loss = settings.points_loss
    if loss not in ("auto", *losses):
        raise UsageError(describe("train", "--points-loss", f"{' or '.join(losses)} for {wanted}", loss))
    if settings.points_read != "auto" and wanted != "heatmaps":
        raise UsageError(f"train: --points-read says how heat maps are read, and --model {name} gives {wanted}. Leave "
                         "it out.")
    if wanted == "coordinates":
        return Coordinates(size, points, "mse" if loss == "auto" else loss)
    if wanted == "simcc":
        return SimCC(size, points)
    loss = "crossentropy" if loss == "auto" else loss
    way = settings.points_read if settings.points_read != "auto" else {"mse": "quarter"}.get(loss, "window")
    return HeatMaps(size, points, (size[0] // kind.stride, size[1] // kind.stride), settings.spread, loss, way)


def refuse_size(name: str, kind: Kind, size: tuple[int, int]) -> None:
    """Raise UsageError for sides that the network does not halve evenly."""
    fitting = "x".join(str(-(-side // kind.multiple) * kind.multiple) for side in size)
    for side, flag in zip(size, ("height", "width"), strict=True):
        if side % kind.multiple or side < 2 * kind.stride:
            raise UsageError(describe("train", f"the {flag} of --resize", f"a multiple of {kind.multiple} for the "
                                      f"network {name}, {max(kind.multiple, 2 * kind.stride)} or more", side,
                                      f"The next size that fits is --resize {fitting}."))
