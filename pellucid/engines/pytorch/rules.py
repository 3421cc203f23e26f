"""Update rules on all weights at once. g gradient, w weight, a rate, t updates made so far plus one; in place.

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
Lists of tensors go through torch._foreach_*, one call for all weights. Keras's formulas, as in the reference engine;
torch.optim puts epsilon elsewhere. Adam is torch's fused kernel, one pass over the memory in place of eight: it adds
epsilon after the bias correction, so it is given e / sqrt(1-b2^t), which comes to the same. The kernel copies what is
not contiguous, there and back: all arrays come as views with their axes in the order of their memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from pellucid.engines.pytorch.composed import calculated
from pellucid.engines.pytorch.matrix_rules import adafactor, muon
from pellucid.engines.pytorch.transfer import in_memory_order
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


def nadam(rule: Nadam, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Nadam."""
    m, v = slots["momentum"], slots["velocity"]
    torch._foreach_lerp_(m, g, 1 - rule.beta_1)
    torch._foreach_mul_(v, rule.beta_2)
    torch._foreach_addcmul_(v, g, g, value=1 - rule.beta_2)
    of_m, of_g = rule.shares(t)
    root = torch._foreach_div(v, 1 - rule.beta_2**t)
    torch._foreach_sqrt_(root)
    torch._foreach_add_(root, rule.epsilon)
    torch._foreach_addcdiv_(w, m, root, value=-rate * of_m)
    torch._foreach_addcdiv_(w, g, root, value=-rate * of_g)


def adamax(rule: Adamax, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Adamax."""
    m, u = slots["momentum"], slots["norm"]
    torch._foreach_lerp_(m, g, 1 - rule.beta_1)
    torch._foreach_mul_(u, rule.beta_2)
    torch._foreach_maximum_(u, torch._foreach_abs(g))
    root = torch._foreach_add(u, rule.epsilon)
    torch._foreach_addcdiv_(w, m, root, value=-rate / (1 - rule.beta_1**t))


def adadelta(rule: Adadelta, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Adadelta."""
    s, u = slots["accumulated_grad"], slots["accumulated_delta_var"]
    torch._foreach_mul_(s, rule.rho)
    torch._foreach_addcmul_(s, g, g, value=1 - rule.rho)
    step = torch._foreach_add(u, rule.epsilon)
    torch._foreach_sqrt_(step)
    root = torch._foreach_add(s, rule.epsilon)
    torch._foreach_sqrt_(root)
    torch._foreach_div_(step, root)
    torch._foreach_mul_(step, g)
    torch._foreach_mul_(u, rule.rho)
    torch._foreach_addcmul_(u, step, step, value=1 - rule.rho)
    torch._foreach_add_(w, step, alpha=-rate)


def ftrl(rule: Ftrl, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Ftrl; a rate of 0 leaves the weights alone."""
    if not rate:
        return
    s, z, power = slots["accumulator"], slots["linear"], -rule.learning_rate_power
    before = torch._foreach_pow(s, power)
    torch._foreach_addcmul_(s, g, g)
    after = torch._foreach_pow(s, power)
    torch._foreach_sub_(before, after)
    torch._foreach_add_(z, g)
    torch._foreach_addcmul_(z, before, w, value=1 / rate)
    torch._foreach_add_(z, w, alpha=2 * rule.l2_shrinkage_regularization_strength)
    most = rule.l1_regularization_strength
    above = torch._foreach_clamp_min(z, -most)
    torch._foreach_clamp_max_(above, most)
    torch._foreach_sub_(above, z)
    torch._foreach_div_(after, rate)
    torch._foreach_add_(after, 2 * rule.l2_regularization_strength + rule.beta / rate)
    torch._foreach_div_(above, after)
    torch._foreach_copy_(w, above)


def lion(rule: Lion, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of Lion."""
    m = slots["momentum"]
    step = torch._foreach_mul(m, rule.beta_1)
    torch._foreach_add_(step, g, alpha=1 - rule.beta_1)
    torch._foreach_sign_(step)
    torch._foreach_add_(w, step, alpha=-rate)
    torch._foreach_mul_(m, rule.beta_2)
    torch._foreach_add_(m, g, alpha=1 - rule.beta_2)


def traced(rule: TracedRule, w: Many, g: Many, slots: Slots, t: int, rate: float) -> None:
    """One step of a rule of a user's own, weight by weight; all of a weight is calculated before any is written."""
    for place, (weight, gradient) in enumerate(zip(w, g, strict=True)):
        beside = {name: values[place] for name, values in slots.items()}
        given = {"variable": weight[None], "gradient": gradient[None]} | {name: x[None] for name, x in beside.items()}
        numbers = {"learning_rate": rate, "iterations": t - 1}
        given |= {name: torch.full((1,), value, dtype=weight.dtype, device=weight.device) for name, value in
                  numbers.items()}  # fmt: skip
        graph = rule.graph_for(tuple(weight.shape))
        found = [value[0].clone() for value in calculated(graph, given, weight)]
        torch._foreach_copy_([weight, *beside.values()], found)


RULES: dict[type[OptimizerSpec], Callable[..., None]] = {
    SGD: sgd, Adagrad: adagrad, Adadelta: adadelta, RMSprop: rmsprop, Adam: adam, AdamW: adam, Nadam: nadam,
    Adamax: adamax, Ftrl: ftrl, Lion: lion, TracedRule: traced,
    Adafactor: adafactor, Muon: muon,
}  # fmt: skip


def parts_of(
    rule: OptimizerSpec, shapes: dict[str, tuple[int, ...]]
) -> Iterator[tuple[OptimizerSpec, float, list[str]]]:
    """The rules that move these weights, each with its share of the rate and its weights' keys."""
    found: dict[int, tuple[OptimizerSpec, float, list[str]]] = {}
    for key, shape in shapes.items():
        part, share = rule.part(key, shape)
        found.setdefault(id(part), (part, share, []))[2].append(key)
    yield from found.values()


def move(
    rule: OptimizerSpec, w: Many, g: Many, slots: Slots, t: int, rates: tuple[float, float], shrinking: Many
) -> None:
    """One step of a rule on all weights, in place, those in `shrinking` decayed; g and slots lie in memory as w.

    `rates` are that of the decay and that of the step.
    """
    if w:
        shrunk, rate = rates
        if rate > torch.finfo(w[0].dtype).max:
            rate = math.inf  # what the reference engine's rounding makes of it; torch would raise an error
        with torch.no_grad():
            if shrinking and rule.weight_decay:
                torch._foreach_mul_(in_memory_order(shrinking), 1 - rule.weight_decay * shrunk)
            if not rule.entrywise:
                RULES[type(rule)](rule, w, g, slots, t, rate)
                return
            ordered = {slot: in_memory_order(values) for slot, values in slots.items()}
            RULES[type(rule)](rule, in_memory_order(w), in_memory_order(g), ordered, t, rate)


def clipped(rule: OptimizerSpec, gradients: dict[str, Tensor]) -> dict[str, Tensor]:
    """The gradients as the rule's clipping leaves them; they are handed back as they came where it has none."""
    values = list(gradients.values())
    if rule.clipvalue is not None:
        return {key: g.clamp(-rule.clipvalue, rule.clipvalue) for key, g in gradients.items()}
    most = rule.global_clipnorm if rule.clipnorm is None else rule.clipnorm
    if most is None or not values:
        return gradients
    norms = torch.stack([torch.linalg.vector_norm(g) for g in values])
    if rule.clipnorm is None:
        norms = torch.linalg.vector_norm(norms).expand(len(values))
    factors = (most / norms.clamp_min(most)).unbind()
    return dict(zip(gradients, torch._foreach_mul(values, list(factors)), strict=True))
