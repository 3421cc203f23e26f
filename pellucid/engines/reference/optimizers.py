"""Update rules. g gradient, w weight, a rate, t updates made so far plus one; each works in place.

SGD       w -= a g;  with momentum m: v = m v - a g, w += v;  Nesterov: w += m v - a g
Adagrad   s += g^2;  w -= a g / sqrt(s + e)
RMSprop   s = r s + (1-r) g^2;  d = s, or s - mean(g)^2 when centered;  w -= a g / sqrt(d + e)
          with momentum m: v = m v + a g / sqrt(d + e), w -= v
Adam      m += (1-b1)(g - m);  v += (1-b2)(g^2 - v);  w -= a sqrt(1-b2^t)/(1-b1^t) m / (sqrt(v) + e)
          AMSGrad: v there is the largest so far
AdamW     Adam after the decay that any rule may have, w -= a d w
Nadam     m, v as Adam;  w -= a (x m + y g) / (sqrt(v / (1-b2^t)) + e), x and y as the rule's `shares` say
Adamax    m as Adam;  u = max(b2 u, |g|);  w -= a / (1-b1^t) m / (u + e)
Adadelta  s = r s + (1-r) g^2;  d = sqrt(u + e) / sqrt(s + e) g;  u = r u + (1-r) d^2;  w -= a d
Ftrl      s' = s + g^2;  z += g + 2 l2s w - (s'^p - s^p) / a w;  w = (cut(z) - z) / (s'^p / a + 2 l2 + beta / a)
Lion      w -= a sign(b1 m + (1-b1) g);  m = b2 m + (1-b2) g
Large weights are moved a part at a time, so that a part is still in the cache for the next of its operations.
Source    Keras 3's formulas, which are the definition here; papers in `spec/optimizers.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pellucid.engines.reference.composed import calculated
from pellucid.engines.reference.matrix_rules import adafactor, muon
from pellucid.graph.plan import plan
from pellucid.graph.traced_rule import TracedRule
from pellucid.spec.matrix_rules import Adafactor, Muon
from pellucid.spec.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lion,
    Nadam,
    OptimizerSpec,
    RMSprop,
)

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


def nadam(rule: Nadam, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of Nadam."""
    m, v = slots["momentum"], slots["velocity"]
    m += (1 - rule.beta_1) * (g - m)
    v += (1 - rule.beta_2) * (g * g - v)
    of_m, of_g = rule.shares(t)
    root = np.sqrt(v / (1 - rule.beta_2**t))
    root += rule.epsilon
    w -= rate * (of_m * m + of_g * g) / root


def adamax(rule: Adamax, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of Adamax."""
    m, u = slots["momentum"], slots["norm"]
    m += (1 - rule.beta_1) * (g - m)
    u *= rule.beta_2
    np.maximum(u, np.abs(g), out=u)
    w -= rate / (1 - rule.beta_1**t) * m / (u + rule.epsilon)


def adadelta(rule: Adadelta, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of Adadelta."""
    s, u = slots["accumulated_grad"], slots["accumulated_delta_var"]
    s *= rule.rho
    s += (1 - rule.rho) * (g * g)
    step = np.sqrt(u + rule.epsilon) / np.sqrt(s + rule.epsilon) * g
    u *= rule.rho
    u += (1 - rule.rho) * (step * step)
    w -= rate * step


def ftrl(rule: Ftrl, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of Ftrl; a rate of 0 leaves the weights alone."""
    if not rate:
        return
    s, z, power = slots["accumulator"], slots["linear"], -rule.learning_rate_power
    before = s**power
    s += g * g
    after = s**power
    z += g + 2 * rule.l2_shrinkage_regularization_strength * w - (after - before) / rate * w
    most = rule.l1_regularization_strength
    w[...] = (np.clip(z, -most, most) - z) / (after / rate + 2 * rule.l2_regularization_strength + rule.beta / rate)


def lion(rule: Lion, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of Lion."""
    m = slots["momentum"]
    w -= rate * np.sign(rule.beta_1 * m + (1 - rule.beta_1) * g)
    m *= rule.beta_2
    m += (1 - rule.beta_2) * g


def traced(rule: TracedRule, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of a rule of a user's own; all is calculated before any of it is written."""
    numbers = {"learning_rate": rate, "iterations": t - 1}
    given = {"variable": w[None], "gradient": g[None].astype(w.dtype, copy=False)}
    given |= {name: np.full(1, value, w.dtype) for name, value in numbers.items()}
    todo = plan(rule.graph_for(w.shape))
    values, _ = calculated(todo, given | {name: slot[None] for name, slot in slots.items()}, w.dtype)
    found = [np.array(values[number][0]) for number in todo.outputs.values()]
    for held, value in zip((w, *slots.values()), found, strict=True):
        held[...] = value


RULES: dict[type[OptimizerSpec], Callable[..., None]] = {
    SGD: sgd, Adagrad: adagrad, Adadelta: adadelta, RMSprop: rmsprop, Adam: adam, AdamW: adam, Nadam: nadam,
    Adamax: adamax, Ftrl: ftrl, Lion: lion, TracedRule: traced,
    Adafactor: adafactor, Muon: muon,
}  # fmt: skip


def move(rule: OptimizerSpec, w: np.ndarray, g: np.ndarray, slots: Slots, t: int, rate: float) -> None:
    """One step of a rule on one weight, in place."""
    apply = RULES[type(rule)]
    whole = (w, g, *slots.values())
    if w.size <= PART or not rule.entrywise or not all(array.flags.c_contiguous for array in whole):
        apply(rule, w, g, slots, t, rate)
        return
    flat_w, flat_g = w.reshape(-1), g.reshape(-1)
    flat_slots = {name: slot.reshape(-1) for name, slot in slots.items()}
    for first in range(0, w.size, PART):
        part = slice(first, first + PART)
        apply(rule, flat_w[part], flat_g[part], {name: slot[part] for name, slot in flat_slots.items()}, t, rate)


def clipped(rule: OptimizerSpec, gradients: Slots) -> Slots:
    """The gradients as the rule's clipping leaves them; they are handed back as they came where it has none."""
    if rule.clipvalue is not None:
        return {key: np.clip(g, -rule.clipvalue, rule.clipvalue) for key, g in gradients.items()}
    most = rule.global_clipnorm if rule.clipnorm is None else rule.clipnorm
    if most is None:
        return gradients
    squares = {key: float(np.vdot(g, g)) for key, g in gradients.items()}
    whole = sum(squares.values()) if rule.clipnorm is None else None
    return {key: g * shrunk(squares[key] if whole is None else whole, most) for key, g in gradients.items()}


def shrunk(square: float, most: float) -> float:
    """What brings a length, given squared, down to `most`; 1 for one that is shorter."""
    return most / max(math.sqrt(square), most)
