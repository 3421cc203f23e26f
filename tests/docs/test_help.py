"""help(), completion and type checkers show every argument of a class that is described as data."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

from pellucid import initializers, layers, losses, metrics, models, optimizers, regularizers
from pellucid.spec.base import rules
from pellucid.spec.telling import MEANINGS
from tests.docs import stubs

PAGES = (layers, losses, metrics, optimizers, optimizers.schedules, initializers, regularizers)


def described() -> dict[str, tuple[Any, Any]]:
    """Each public class with its description."""
    found = {}
    for page in PAGES:
        for name in getattr(page, "__all__", vars(page)):
            entry = getattr(page, name)
            spec = getattr(entry, "spec_class", entry)
            if inspect.isclass(entry) and dataclasses.is_dataclass(spec):
                found[f"{page.__name__.removeprefix('pellucid.')}.{name}"] = entry, spec
    return found


DESCRIBED = described()


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_argument_is_shown_with_its_default_and_meaning(name: str) -> None:
    entry, spec = DESCRIBED[name]
    shown, text = inspect.signature(entry).parameters, inspect.getdoc(entry) or ""
    fields = {field.name: field.default for field in dataclasses.fields(spec)}
    for word in rules(spec):
        default = inspect.Parameter.empty if fields[word] is dataclasses.MISSING else fields[word]
        assert shown[word].default is default or shown[word].default == default
        assert f"{word}: {MEANINGS[word]}" in text, word


@pytest.mark.parametrize("owner", [layers.Dense, metrics.AUC, losses.Huber, optimizers.Adam])
def test_help_prints_them(owner: type) -> None:
    import pydoc

    printed = pydoc.render_doc(owner, renderer=pydoc.plaintext)
    assert all(f"{word}: {MEANINGS[word]}" in printed for word in rules(getattr(owner, "spec_class", owner)))


def test_fit_says_what_each_of_its_arguments_is() -> None:
    text, words = inspect.getdoc(models.Model.fit) or "", list(inspect.signature(models.Model.fit).parameters)[1:]
    assert len(words) == 17 and all(f"\n{word}: " in text for word in words)


def test_it_is_all_of_them() -> None:
    assert len(DESCRIBED) > 150 and "layers.Conv2D" in DESCRIBED and "metrics.AUC" in DESCRIBED
    assert str(inspect.signature(layers.Dense)).startswith("(units, activation=None, use_bias=True, ")


def test_the_stub_is_what_the_descriptions_say() -> None:
    assert stubs.STUB.read_text(encoding="utf-8") == stubs.made(), "Run python -m tests.docs.stubs."
