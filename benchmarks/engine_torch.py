"""The measured networks in plain PyTorch, as one would write them by hand: images (N,C,H,W), logits out."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from benchmarks.engine_nets import Net
from pellucid.spec.activations import LeakyReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.normalization import BatchNormalization, Dropout
from pellucid.spec.optimizers import Adam
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.reshaping import Flatten
from pellucid.spec.shapes import paddings

ACTIVATIONS = {"relu": nn.ReLU, "elu": nn.ELU, "sigmoid": nn.Sigmoid}


def module(net: Net) -> nn.Module:
    """The layers one after another; softmax is left to the loss."""
    graph, parts = net.graph(), []
    for node, spec in zip(graph.nodes[1:], net.layers[1:], strict=True):
        parts += layers(spec, graph.node_inputs(node)[0])
    return nn.Sequential(OrderedDict((str(place), part) for place, part in enumerate(parts)))


def layers(spec: Any, shape: tuple[int, ...]) -> list[nn.Module]:
    """The torch modules of one layer."""
    if isinstance(spec, Conv2D):
        (top, bottom), (left, right) = paddings(shape[:2], spec.kernel_size, spec.strides, spec.padding)
        even = top == bottom and left == right
        conv = nn.Conv2d(shape[2], spec.filters, spec.kernel_size, spec.strides, (top, left) if even else 0)
        made = [conv] if even else [nn.ZeroPad2d((left, right, top, bottom)), conv]
    elif isinstance(spec, Dense):
        made = [nn.Linear(shape[-1], spec.units)]
    elif isinstance(spec, MaxPooling2D):
        made = [nn.MaxPool2d(spec.pool_size, spec.steps, ceil_mode=spec.padding == "same")]
    elif isinstance(spec, BatchNormalization):
        made = [(nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d)(shape[-1], spec.epsilon, 1 - spec.momentum)]
    elif isinstance(spec, LeakyReLU):
        made = [nn.LeakyReLU(spec.negative_slope)]
    elif isinstance(spec, Dropout):
        made = [nn.Dropout(spec.rate)]
    elif isinstance(spec, Flatten):
        made = [nn.Flatten()]
    else:
        raise TypeError(f"no torch module for {type(spec).__name__}")
    activation = ACTIVATIONS.get(str(getattr(spec, "activation", None)))
    return made if activation is None else [*made, activation()]


def optimizer(rule: Any, model: nn.Module) -> torch.optim.Optimizer:
    """Torch's rule with the same numbers (its epsilon stands elsewhere, which costs the same)."""
    if isinstance(rule, Adam):
        return torch.optim.Adam(model.parameters(), rule.learning_rate, (rule.beta_1, rule.beta_2), rule.epsilon)
    return torch.optim.RMSprop(model.parameters(), rule.learning_rate, rule.rho, rule.epsilon)
