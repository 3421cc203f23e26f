"""Pictures of a data set on a page: each as small as it is looked at, with words that the reader's browser writes.

Unlike mistakes.png a gallery follows the page's width, its colours and its fonts, so a name in any script can be read.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from pellucid.errors import ShapeError, describe
from pellucid.runs.drawing import percent, shorten
from pellucid.runs.evaluation import Evaluation
from pellucid.runs.mistakes import SAID, Told, displayable

Images = Callable[[np.ndarray], np.ndarray]

MOST_RIGHT, MOST_SAMPLE = 18, 24
LARGEST_PX = 192  # of a picture's longer side: twice what a page shows, for fine screens
COARSE_PX = 64  # pictures below are shown with their pixels as squares


@dataclass(frozen=True)
class Card:
    """One picture: its address, whether its pixels are to be seen, lines of (words, kind) and bars (name, share, kind).

    A kind is "wrong", "right" or "".
    """

    source: str
    coarse: bool
    lines: Sequence[tuple[str, str]]
    bars: Sequence[tuple[str, str, str]] = field(default=())
    origin: str = ""


def mistake_cards(
    evaluation: Evaluation, images: Images, most: int, *, chosen: np.ndarray | None = None, told: Told = SAID
) -> list[Card]:
    """The most confident mistakes, or the samples `chosen` (M,): what was said, what is, the three likeliest classes.

    images(indices) gives raw pixels (n,H,W,C) of the evaluated part.
    """
    indices = (evaluation.worst_mistakes(most) if chosen is None else chosen)[:most]
    cards = []
    for source, coarse, index in drawn(images, indices):
        true, said = int(evaluation.labels[index]), int(evaluation.predicted[index])
        names, shares = evaluation.class_names, evaluation.scores[index]
        best = np.argsort(-shares, kind="stable")[:3]
        bars = [(names[k], percent(float(shares[k])), "wrong" if k == said else "right" if k == true else "")
                for k in best]  # fmt: skip
        lines = [(f"{told[0]} {names[said]}", "wrong"), (f"{told[1]} {names[true]}", "right")]
        origin = shorten(str(evaluation.names[index]), 48, keep="end")
        cards.append(Card(source, coarse, lines, bars, origin))
    return cards


def right_cards(evaluation: Evaluation, images: Images) -> list[Card]:
    """Some pictures that are right, drawn by chance, the classes in turn; each with its confidence."""
    right = np.flatnonzero(evaluation.predicted == evaluation.labels)
    indices = in_turn(right, evaluation.labels, MOST_RIGHT)
    return [
        Card(source, coarse, [(evaluation.class_names[int(evaluation.labels[index])], "right"),
                              (percent(float(evaluation.confidence[index])), "")])
        for source, coarse, index in drawn(images, indices)
    ]  # fmt: skip


def sample_cards(labels: np.ndarray, class_names: Sequence[str], images: Images) -> list[Card]:
    """Some pictures of a part, drawn by chance, the classes in turn; each with its class."""
    indices = in_turn(np.arange(len(labels)), labels, MOST_SAMPLE)
    return [Card(source, coarse, [(class_names[int(labels[index])], "")])
            for source, coarse, index in drawn(images, indices)]  # fmt: skip


def in_turn(indices: np.ndarray, labels: np.ndarray, most: int) -> np.ndarray:
    """At most `most` of the indices (M,): one of each class, then a second of each, and so on; the same every time."""
    mixed = np.random.default_rng(0).permutation(indices)
    turns = np.zeros(len(mixed), np.int64)
    for label in np.unique(labels[mixed]):
        mine = labels[mixed] == label
        turns[mine] = np.arange(mine.sum())
    return mixed[np.lexsort((labels[mixed], turns))][:most]


def drawn(images: Images, indices: np.ndarray) -> list[tuple[str, bool, int]]:
    """The pictures with these indices as (address, whether they are coarse, index).

    Raises ShapeError when `images` gives something that is not that many pictures.
    """
    if not len(indices):
        return []
    pixels = np.asarray(images(indices))
    if pixels.ndim != 4 or len(pixels) != len(indices):
        wanted = f"(n, H, W, C) with n = {len(indices)}"
        raise ShapeError(describe("gallery", "images", wanted, f"of shape {pixels.shape}"))
    shown, _ = displayable(pixels)
    coarse = max(pixels.shape[1:3]) < COARSE_PX
    return [(address(picture), coarse, int(index)) for picture, index in zip(shown, indices, strict=True)]


def address(picture: np.ndarray) -> str:
    """Pixels (H,W,3) in 0..1 as a data address, made smaller where they are more than a page shows."""
    from PIL import Image

    image = Image.fromarray(np.round(picture * 255).astype(np.uint8), "RGB")
    image.thumbnail((LARGEST_PX, LARGEST_PX))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
