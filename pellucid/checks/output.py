"""output-activation: what stands between the last weights and the loss.

Cross-entropy wants every real number as a logit: a ReLU, tanh or second softmax before it bounds what can be learnt.
A loss that compares numbers wants an end that reaches all targets: a ReLU gives none below zero.
"""

from __future__ import annotations

import math

import numpy as np

from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject
from pellucid.engines.protocol import Term
from pellucid.graph.plan import Plan, Step, plan
from pellucid.spec.activations import ELU, PReLU, ReLU, RReLU, Sigmoid, Softmax, Tanh
from pellucid.spec.normalization import Dropout
from pellucid.spec.reshaping import Flatten, Reshape

BOUNDING = (ReLU, Sigmoid, Softmax, Tanh, ELU, PReLU, RReLU)
REACH = {ReLU: (0.0, math.inf), Sigmoid: (0.0, 1.0), Softmax: (0.0, 1.0), Tanh: (-1.0, 1.0)}  # of its outputs
SAMPLE = 1024  # training images whose targets are looked at
HANDS_ON = (Dropout, Flatten, Reshape)  # steps that change no number, or only in training


def check_output(subject: Subject) -> Finding:
    """Value: activations too many (or, negative, too few) between the last weights and the loss."""
    todo = plan(subject.graph)
    for term in subject.objective.terms:
        found = look_at(todo, term) if term.loss.fuses else out_of_reach(subject, todo, term)
        if found is not None:
            return found
    return Finding("output-activation", "pass", 0, "the loss reads what it is made for")


def look_at(todo: Plan, term: Term) -> Finding | None:
    """The fault at one output, if there is one."""
    fuses, loss = term.loss.fuses, type(term.loss).__name__
    last = maker(todo, todo.outputs[term.output])
    read = last
    if not getattr(term.loss, "from_logits", False):
        if last is None or type(last.spec).__name__ != fuses:
            ends = last.spec.prefix if last is not None else "the input"
            meaning = f"{loss} wants probabilities, but the network ends with {ends}"
            return Finding("output-activation", "failure", -1, meaning,
                           f"End it with activation='{fuses.lower()}', or use the loss with from_logits=True.")
        read = maker(todo, last.inputs[0])
    if read is not None and isinstance(read.spec, BOUNDING):
        kind, where = read.spec.prefix, f"the last layer '{read.layer}'"
        meaning = f"{where} has the activation {kind} before {loss}, so not every score can be reached"
        return Finding("output-activation", "failure", 1, meaning, "Leave that activation out.")
    return None


def out_of_reach(subject: Subject, todo: Plan, term: Term) -> Finding | None:
    """The fault of an output that cannot be what it is compared with, if it is compared with numbers."""
    last = maker(todo, todo.outputs[term.output])
    low, high = (-math.inf, math.inf) if last is None else REACH.get(type(last.spec), (-math.inf, math.inf))
    if term.loss.labels != "values" or last is None or low == -math.inf:
        return None
    rows = subject.key_of("output-activation").generator().permutation(len(subject.annotations))[:SAMPLE]
    targets = subject.targets_of(rows)
    outside = float(np.mean((targets < low) | (targets > high)))
    if not outside:
        return None
    reach = f"{low:g} and more" if high == math.inf else f"numbers from {low:g} to {high:g}"
    meaning = (f"{outside:.1%} of the targets, which go from {targets.min():.3g} to {targets.max():.3g}, are out of "
               f"reach of the last layer '{last.layer}': its {last.spec.prefix} gives {reach}")
    return Finding("output-activation", "failure", 1, meaning, "Leave that activation out.")


def maker(todo: Plan, value: int) -> Step | None:
    """The step that a value comes from, seen through steps that only hand it on."""
    for step in reversed(todo.steps):
        if step.output == value:
            return maker(todo, step.inputs[0]) if isinstance(step.spec, HANDS_ON) else step
    return None
