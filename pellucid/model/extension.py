"""A user's own layers and losses: a description joins the table that files use, its arithmetic joins the engine."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from pellucid.engines.pytorch import arithmetic as torch_arithmetic
from pellucid.engines.reference import arithmetic
from pellucid.engines.reference.losses import LOSSES as LOSS_ARITHMETIC
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Layer
from pellucid.spec.base import Spec
from pellucid.spec.layer import LAYERS, LayerSpec
from pellucid.spec.losses import LOSSES, LossSpec


def register_layer(
    spec: type[LayerSpec],
    *,
    reference: Any = None,
    pytorch: Any = None,
) -> type[Layer]:
    """Enter a layer of one's own and return its class, to be called like Dense.

    `spec` is a frozen dataclass derived from `pellucid.spec.layer.LayerSpec`, its fields `legal(rule, default)`;
    `reference` is (forward, backward) as `pellucid.engines.reference.arithmetic` describes them, `pytorch` a forward
    in torch as `pellucid.engines.pytorch.arithmetic` does; both are left out when the spec's `primitives` are layers
    that exist. Register it before loading a file that names it. Raises ArgumentError for a class that is no such spec
    or whose name is taken.
    """
    refuse_unfit("register_layer", spec, LayerSpec)
    refuse_no_function("register_layer", pytorch)
    if reference is not None and (not isinstance(reference, tuple) or len(reference) != 2):
        wanted = "a pair of functions (forward, backward)"
        raise ArgumentError(describe("register_layer", "reference", wanted, type(reference).__name__))
    if reference is None and spec.primitives is LayerSpec.primitives:
        remedy = "Pass reference=(forward, backward)."
        raise ArgumentError(describe("register_layer", "reference", "given", "None", remedy))
    LAYERS.register()(spec)
    if spec.prefix == LayerSpec.prefix:
        spec.prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", spec.__name__).lower()
    if reference is not None:
        arithmetic.register(spec, *reference)
    if pytorch is not None:
        torch_arithmetic.register(spec, pytorch)
    return type(spec.__name__, (Layer,), {"spec_class": spec, "__doc__": spec.__doc__})


def register_loss(
    spec: type[LossSpec], *, reference: Callable[..., Any] | None = None, pytorch: Any = None, word: str | None = None
) -> type[LossSpec]:
    """Enter a loss of one's own and return it; `word` may stand for it in compile(loss=...).

    `spec` is a frozen dataclass derived from `pellucid.spec.losses.LossSpec`; `reference` is a function
    (spec, prediction, target, from_logits) -> (losses (N,), derivative by the prediction (N, K)); `pytorch` one of
    the same arguments as tensors -> losses (N,).
    Raises ArgumentError for a class that is no such spec or whose name or word is taken.
    """
    refuse_unfit("register_loss", spec, LossSpec)
    refuse_no_function("register_loss", pytorch)
    if reference is None:
        remedy = "Pass reference=function."
        raise ArgumentError(describe("register_loss", "reference", "given", "None", remedy))
    if word is not None and word.lower() in LOSSES.words:
        raise ArgumentError(f"loss word '{word}' is registered already. Choose another word.")
    LOSSES.register(*([word] if word else []))(spec)
    LOSS_ARITHMETIC[spec] = reference
    if pytorch is not None:
        torch_arithmetic.OWN_LOSSES[spec] = pytorch
    return spec


def refuse_unfit(where: str, spec: Any, base: type[Spec]) -> None:
    """Raise ArgumentError unless `spec` is a frozen dataclass derived from `base`."""
    fits = isinstance(spec, type) and issubclass(spec, base) and "__dataclass_fields__" in vars(spec)
    if not fits or not dataclasses.is_dataclass(spec) or not vars(spec)["__dataclass_params__"].frozen:
        wanted = f"a frozen dataclass derived from {base.__name__}"
        raise ArgumentError(describe(where, "spec", wanted, repr(spec), "Put @dataclass(frozen=True) above the class."))


def refuse_no_function(where: str, pytorch: Any) -> None:
    """Raise ArgumentError for arithmetic that cannot be called."""
    if pytorch is not None and not callable(pytorch):
        raise ArgumentError(describe(where, "pytorch", "a function on tensors", type(pytorch).__name__))
