"""Binary networks: what of their layout is known to cost accuracy, and whether their latent weights still move.

layout     pooling right after a sign (max gives nearly only +1), a ReLU before a sign (all +1), 1x1 convolutions of
           bits (few products share a scale), a first or last layer of bits: each a warning with its reason
weights    latent weights beyond the clip of their quantizer, which have no gradient any more, and the share of signs
           that an update turns in a few steps, beyond the band of runs that learnt well
Sources    Rastegari et al. 2016, section 3.2 (order, first and last layer); Liu et al. 2018; CNN-book 13.3
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pellucid.checks.descent import Descent
from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject, without_noise
from pellucid.graph.bits import is_of_bits, is_sign, latent
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Step, plan
from pellucid.spec.activations import ReLU, Sigmoid, Softmax
from pellucid.spec.normalization import Dropout
from pellucid.spec.operations import Unary
from pellucid.spec.pooling import MaxPooling2D, Pooling2D
from pellucid.spec.quantized import OfBits, QuantConv2D
from pellucid.spec.quantizers import SteSign
from pellucid.spec.reshaping import Flatten, Reshape
from pellucid.spec.schedules import rate_at

NEVER_NEGATIVE = ("abs", "square", "exp", "softplus", "sqrt", "hard_sigmoid")
KEPT = (Pooling2D, Flatten, Reshape, Dropout)  # what leaves a map without negative numbers so
STEPS, IMAGES = 8, 64
STUCK = 0.05  # share of latent weights beyond the clip
# Shares of signs that a step turns, of benchmarks/results/flips.json: in its good runs 0.0035 to 0.057. From 0.087 on
# none learnt well; at 0.0004 learning was slow, and at 0.00005, a rate ten times lower, next to nothing was learnt.
FEW_FLIPS, MANY_FLIPS = 1e-4, 0.07


def check_layout(subject: Subject) -> Finding:
    """Value: how many places of the network cost accuracy for a known reason."""
    told = list(misplaced(subject.graph))
    if not told:
        return Finding("binary-layout", "pass", 0, "no known fault in the order and choice of the layers of bits")
    return Finding("binary-layout", "warning", len(told), "; ".join(reason for reason, _ in told),
                   " ".join(dict.fromkeys(remedy for _, remedy in told)))  # fmt: skip


def misplaced(graph: Graph) -> Iterator[tuple[str, str]]:
    """Each fault of the layout, and what to do."""
    todo = plan(graph)
    maker = {step.output: step for step in todo.steps}
    for step in todo.steps:
        before = maker.get(step.inputs[0]) if step.inputs else None
        if isinstance(step.spec, MaxPooling2D) and before is not None and is_sign(before.spec):
            yield (f"'{step.layer}' takes the largest of signs, which is nearly always +1",
                   "Pool before batch norm and sign: order B-A-C-P.")  # fmt: skip
        if is_sign(step.spec) and before is not None and never_negative(before, maker):
            yield (f"what '{step.layer}' takes the sign of is never negative, so all bits are +1",
                   "Put BatchNormalization before the sign, or leave the ReLU out.")  # fmt: skip
        if isinstance(step.spec, QuantConv2D) and is_of_bits(step.spec) and step.spec.kernel_size == (1, 1):
            yield (f"'{step.layer}' is a 1x1 convolution of bits: large loss of accuracy, little gain of speed",
                   "Keep 1x1 convolutions float, or make them 3x3.")  # fmt: skip
    weighted = [step for step in todo.steps if any(short.endswith("kernel") for short, _ in step.weights)]
    for step, which in ((weighted[0], "first"), (weighted[-1], "last")):
        if is_of_bits(step.spec):
            yield (f"the {which} layer with weights, '{step.layer}', is of bits: much accuracy lost for few bytes",
                   f"Make the {which} one Conv2D or Dense.")  # fmt: skip


def never_negative(step: Step, maker: dict[int, Step]) -> bool:
    """Whether a step's result has no negative number, whatever comes in."""
    spec = step.spec
    if isinstance(spec, KEPT) and step.inputs and step.inputs[0] in maker:
        return never_negative(maker[step.inputs[0]], maker)
    if isinstance(spec, ReLU):
        return not spec.negative_slope and spec.threshold >= 0
    return isinstance(spec, (Sigmoid, Softmax)) or (isinstance(spec, Unary) and spec.function in NEVER_NEGATIVE)


def check_latent(subject: Subject) -> Finding:
    """Value: the share of signs that a step turns, mean of a few steps at the rate that was given."""
    kernels = latent(subject.graph)
    descent = Descent(subject, without_noise(subject.graph, penalties=False), subject.rule, subject.key_of("binary"))
    batch = subject.sample("binary", IMAGES)
    signs, turned = signs_of(descent, kernels), []
    for number in range(STEPS):
        descent.step(batch, rate_at(subject.rule.learning_rate, number))
        before, signs = signs, signs_of(descent, kernels)
        turned.append(float(np.mean(np.concatenate([(before[key] != signs[key]).ravel() for key in kernels]))))
    share, stuck = float(np.mean(turned)), stuck_share(descent, kernels)
    told = f"a step turns {share:.2g} of the signs, {stuck:.1%} of the latent weights are beyond the clip"
    if stuck >= STUCK:
        return Finding("binary-weights", "warning", share, f"{told}, where they have no gradient and stay",
                       "Pass kernel_constraint='weight_clip'.")  # fmt: skip
    if share <= FEW_FLIPS:
        return Finding("binary-weights", "warning", share, f"{told}: hardly any bit is learnt",
                       "Raise --lr, or scale the gradient's way with scale_gradient='exact'.")  # fmt: skip
    if share >= MANY_FLIPS:
        return Finding("binary-weights", "warning", share, f"{told}: most of a step is noise", "Lower --lr.")
    return Finding("binary-weights", "pass", share, told)


def signs_of(descent: Descent, kernels: dict[str, OfBits]) -> dict[str, np.ndarray]:
    """Whether each latent weight is at least 0."""
    found = descent.engine.get({key: descent.params[key] for key in kernels})
    return {key: value >= 0 for key, value in found.items()}


def stuck_share(descent: Descent, kernels: dict[str, OfBits]) -> float:
    """The share of latent weights in the layer where most are beyond the clip."""
    found = descent.engine.get({key: descent.params[key] for key in kernels})
    return max(float((np.abs(value) > clip_of(kernels[key])).mean()) for key, value in found.items())


def clip_of(spec: OfBits) -> float:
    """Beyond which a latent weight has no gradient."""
    return float(getattr(spec.quantizer or SteSign(), "clip_value", 1.0))
