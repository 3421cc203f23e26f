"""--augment auto: which changes of training pictures go with a data set, by a rule that can be told in a sentence.

Photos     pictures of classes in red, green and blue that have colour, 24 pixels or more: the words below
Else       nothing: in grey pictures (digits, letters, scans) and small ones a change can make another class of one, and
           numbers and boxes are for whoever knows them to decide
Mirrors    left out where mirrored pictures look less like their own class: of up to 600, 16x16 and grey, the nearest
           other one is of the same class less often once they are mirrored, by more than three standard errors
Many       from 20,000 pictures on mirrors and shifts alone, for such a set is seen a few times only
Unasked    of more than a run's own recipe is for, shifts alone, and from 20,000 on nothing
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Part
from pellucid.data.images import Array, chunks
from pellucid.keys import Key

AUTO, NONE = "auto", "none"
RGB = ("red", "green", "blue")
SMALLEST = 24       # pixels of the shorter side
COLOUR = 0.02       # of the range: how far the channels of a photo differ, in the mean
LOOKED_AT = 600     # pictures, at most
VALUES = 50_000_000  # pixel values of them, at most
CHUNK = 4_000_000   # pixel values at once
THUMB = 16          # pixels
MANY = 20_000
FEW_WORDS = "zoom=0.15,rotate=10,brightness=0.2,contrast=0.2,saturation=0.2"


@dataclass(frozen=True)
class Chosen:
    """The words for --augment, empty for none, and why."""

    words: str
    why: str


class Looks:
    """What a training part looks like: some of its pictures are looked at once, when a look is first asked for."""

    def __init__(self, part: Part, channels: tuple[str, ...], key: Key) -> None:
        self.part, self.channels, self.key = part, tuple(channels), key

    @cached_property
    def no_photos(self) -> str:
        """Why the pictures are no photos of classes; empty where they are."""
        part = self.part
        if not isinstance(part.annotations, Classes):
            return f"for what goes with pictures of {part.annotations.kind} is left to you"
        if self.channels != RGB or part.images.dtype.kind not in "iu":
            return "as the pictures are no photos in red, green and blue"
        if min(part.images.shape[1:3]) < SMALLEST:
            return f"as the pictures are below {SMALLEST} pixels"
        if self._seen[0] < COLOUR:
            return "as the pictures have no colour, and changes can make another class of them"
        return ""

    @cached_property
    def augmentation(self) -> Chosen:
        """What `auto` means for the part."""
        if self.no_photos:
            return Chosen("", f"none, {self.no_photos}")
        assert isinstance(self.part.annotations, Classes), "no_photos has seen it"
        _, small, places = self._seen
        mirrors = mirrors_fit(small, self.part.annotations.numbers[places])
        words = [*(["flip"] if mirrors else []), self._shift]
        words += [FEW_WORDS] if len(self.part) < MANY else []
        why = "for photos" if mirrors else "for photos; no flip, as mirrored ones look less like their class"
        return Chosen(",".join(words), why)

    @property
    def shifts(self) -> Chosen:
        """Shifts alone, which the networks in words learn from in as few epochs; nothing from MANY pictures on."""
        if self.no_photos or len(self.part) >= MANY:
            return Chosen("", f"none, {self.no_photos or 'as such a set is seen a few times only; auto chooses some'}")
        return Chosen(self._shift, "for as many photos; --augment auto changes more, and asks for more epochs")

    @property
    def _shift(self) -> str:
        return f"shift={max(1, min(self.part.images.shape[1:3]) // 16)}"

    @property
    def mirrors(self) -> Chosen:
        """Mirror images alone, where `auto` has them: what a head on frozen layers takes."""
        fit = "flip" in self.augmentation.words.split(",")
        return Chosen("flip", "alone, as frozen layers see each picture and its mirror image once") if fit else (
            Chosen("", "none, as frozen layers see each picture once"))

    @cached_property
    def _seen(self) -> tuple[float, Array, Array]:
        """How far the channels of some pictures differ, their thumbs (n, 16, 16), and their places (n,)."""
        count = min(LOOKED_AT, max(1, VALUES // math.prod(self.part.images.shape[1:])))
        places = np.sort(self.key.fold("choosing").generator().permutation(len(self.part))[:count])
        full, colours, small = np.iinfo(self.part.images.dtype).max, [], []
        for few in chunks(self.part.images, places, CHUNK):
            pixels = few.astype(np.float32) / full
            colours.append(np.ptp(pixels, axis=-1).mean((1, 2), dtype=np.float64))
            small.append(thumbs(pixels))
        return float(np.concatenate(colours).mean()), np.concatenate(small), places


def mirrors_fit(small: Array, labels: Array) -> bool:
    """Whether mirrored thumbs (n, 16, 16) look as much like others of their class (n,) as they did."""
    plain, mirrored = (nearest_right(one.reshape(len(small), -1), small.reshape(len(small), -1), labels)
                       for one in (small, small[:, :, ::-1]))  # fmt: skip
    lost = plain.astype(float) - mirrored
    error = float(lost.std()) / max(len(lost), 1) ** 0.5
    return bool(lost.mean() <= 3 * error)


def nearest_right(asked: Array, known: Array, labels: Array) -> Array:
    """(n,) whether the nearest picture other than itself is of its class."""
    distances = (asked**2).sum(1)[:, None] - 2 * asked @ known.T + (known**2).sum(1)[None]
    np.fill_diagonal(distances, np.inf)
    right: Array = labels[distances.argmin(1)] == labels
    return right


def thumbs(pixels: Array) -> Array:
    """(n, 16, 16) means of squares, in grey, each without its mean."""
    height, width = pixels.shape[1:3]
    grey = pixels.mean(-1)
    rows, columns = (np.arange(THUMB + 1) * size // THUMB for size in (height, width))
    sums = np.add.reduceat(np.add.reduceat(grey, rows[:-1], axis=1), columns[:-1], axis=2)
    small = sums / (np.diff(rows)[:, None] * np.diff(columns))
    centred: Array = small - small.mean((1, 2), keepdims=True)
    return centred
