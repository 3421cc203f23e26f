"""How many pictures may be inside at once: more are refused at once, before their bodies are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pellucid.serving.refusals import busy


@dataclass
class Place:
    """What one request holds."""

    admission: Admission
    pictures: int = 1

    def needs(self, pictures: int) -> None:
        """Now that it is known how many there are; raises Refused where there is no room for so many."""
        more = pictures - self.pictures
        if more > 0:
            self.admission.enter(more)
            self.pictures = pictures


@dataclass
class Admission:
    """At most `most` pictures; `changed` is told how many there are."""

    most: int
    changed: Callable[[int], None] = field(default=lambda inside: None)
    inside: int = 0

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A block with room for one picture. Raises Refused where there is none."""
        self.enter(1)
        held = Place(self)
        try:
            yield held
        finally:
            self.inside -= held.pictures
            self.changed(self.inside)

    def enter(self, pictures: int) -> None:
        """Take room; raises Refused when there is not so much."""
        if self.inside + pictures > self.most and self.inside:
            raise busy(f"{self.inside} pictures wait for an answer already, and {self.most} may (--queue). "
                       "Ask again in a second.")  # fmt: skip
        self.inside += pictures
        self.changed(self.inside)
