"""A form of network by name: the codec that writes its targets and reads its outputs, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pellucid.data.boxes.column import Placed
from pellucid.graph.layer import Tensor
from pellucid.model import Model
from pellucid.tasks.backbones import STRIDES, backbone
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.settings import Settings

Size = tuple[int, int, int]


@dataclass(frozen=True)
class Kind:
    """A form of network: how many pixels both sides must be a multiple of, its codec for training boxes, itself.

    own: a network of layers of its own. above: its heads on the maps (finest first) of a backbone, of which it
    needs those of some pixels a place; None where it has no place for one. body: the backbone that it has where none is
    named; ends: the layers of that one whose results it needs, where no other does. words: settings that not all read.
    beside: its outputs for training only, which learn the same.
    """

    multiple: int
    codec: Callable[[tuple[int, int], int, Placed, Settings], Codec]
    own: Callable[[Size, int, Codec], Model] | None = None
    above: Callable[[Sequence[Tensor], Size, int, Codec], Tensor] | None = None
    needs: tuple[int, ...] = ()
    body: str | None = None
    words: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it has a place for any backbone."""
        return self.above is not None and not self.ends

    def trunk(self, named: str | None) -> str | None:
        """The backbone that it stands on, if any."""
        return named or self.body

    def multiple_on(self, named: str | None) -> int:
        """What both sides must be a multiple of, on a backbone or without one."""
        return self.multiple if self.trunk(named) is None else max(self.multiple, STRIDES[-1])

    def below(self, shape: Size, named: str | None) -> Model | None:
        """The backbone up to the maps that it needs."""
        trunk = self.trunk(named)
        return None if trunk is None else backbone(trunk, shape, self.needs, self.ends)

    def network(self, shape: Size, classes: int, codec: Codec, named: str | None = None) -> Model:
        """The network, on the backbone `named`."""
        below = self.below(shape, named)
        if below is None:
            assert self.own is not None, "a kind has layers of its own or a body"
            return self.own(shape, classes, codec)
        assert self.above is not None, "the settings were looked at"
        return Model(below.input, self.above(below.outputs, shape, classes, codec), name=self.trunk(named))
