"""sections.json and predictions.jsonl: what the report shows of a task, kept so that it can be drawn without the data.

    sections.json       {format, watched, about, sections}: the score of the curves, what the page says of data,
                        settings, machine and network in its words, and the task's sections in the order of the page
    predictions.jsonl   a line an evaluated sample: id (its number in the data set), path, what the task says of it, and
                        for a sample that a gallery shows its thumbnail, a PNG as a data address

A card of an evaluated sample names its id, and its picture lies in predictions.jsonl; others hold theirs.
Bounds    MOST_PICTURES of at most gallery.LARGEST_PX pixels a side in either file; an <svg> of LARGEST_SVG characters
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pellucid.errors import FileError
from pellucid.reports.gallery import Card
from pellucid.reports.scores import Score
from pellucid.reports.sections import KINDS, Figure, Gallery, Section
from pellucid.storage.plain import plain
from pellucid.storage.reading import parse_json, read_json, read_text
from pellucid.storage.writer import write_json, write_text

FORMAT = 1
MOST_PICTURES, LARGEST_SVG = 120, 4_000_000
REMEDY = "Bring it back from a copy, or have it written anew with pellucid train --resume"
PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+={0,2}\Z")
SHARE = re.compile(r"\d{1,3}(\.\d+)? ?%\Z")


def write_sections(path: Path, sections: Sequence[Section], *, about: Mapping[str, Any], watched: Score) -> None:
    """Write sections.json. Raises FileError when that cannot be done."""
    own = set(map(id, islice((card for card in cards_of(sections) if card.sample is None), MOST_PICTURES)))
    write_json(path, {"format": FORMAT, "about": about, "watched": vars(watched),
                      "sections": [kept(one, own) for one in sections]})  # fmt: skip


def kept(one: Section, own: set[int]) -> dict[str, Any]:
    """A section as JSON; of cards only those in `own`, by identity, hold their picture."""
    if isinstance(one, Gallery):
        one = replace(one, cards=[card if id(card) in own else replace(card, source="") for card in one.cards])
    if isinstance(one, Figure) and len(one.svg) > LARGEST_SVG:
        one = replace(one, svg="")
    return {"kind": one.kind, **asdict(one)}


def write_predictions(path: Path, rows: Iterable[Mapping[str, Any]], sections: Sequence[Section]) -> None:
    """Write predictions.jsonl; each row has its `id`. Raises FileError when that cannot be done."""
    shown = (card for card in cards_of(sections) if card.sample is not None)
    pictures = {card.sample: card.source for card in islice(shown, MOST_PICTURES)}
    lines = []
    for row in rows:
        own = {"thumbnail": pictures[row["id"]]} if row["id"] in pictures else {}
        known = plain({**row, **own}, where=str(path))
        lines.append(json.dumps(known, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")
    write_text(path, "".join(lines))


def read_sections(path: Path, predictions: Path) -> tuple[list[Section], dict[str, Any], Score]:
    """The sections, what else the page says, and the score of its curves.

    Raises FileError for a file that is missing, damaged, or of a later Pellucid.
    """
    from pellucid.storage.records.checking import checked, rebuilt
    from pellucid.storage.records.runs import SectionsRecord

    told = checked(read_json(path), SectionsRecord, path, REMEDY)
    if told["format"] > FORMAT:
        raise FileError(f"{path} is of format {told['format']}, and this Pellucid reads formats up to {FORMAT}. "
                        "Use a newer one.")  # fmt: skip
    pictures = read_thumbnails(predictions) if predictions.exists() else {}
    with rebuilt(path, REMEDY):
        return [brought_back(one, pictures) for one in told["sections"]], told["about"], Score(**told["watched"])


def brought_back(told: Mapping[str, Any], pictures: Mapping[int, str]) -> Section:
    """A section of what `kept` gave. Raises ValueError, or what msgspec raises, for anything else."""
    import msgspec

    found: Section = msgspec.convert({**told}, KINDS[told["kind"]])
    if not isinstance(found, Gallery):
        return found
    return replace(found, cards=[with_picture(card, pictures) for card in found.cards])


def with_picture(card: Card, pictures: Mapping[int, str]) -> Card:
    """A card with its picture from predictions.jsonl. Raises ValueError for what no card of ours holds."""
    source = card.source or pictures.get(-1 if card.sample is None else card.sample, "")
    if source and not PICTURE.match(source):
        raise ValueError("a picture of a card is no PNG")
    if not all(SHARE.match(share) for _, share, _ in card.bars):
        raise ValueError("a bar of a card is no share")
    return replace(card, source=source)


def read_thumbnails(path: Path) -> dict[int, str]:
    """The pictures in predictions.jsonl by the number of their sample. Raises FileError for one that is damaged."""
    from pellucid.storage.records.checking import checked, rebuilt
    from pellucid.storage.records.runs import PredictionRecord

    found: dict[int, str] = {}
    with rebuilt(path, REMEDY):
        for number, line in enumerate(read_text(path).split("\n"), 1):
            if '"thumbnail"' in line and len(found) < MOST_PICTURES:
                where = f"{path}, line {number}"
                row = parse_json(line, where, half_letters="surrogateescape")
                found[checked(row, PredictionRecord, where, REMEDY)["id"]] = row["thumbnail"]
    return found


def cards_of(sections: Sequence[Section]) -> Iterator[Card]:
    """The cards of every gallery, in the order of the page."""
    return (card for one in sections if isinstance(one, Gallery) for card in one.cards)
