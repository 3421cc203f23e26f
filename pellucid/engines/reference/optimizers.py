"""Update rules. g gradient, w weight, a rate, t updates made so far plus one; each works in place.

SGD       w -= a g;  with momentum m: v = m v - a g, w += v;  Nesterov: w += m v - a g
Adagrad   s += g^2;  w -= a g / sqrt(s + e)
RMSprop   s = r s + (1-r) g^2;  d = s, or s - mean(g)^2 when centered;  w -= a g / sqrt(d + e)
          with momentum m: v = m v + a g / sqrt(d + e), w -= v
Adam      m += (1-b1)(g - m);  v += (1-b2)(g^2 - v);  w -= a sqrt(1-b2^t)/(1-b1^t) m / (sqrt(v) + e)
          AMSGrad: v there is the largest so far
Large weights are moved a part at a time, so that a part is still in the cache for the next of its operations.
Source    Keras 3's formulas, which are the definition here; papers in `spec/optimizers.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pellucid.spec.optimizers import SGD, Adagrad, Adam, OptimizerSpec, RMSprop

Slots = dict[str, np.ndarray]
PART = 1 << 15  # numbers at a time: weight, gradient, slots and scratch of a part fit into the second-level cache


def sgd(rule: SGD, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of gradient descent."""
    step = g * -rate
    if not rule.momentum:
        w += step
        return
    v = slots["momentum"]
    v *= rule.momentum
    v += step
    w += rule.momentum * v + step if rule.nesterov else v


def adagrad(rule: Adagrad, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of Adagrad."""
    s = slots["accumulator"]
    step = g * g
    s += step
    np.add(s, rule.epsilon, out=step)
    np.sqrt(step, out=step)
    np.divide(g, step, out=step)
    step *= rate
    w -= step


def rmsprop(rule: RMSprop, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of RMSprop."""
    s = slots["velocity"]
    step = g * g
    step *= 1 - rule.rho
    s *= rule.rho
    s += step
    if rule.centered:
        average = slots["average_gradient"]
        average *= rule.rho
        average += (1 - rule.rho) * g
        np.subtract(s, average * average, out=step)
        step += rule.epsilon
    else:
        np.add(s, rule.epsilon, out=step)
    np.sqrt(step, out=step)
    np.divide(g, step, out=step)
    step *= rate
    if rule.momentum:
        v = slots["momentum"]
        v *= rule.momentum
        v += step
        step = v
    w -= step


def adam(rule: Adam, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of Adam."""
    m, v = slots["momentum"], slots["velocity"]
    step = g - m
    step *= 1 - rule.beta_1
    m += step
    np.multiply(g, g, out=step)
    step -= v
    step *= 1 - rule.beta_2
    v += step
    if rule.amsgrad:
        v = np.maximum(slots["largest_velocity"], v, out=slots["largest_velocity"])
    np.sqrt(v, out=step)
    step += rule.epsilon
    np.divide(m, step, out=step)
    step *= rate * math.sqrt(1 - rule.beta_2**t) / (1 - rule.beta_1**t)
    w -= step


RULES: dict[type[OptimizerSpec], Callable[..., None]] = {SGD: sgd, Adagrad: adagrad, RMSprop: rmsprop, Adam: adam}


def move(rule: OptimizerSpec, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of a rule on one weight, in place."""
    apply = RULES[type(rule)]
    whole = (w, g, *slots.values())
    if w.size <= PART or not all(array.flags.c_contiguous for array in whole):
        apply(rule, w, g, slots, t, rate)
        return
    flat_w, flat_g = w.reshape(-1), g.reshape(-1)
    flat_slots = {name: slot.reshape(-1) for name, slot in slots.items()}
    for first in range(0, w.size, PART):
        part = slice(first, first + PART)
        apply(rule, flat_w[part], flat_g[part], {name: slot[part] for name, slot in flat_slots.items()}, t, rate)
