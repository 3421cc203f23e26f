"""Writes pellucid/layers.pyi: what type checkers and editors read of the layer classes, whose arguments are data.

Run with   python -m tests.docs.stubs
"""

from __future__ import annotations

from inspect import Parameter, isclass, signature
from pathlib import Path

from pellucid import layers
from pellucid.graph.layer import Layer
from pellucid.spec.base import rules
from pellucid.spec.legal import Flag, Integer, Optional, Real, Rule, Text

STUB = Path(__file__).parents[2] / "pellucid" / "layers.pyi"
HEAD = '''"""The layers of a network, with Keras's names and arguments; made by tests/docs/stubs.py."""

from collections.abc import Callable, Sequence
from typing import Any

from pellucid.graph.layer import Layer as Layer
from pellucid.graph.vocabulary import Input as Input
from pellucid.graph.vocabulary import InputLayer as InputLayer
from pellucid.graph.wrapping import InputSpec as InputSpec
from pellucid.graph.wrapping import Pipeline as Pipeline
from pellucid.graph.wrapping import Wrapper as Wrapper
'''
KINDS: dict[type, str] = {Integer: "int", Real: "float", Flag: "bool", Text: "str"}
USUAL = {"name": "str | None", "trainable": "bool", "input_shape": "Sequence[int | None] | None"}


def kind_of(rule: Rule) -> str:
    """The type of an argument, Any where it takes several forms."""
    if isinstance(rule, Optional):
        inner = kind_of(rule.rule)
        return inner if inner == "Any" else f"{inner} | None"
    return KINDS.get(type(rule), "Any")


def argument(parameter: Parameter, rule: Rule | None) -> str:
    """An argument as it is declared."""
    kind = USUAL[parameter.name] if rule is None else kind_of(rule)
    if parameter.default is Parameter.empty:
        return f"{parameter.name}: {kind}"
    plain = isinstance(parameter.default, (bool, int, float, str, type(None)))
    return f"{parameter.name}: {kind} = {repr(parameter.default) if plain else '...'}"


def declared(name: str, owner: type[Layer]) -> str:
    """A class with its arguments."""
    known = rules(owner.spec_class)
    given = [argument(parameter, known.get(word)) for word, parameter in signature(owner).parameters.items()
             if parameter.kind is not Parameter.KEYWORD_ONLY]  # fmt: skip
    alone = [argument(parameter, known.get(word)) for word, parameter in signature(owner).parameters.items()
             if parameter.kind is Parameter.KEYWORD_ONLY]  # fmt: skip
    listed = "".join(f"        {line},\n" for line in ["self", *given, "*", *alone])
    return f"class {name}(Layer):\n    def __init__(\n{listed}    ) -> None: ...\n"


def made() -> str:
    """The whole file."""
    parts = [HEAD]
    for name in sorted(layers.__all__):
        entry = getattr(layers, name)
        if isclass(entry) and "spec_class" in vars(entry):
            parts.append(declared(name, entry) if entry.__name__ == name else f"{name} = {entry.__name__}\n")
        elif f" as {name}\n" not in HEAD:
            parts.append(f"{name}: Callable[..., Any]\n")
    return "\n".join([parts[0], *sorted(parts[1:], key=lambda part: " = " in part.splitlines()[0])])


if __name__ == "__main__":
    STUB.write_text(made(), encoding="utf-8")
