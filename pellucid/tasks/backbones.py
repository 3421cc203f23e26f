"""Backbones: the layers of a network with a name, in place of a task's own below its heads.

Maps      the last deep ones of 8, 16 and 32 pixels a place, or of those that a task names, as far as it has them; one
          that is a row or two short, as layers without padding leave it, is filled up with zeros at its far edges
Joined    1x1 to 2w of each, + the coarser one enlarged twice, finest first
Weights   of a file for the whole network, its head left out
Source    CNN-book 12.6, 12.7; Lin et al. 2017
"""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.architectures.names import NAMES, architecture
from pellucid.errors import UsageError, describe, shown
from pellucid.graph.layer import Tensor
from pellucid.graph.selecting import head_of
from pellucid.graph.vocabulary import Add, Conv2D, UpSampling2D, ZeroPadding2D
from pellucid.model import Model
from pellucid.words import nearest

STRIDES = (8, 16, 32)
SHORT = 2                        # rows or columns that a map may lack
BELOW = "the network below the heads (--model, or --backbone of boxes)"
FITTING = "resnet18, mobilenetv2, squeezenet or vgg16"


def backbone(name: str, shape: tuple[int, int, int], needs: Sequence[int] = (), ends: Sequence[str] = (),
             strides: Sequence[int] = STRIDES) -> Model:  # fmt: skip
    """The network called `name` up to its maps, which are its outputs, the finest first; those of `needs` among them.

    strides: pixels a place of the maps that are looked for.
    ends: layers whose results are the maps, in place of those of the usual pixels.

    Raises UsageError for a name that is not known, and for a network without such maps.
    """
    if not is_network(name):
        raise UsageError(describe("train", BELOW, f"a network with a name, such as {FITTING}", repr(shown(name)),
                                  nearest(name, NAMES)))
    whole = architecture(name, shape, 1)
    if ends:
        return Model(whole.input, [whole.get_layer(end).output for end in ends], name=name)
    maps = maps_of(whole)
    found = {each: last_map(maps, size_at(shape, each)) for each in strides}
    lacking = next((each for each in needs if found[each] is None), None)
    if lacking is not None:
        raise UsageError(describe("train", BELOW, f"a network with maps of {' and '.join(map(str, needs))} "
                                  f"pixels a place, such as {FITTING}", f"{shown(name)}, which has none of {lacking}"))
    return Model(whole.input, [each for each in found.values() if each is not None], name=name)


def size_at(shape: tuple[int, int, int], stride: int) -> tuple[int, int]:
    """(height, width) of a map of so many pixels a place, the last of which may be cut off."""
    return -(-shape[0] // stride), -(-shape[1] // stride)


def is_network(name: str) -> bool:
    """Whether there is a network of that name."""
    return name.lower().replace("_", "-") in NAMES


def maps_of(network: Model) -> list[Tensor]:
    """What the layers before the head of a network give."""
    head = head_of(network.graph)
    end = min(place for place, layer in enumerate(network.layers) if layer.name in head)
    return [layer.output for layer in network.layers[1:end]
            if len(layer.calls) == 1 and len(layer.calls[0].outputs) == 1]


def last_map(maps: Sequence[Tensor], size: tuple[int, int]) -> Tensor | None:
    """The last of the deepest maps of this (height, width), or that lack no more than SHORT of each; None without.

    Layers that lead on to the next smaller map may still be of this size, but are narrower.
    """
    for short in (0, SHORT):
        fitting = [one for one in maps if len(one.sizes) == 3
                   and all(0 <= want - (has or 0) <= short for want, has in zip(size, one.sizes, strict=False))]
        if fitting:
            return max(reversed(fitting), key=lambda one: one.sizes[-1] or 0)
    return None


def filled(x: Tensor, size: tuple[int, int], name: str) -> Tensor:
    """A map with zeros at its far edges up to `size`."""
    rows, columns = (want - (has or 0) for want, has in zip(size, x.sizes, strict=False))
    y: Tensor = ZeroPadding2D(((0, rows), (0, columns)), name=name)(x) if rows or columns else x
    return y


def joined(maps: Sequence[Tensor], filters: int, shape: tuple[int, int, int],
           strides: Sequence[int] = STRIDES) -> list[Tensor]:  # fmt: skip
    """Maps of one depth, the finest first, each with what the coarser ones know; equal ones are not enlarged."""
    words = [f"{each}{'bcd'[k - 1] if k else ''}" for at, each in enumerate(strides[: len(maps)])
             for k in [list(strides[:at]).count(each)]]  # fmt: skip
    sides = [
        Conv2D(filters, 1, name=f"lateral{word}")(filled(x, size_at(shape, each), f"filled{word}"))
        for each, word, x in zip(strides, words, maps, strict=False)
    ]
    found = [sides[-1]]
    for at in range(len(sides) - 2, -1, -1):
        above = found[0] if strides[at] == strides[at + 1] else UpSampling2D(2, name=f"up{words[at]}")(found[0])
        found.insert(0, Add(name=f"join{words[at]}")([sides[at], above]))
    return found
