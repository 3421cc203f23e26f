"""Update rules that see a weight as a matrix, weight by weight, in place; their formulas are in the reference engine's.

w weight, g gradient, a rate, t updates made so far plus one.
"""

from __future__ import annotations

import math

from torch import Tensor

from pellucid.spec.matrix_rules import Adafactor, Muon

Many = list[Tensor]
Slots = dict[str, Many]


def root_mean_square(x: Tensor) -> Tensor:
    """rms(x)."""
    return x.square().mean().sqrt()


def adafactor(rule: Adafactor, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Adafactor."""
    kept, most = 1 - float(t) ** rule.beta_2_decay, min(rate, 1 / math.sqrt(t))
    for weight, gradient, v in zip(w, g, slots["velocity"], strict=True):
        v.mul_(kept).add_(gradient.square() + rule.epsilon_1, alpha=1 - kept)
        if weight.ndim > 1:
            rows, columns = v.mean(-1, keepdim=True), v.mean(-2, keepdim=True)
            v.copy_(rows / rows.mean(-2, keepdim=True) * columns)
        u = gradient / v.sqrt()
        step = root_mean_square(weight).clamp_min(rule.epsilon_2) * most
        weight.sub_(step / (root_mean_square(u) / rule.clip_threshold).clamp_min(1.0) * u)


def muon(rule: Muon, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Muon."""
    for weight, gradient, m in zip(w, g, slots["momentum"], strict=True):
        m.mul_(rule.momentum).add_(gradient)
        update = straightened(rule, gradient + rule.momentum * m if rule.nesterov else m)
        wide = 1.0 if rule.rms_rate is None else math.sqrt(max(weight.shape)) * rule.rms_rate
        weight.sub_(update, alpha=rate * wide)


def straightened(rule: Muon, x: Tensor) -> Tensor:
    """o(x), by the Newton-Schulz iteration on the shorter side."""
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(rule.ns_steps):
        y = x @ x.T
        x = rule.muon_a * x + (rule.muon_b * y + rule.muon_c * y @ y) @ x
    return x.T if tall else x
