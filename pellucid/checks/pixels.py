"""dead-input: channels and images that never vary. scale: numbers too large, too small or too far from zero."""

from __future__ import annotations

import numpy as np

from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Subject

SAMPLE = 512
BLANK = 0.01       # share of images of one colour that is worth a word
LARGE, SMALL = 10.0, 0.01
OFF = 10.0         # |mean| in standard deviations


def check_dead_input(subject: Subject) -> Finding:
    """Value: channels that hold one number in every training image looked at, before preprocessing."""
    x = subject.batches.source.images.take(subject.drawn_at_random("dead-input", SAMPLE))  # (B, H, W, C)
    names = subject.dataset.channel_names
    dead = np.flatnonzero(np.ptp(x, axis=(0, 1, 2)) == 0)
    if len(dead) == x.shape[-1]:
        meaning = f"every pixel of {len(x):,} images is {x.flat[0]:g}: there is nothing to learn from"
        return Finding("dead-input", "failure", len(dead), meaning, "Look at the files: they hold no pictures.")
    if len(dead):
        meaning = f"channel {', '.join(names[i] for i in dead)} is the same number in {len(x):,} training images"
        return Finding("dead-input", "warning", len(dead), meaning, "Read the images without it, e.g. --channels gray.")
    blank = float((np.ptp(x, axis=(1, 2)) == 0).all(axis=-1).mean())
    if blank > BLANK:
        meaning = f"{blank:.1%} of the training images are of one colour"
        return Finding("dead-input", "warning", 0, meaning, "Look at those files and remove them.")
    return Finding("dead-input", "pass", 0, f"all {x.shape[-1]} channels vary")


def check_scale(subject: Subject) -> Finding:
    """Value: the root mean square of what the network is given; it should be near 1."""
    x = next(iter(subject.sample("scale", SAMPLE).inputs.values())).astype(np.float64)
    if not np.isfinite(x).all():
        bad = int((~np.isfinite(x)).sum())
        return Finding("scale", "failure", None, f"{bad:,} pixels are infinite or not a number", "Repair those images.")
    size, off = float(np.sqrt(np.square(x).mean())), float(abs(x.mean()) / max(x.std(), 1e-12))
    told = f"the network is given numbers from {x.min():.3g} to {x.max():.3g}, root mean square {size:.3g}"
    if subject.as_learnt:
        return Finding("scale", "pass", size, f"{told}, as the weights were learnt")
    status = graded(size, warn=LARGE)
    if size < SMALL or (off > OFF and x.std() > 0):
        status = "warning"
    if status == "pass":
        return Finding("scale", "pass", size, told)
    remedy = "Bring them near 1, e.g. --preprocess standardize." if size < SMALL or size >= LARGE else (
        f"Their mean is {off:.0f} standard deviations from 0: pass --preprocess standardize.")
    return Finding("scale", status, size, told, remedy)
