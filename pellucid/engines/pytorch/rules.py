"""Update rules on all weights at once. g gradient, w weight, a rate, t updates made so far plus one; in place.

SGD       w -= a g;  with momentum m: v = m v - a g, w += v;  Nesterov: w += m v - a g
Adagrad   s += g^2;  w -= a g / sqrt(s + e)
RMSprop   s = r s + (1-r) g^2;  d = s, or s - mean(g)^2 when centered;  w -= a g / sqrt(d + e)
          with momentum m: v = m v + a g / sqrt(d + e), w -= v
Adam      m += (1-b1)(g - m);  v += (1-b2)(g^2 - v);  w -= a sqrt(1-b2^t)/(1-b1^t) m / (sqrt(v) + e)
          AMSGrad: v there is the largest so far
Lists of tensors go through torch._foreach_*, one call for all weights. Keras's formulas, as in the reference engine;
torch.optim puts epsilon elsewhere. Adam is torch's fused kernel, one pass over the memory in place of eight: it adds
epsilon after the bias correction, so it is given e / sqrt(1-b2^t), which comes to the same. The kernel copies what is
not contiguous, there and back: all arrays come as views with their axes in the order of their memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from pellucid.engines.pytorch.transfer import in_memory_order
from pellucid.spec.optimizers import SGD, Adagrad, Adam, OptimizerSpec, RMSprop

LATE = 1e9  # a step whose bias correction is 1, unless rho is 1 but for 1e-9

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
    if not rule.centered and not rule.momentum and rule.rho:
        fused_rmsprop(rule, w, g, s, rate)
        return
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


def fused_rmsprop(rule: RMSprop, w: Many, g: Many, s: Many, rate: float) -> None:
    """Adam's kernel without a first moment (it becomes g) and, at a late step, without bias correction.

    It works on s + e, so that epsilon is inside the root: r (s + e/r) + (1-r) g^2 is the new s, plus e.
    """
    late = [torch.full((), LATE, device=w[0].device)] * len(w)
    torch._foreach_add_(s, rule.epsilon / rule.rho)
    torch._fused_adam_(
        w, g, g, s, [], late, lr=rate, beta1=0.0, beta2=rule.rho, weight_decay=0.0, eps=0.0, amsgrad=False,
        maximize=False,
    )  # fmt: skip
    torch._foreach_sub_(s, rule.epsilon)


def adam(rule: Adam, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Adam."""
    largest = slots["largest_velocity"] if rule.amsgrad else []
    steps = [torch.full((), float(t), device=w[0].device)] * len(w)
    torch._fused_adam_(
        w, g, slots["momentum"], slots["velocity"], largest, steps, lr=rate, beta1=rule.beta_1, beta2=rule.beta_2,
        weight_decay=0.0, eps=rule.epsilon / math.sqrt(1 - rule.beta_2**t), amsgrad=rule.amsgrad, maximize=False,
    )  # fmt: skip


RULES: dict[type[OptimizerSpec], Callable[..., None]] = {SGD: sgd, Adagrad: adagrad, RMSprop: rmsprop, Adam: adam}


def move(rule: OptimizerSpec, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of a rule on all weights, in place; g and the slots lie in memory as w does."""
    if w:
        if rate > torch.finfo(w[0].dtype).max:
            rate = math.inf  # what the reference engine's rounding makes of it; torch would raise an error
        with torch.no_grad():
            ordered = {slot: in_memory_order(values) for slot, values in slots.items()}
            RULES[type(rule)](rule, in_memory_order(w), in_memory_order(g), ordered, t, rate)
