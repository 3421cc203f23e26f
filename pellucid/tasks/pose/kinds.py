"""Which networks there are by name: poses of several widths, and OpenPose's own of so many stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.architectures import OpenPose
from pellucid.errors import UsageError, describe, shown
from pellucid.model import Model
from pellucid.tasks.pose.codec import FieldsCodec
from pellucid.tasks.pose.networks import MULTIPLE, STRIDE, WIDTH, poses_net

USUAL = "poses"
Size = tuple[int, int, int]


@dataclass(frozen=True)
class Kind:
    """A form of network: what both sides must be a multiple of, pixels a place, itself (size, codec, stages)."""

    multiple: int
    stride: int
    network: Callable[[Size, FieldsCodec, int], Model]


def of_width(width: int) -> Kind:
    """The small default at a width."""
    return Kind(MULTIPLE, STRIDE, lambda shape, codec, stages: poses_net(shape, codec.numbers, stages, width))


def openpose(shape: Size, codec: FieldsCodec, stages: int) -> Model:
    """OpenPose's network for these joints and limbs."""
    return OpenPose(stages=stages, classes=codec.numbers, fields=2 * len(codec.limbs), input_shape=shape)


KINDS: dict[str, Kind] = {"poses": of_width(WIDTH), "poses-small": of_width(WIDTH // 2),
                          "poses-large": of_width(2 * WIDTH), "openpose": Kind(8, 8, openpose)}  # fmt: skip


def kind_of(model: str | None) -> tuple[str, Kind]:
    """The name and form that --model means. Raises UsageError for what is none."""
    name = USUAL if model is None else model.lower()
    if name not in KINDS:
        wanted = f"{', '.join(KINDS)} for the poses of many people, or a model file"
        raise UsageError(describe("train", "--model", wanted, repr(shown(model))))
    return name, KINDS[name]


def refuse_size(name: str, kind: Kind, size: tuple[int, int]) -> None:
    """Raise UsageError for sides that the network does not halve evenly."""
    fitting = "x".join(str(max(2, -(-side // kind.multiple)) * kind.multiple) for side in size)
    for side, flag in zip(size, ("height", "width"), strict=True):
        if side % kind.multiple or side < 2 * kind.multiple:
            raise UsageError(describe("train", f"the {flag} of --resize", f"a multiple of {kind.multiple} for the "
                                      f"network {name}, {2 * kind.multiple} or more", side,
                                      f"The next size that fits is --resize {fitting}."))
