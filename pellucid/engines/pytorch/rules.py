"""Update rules on all weights at once. g gradient, w weight, a rate, t updates made so far plus one; in place.

SGD       w -= a g;  with momentum m: v = m v - a g, w += v;  Nesterov: w += m v - a g
Adagrad   s += g^2;  w -= a g / sqrt(s + e)
RMSprop   s = r s + (1-r) g^2;  d = s, or s - mean(g)^2 when centered;  w -= a g / sqrt(d + e)
          with momentum m: v = m v + a g / sqrt(d + e), w -= v
Adam      m += (1-b1)(g - m);  v += (1-b2)(g^2 - v);  w -= a sqrt(1-b2^t)/(1-b1^t) m / (sqrt(v) + e)
          AMSGrad: v there is the largest so far
Lists of tensors go through torch._foreach_*, one call for all weights. Keras's formulas, as in the reference engine;
torch.optim puts epsilon elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from pellucid.spec.optimizers import SGD, Adagrad, Adam, OptimizerSpec, RMSprop

Many = list[Tensor]
Slots = dict[str, Many]


def sgd(rule: SGD, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of gradient descent."""
    if not rule.momentum:
        torch._foreach_add_(w, g, alpha=-rate)
        return
    v = slots["momentum"]
    torch._foreach_mul_(v, rule.momentum)
    torch._foreach_add_(v, g, alpha=-rate)
    if not rule.nesterov:
        torch._foreach_add_(w, v)
        return
    torch._foreach_add_(w, v, alpha=rule.momentum)
    torch._foreach_add_(w, g, alpha=-rate)


def adagrad(rule: Adagrad, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Adagrad."""
    s = slots["accumulator"]
    torch._foreach_addcmul_(s, g, g)
    root = torch._foreach_add(s, rule.epsilon)
    torch._foreach_sqrt_(root)
    torch._foreach_addcdiv_(w, g, root, value=-rate)


def rmsprop(rule: RMSprop, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of RMSprop."""
    s = slots["velocity"]
    torch._foreach_mul_(s, rule.rho)
    torch._foreach_addcmul_(s, g, g, value=1 - rule.rho)
    if rule.centered:
        average = slots["average_gradient"]
        torch._foreach_mul_(average, rule.rho)
        torch._foreach_add_(average, g, alpha=1 - rule.rho)
        root = torch._foreach_addcmul(s, average, average, value=-1.0)
        torch._foreach_add_(root, rule.epsilon)
    else:
        root = torch._foreach_add(s, rule.epsilon)
    torch._foreach_sqrt_(root)
    if not rule.momentum:
        torch._foreach_addcdiv_(w, g, root, value=-rate)
        return
    v = slots["momentum"]
    torch._foreach_mul_(v, rule.momentum)
    torch._foreach_addcdiv_(v, g, root, value=rate)
    torch._foreach_sub_(w, v)


def adam(rule: Adam, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Adam."""
    m, v = slots["momentum"], slots["velocity"]
    torch._foreach_lerp_(m, g, 1 - rule.beta_1)
    torch._foreach_mul_(v, rule.beta_2)
    torch._foreach_addcmul_(v, g, g, value=1 - rule.beta_2)
    if rule.amsgrad:
        torch._foreach_maximum_(slots["largest_velocity"], v)
        v = slots["largest_velocity"]
    root = torch._foreach_sqrt(v)
    torch._foreach_add_(root, rule.epsilon)
    torch._foreach_addcdiv_(w, m, root, value=-rate * math.sqrt(1 - rule.beta_2**t) / (1 - rule.beta_1**t))


RULES: dict[type[OptimizerSpec], Callable[..., None]] = {SGD: sgd, Adagrad: adagrad, RMSprop: rmsprop, Adam: adam}


def move(rule: OptimizerSpec, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of a rule on all weights, in place."""
    if w:
        with torch.no_grad():
            RULES[type(rule)](rule, w, g, slots, t, rate)
