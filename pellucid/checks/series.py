"""All checks in the order in which they are made: the data, then the network, then whether it learns."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping

import numpy as np

from pellucid.checks.batch_leak import check_batch_leak
from pellucid.checks.bits import check_latent, check_layout
from pellucid.checks.copies import check_copies
from pellucid.checks.finding import Finding
from pellucid.checks.gradients import check_gradients
from pellucid.checks.groups import check_groups
from pellucid.checks.initial_loss import check_initial_loss
from pellucid.checks.learning_rate import check_learning_rate
from pellucid.checks.order import check_order
from pellucid.checks.output import check_output
from pellucid.checks.pixels import check_dead_input, check_scale
from pellucid.checks.shapes import check_shapes
from pellucid.checks.subject import Check, Subject
from pellucid.checks.tiny_subset import check_tiny_subset
from pellucid.checks.units import check_units
from pellucid.errors import PellucidError
from pellucid.graph.bits import has_bits

DATA: dict[str, Check] = {
    "dead-input": check_dead_input,
    "scale": check_scale,
    "order": check_order,
}
NETWORK: dict[str, Check] = {
    "output-activation": check_output,
    "dead-units": check_units,
    "initial-loss": check_initial_loss,
    "gradients": check_gradients,
    "batch-leak": check_batch_leak,
    "tiny-subset": check_tiny_subset,
    "learning-rate": check_learning_rate,
}
BITS: dict[str, Check] = {"binary-layout": check_layout, "binary-weights": check_latent}  # of binary networks alone
SLOW = ("binary-weights", "gradients", "tiny-subset", "learning-rate")  # many passes through the network
QUICK_IMAGES, QUICK_PIXELS = 10_000, 1 << 26  # looked at for copies, about a second's work
QUICK_FLOPS = 2e10  # of one forward pass, about a second's work too


def of_data(own: Mapping[str, Check]) -> dict[str, Check]:
    """The checks of the data, those of what is learnt among them."""
    return {"group-leakage": check_groups, **own, **DATA}


def names(own: Mapping[str, Check]) -> tuple[str, ...]:
    """The names of all checks in their order, but for those of binary networks."""
    return ("duplicates", "leakage", *of_data(own), "shapes", *NETWORK)


def check_data(subject: Subject, copies: int | None = None) -> Iterator[Finding]:
    """The checks of the data; at most so many images are compared with one another."""
    yield from check_copies(subject, copies)
    for name, check in of_data(subject.own).items():
        yield tried(name, check, subject)


def check_network(subject: Subject, without: Container[str] = ()) -> Iterator[Finding]:
    """The checks of the network; with shapes that do not fit the others have nothing to work on."""
    shapes = tried("shapes", check_shapes, subject)
    yield shapes
    if shapes.status == "failure":
        return
    for name, check in (NETWORK | (BITS if has_bits(subject.graph) else {})).items():
        if name not in without:
            yield tried(name, check, subject)


def check_all(subject: Subject) -> Iterator[Finding]:
    """Every check, one after the other."""
    yield from check_data(subject)
    yield from check_network(subject)


def check_quick(subject: Subject) -> Iterator[Finding]:
    """Those that take a few seconds whatever the data and the network: the others are left out, samples are small."""
    copies = min(QUICK_IMAGES, QUICK_PIXELS // math.prod(subject.dataset.image_shape))
    yield from check_data(subject, max(copies, 1))
    yield from check_network(subject.within(QUICK_FLOPS), without=SLOW)


def tried(name: str, check: Check, subject: Subject) -> Finding:
    """A check's finding; what stops the check is a failure of that name."""
    try:
        with np.errstate(all="ignore"):
            return check(subject)
    except PellucidError as fault:
        return Finding(name, "failure", None, str(fault), "Correct that first.")
