"""Layers of bits in a plain module: torch's own on the kernel of bits, as it predicts; it is not to be trained on."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import fx

from pellucid.engines.pytorch.assembly import PLAIN, Place
from pellucid.engines.pytorch.quantized import quantized
from pellucid.spec.convolution import Conv2D, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.quantized import OfBits, QuantConv2D, QuantDense, QuantDepthwiseConv2D


@dataclass(frozen=True)
class PlaceOfBits(Place):
    """A place that gives the kernel as the quantizer makes it."""

    def weight(self, short: str) -> torch.Tensor:
        found, spec = super().weight(short), self.step.spec
        assert isinstance(spec, OfBits)
        return quantized(spec.quantizer, found, spec.filter_axes).detach() if short == spec.kernel_name else found


def enter(owner: type[OfBits], base: type[LayerSpec]) -> None:
    """Enter a layer of bits by what the one with floats becomes."""

    def emit(spec: OfBits, place: Place, inputs: list[fx.Node]) -> fx.Node:
        own = PlaceOfBits(**{field.name: getattr(place, field.name) for field in fields(Place)})
        return PLAIN[base](spec, own, inputs)

    PLAIN[owner] = emit


enter(QuantDense, Dense)
enter(QuantConv2D, Conv2D)
enter(QuantDepthwiseConv2D, DepthwiseConv2D)
