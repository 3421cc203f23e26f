"""What layers share whose window slides over a map: their first arguments in Keras's order, and rules about them.

A dataclass takes the fields of its bases from right to left, then its own.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass

from pellucid.errors import ArgumentError, describe
from pellucid.spec.layer import LayerSpec, Window
from pellucid.spec.legal import Integer, OneOf, Optional, Padding, Pair, legal

FORMAT = OneOf(
    (None, "channels_last"),
    (("channels_first", "Pellucid keeps channels last; pass x.transpose(0, 2, 3, 1) and leave data_format out."),),
)


@dataclass(frozen=True)
class Filtered(LayerSpec):
    """F maps come out."""

    filters: int = legal(Integer(1))


@dataclass(frozen=True)
class Sliding(LayerSpec):
    """A window of kernel_size moves on by strides."""

    kernel_size: tuple[int, int] = legal(Pair())
    strides: tuple[int, int] = legal(Pair(), (1, 1))
    padding: str | tuple[int, int] = legal(Padding(), "valid")


@dataclass(frozen=True)
class Formatted(Sliding):
    """Keras's word for where the channels stand."""

    data_format: str | None = legal(FORMAT, None)


@dataclass(frozen=True)
class Widened(Sliding):
    """So many more rows and columns come out of a transposed convolution than its padding leaves; below the strides."""

    output_padding: tuple[int, int] | None = legal(Optional(Pair(0)), None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output_padding and any(map(operator.ge, self.output_padding, self.strides)):
            wanted = f"below strides={self.strides} on each axis"
            raise ArgumentError(describe(type(self).__name__, "output_padding", wanted, str(self.output_padding)))


@dataclass(frozen=True)
class Spread(Formatted):
    """The pixels that belong to one lie dilation_rate apart. By Keras's rule it is either strided or dilated."""

    dilation_rate: tuple[int, int] = legal(Pair(), (1, 1))

    def __post_init__(self) -> None:
        super().__post_init__()
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            wanted, remedy = "1 when dilation_rate is above 1", "Pass one of the two."
            raise ArgumentError(describe(type(self).__name__, "strides", wanted, str(self.strides), remedy))


@dataclass(frozen=True)
class Dilated(Spread):
    """A window whose pixels lie dilation_rate apart."""

    def window(self) -> Window:
        return Window(self.kernel_size, self.strides, self.dilation_rate)


@dataclass(frozen=True)
class Multiplied(LayerSpec):
    """Each channel has so many kernels of its own."""

    depth_multiplier: int = legal(Integer(1), 1)


@dataclass(frozen=True)
class Grouped(LayerSpec):
    """The channels come in groups, each with filters of its own."""

    groups: int = legal(Integer(1), 1)
