"""Scores and answers of a classification in words and columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.reports.sections import Section, Table, Text


def told(found: Mapping[str, Any]) -> list[Section]:
    """The headline, the scores with their intervals, the classes one by one."""
    low, high = found["accuracy_interval"]
    of = f"{found['part']}:" if found["split"] == "all" else found["part"]
    headline = (f"{of} accuracy {found['accuracy']:.4f} ({low:.4f} to {high:.4f}, {found['n']:,} images)  "
                f"loss {score(found['loss'])}  macro F1 {score(found['macro_f1'])}")
    scores = [
        [row["name"], score(row["value"]), *map(score, row["interval"] or (None, None)), f"{row['n']:,}", row["note"]]
        for row in found["scores"]
    ]
    classes = [
        [str(row["class"]), f"{row['n']:,}", *(score(row[name]) for name in ("precision", "recall", "f1"))]
        for row in found["per_class"]
    ]
    return [
        Text(headline),
        Table(["score", "value", "from", "to", "n", ""], scores),
        Table(["class", "n", "precision", "recall", "F1"], classes),
    ]


def score(value: float | None) -> str:
    """Four digits, or a dash where it is not defined."""
    return "-" if value is None else f"{value:.4f}"


def words(entry: Mapping[str, Any]) -> list[str]:
    """The likeliest classes, each with its probability."""
    return [f"{guess['class']} {guess['probability']:.4f}" for guess in entry["classes"]]


def row(entry: Mapping[str, Any]) -> dict[str, Any]:
    """class, probability, class_2, probability_2 ..."""
    found: dict[str, Any] = {}
    for place, guess in enumerate(entry["classes"]):
        end = f"_{place + 1}" if place else ""
        found |= {f"class{end}": guess["class"], f"probability{end}": guess["probability"]}
    return found
