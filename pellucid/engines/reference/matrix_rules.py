"""Update rules that see a weight as a matrix. g gradient, w weight, a rate, t updates made so far plus one; in place.

Adafactor  s = b v + (1-b)(g^2 + e1), b = 1 - t^d;  v = mean_j(s) mean_i(s) / mean(s) of a matrix s_ij, else s
           u = g / sqrt(v);  w -= max(e2, rms(w)) min(a, 1/sqrt(t)) u / max(1, rms(u) / clip)
Muon       m = momentum m + g;  w -= a rms_rate sqrt(max(rows, columns)) o(g + momentum m)
Source     Keras 3's formulas, which are the definition here; papers in `spec/matrix_rules.py`.
"""

from __future__ import annotations

import math

import numpy as np

from pellucid.spec.matrix_rules import Adafactor, Muon

Slots = dict[str, np.ndarray]


def root_mean_square(x: np.ndarray) -> float:
    """rms(x)."""
    return float(np.sqrt(np.mean(np.square(x))))


def adafactor(rule: Adafactor, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of Adafactor."""
    v, kept = slots["velocity"], 1 - float(t) ** rule.beta_2_decay
    v *= kept
    v += (1 - kept) * (np.square(g) + w.dtype.type(rule.epsilon_1))
    if w.ndim > 1:
        rows, columns = v.mean(-1, keepdims=True), v.mean(-2, keepdims=True)
        np.multiply(rows / rows.mean(-2, keepdims=True), columns, out=v)
    u = g / np.sqrt(v)
    step = max(rule.epsilon_2, root_mean_square(w)) * min(rate, 1 / math.sqrt(t))
    w -= w.dtype.type(step / max(1.0, root_mean_square(u) / rule.clip_threshold)) * u


def muon(rule: Muon, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of Muon."""
    m = slots["momentum"]
    m *= rule.momentum
    m += g
    update = straightened(rule, g + rule.momentum * m if rule.nesterov else m)
    wide = 1.0 if rule.rms_rate is None else math.sqrt(max(w.shape)) * rule.rms_rate
    w -= rate * wide * update


def straightened(rule: Muon, x: np.ndarray) -> np.ndarray:
    """o(x), by the Newton-Schulz iteration on the shorter side."""
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (np.linalg.norm(x) + x.dtype.type(1e-7))
    for _ in range(rule.ns_steps):
        y = x @ x.T
        x = rule.muon_a * x + (rule.muon_b * y + rule.muon_c * y @ y) @ x
    return x.T if tall else x
