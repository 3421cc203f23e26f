"""One list of settings: a frozen dataclass whose fields are made with `setting`, and all that is read off such lists.

    @dataclass(frozen=True)
    class Own:
        owner: ClassVar[str] = "regression"                  # whose settings they are; without it: of every run
        meanings: ClassVar[Mapping[str, Meaning]] = {}       # of settings that older records do not have
        delta: float = setting(1.0, "Where huber turns straight.", panel=LEARNING, above=0)

        def __post_init__(self) -> None:
            check(self, "train")                             # then what joins several settings

The command line (cli/options.py), config.json and docs/command-line.md are made from one or several of them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from pellucid.errors import ArgumentError, FileError, UsageError, describe, shown

NETWORK, TRANSFER, LEARNING, DATA = "Network", "Transfer", "Learning", "Data"  # headings of the help page
MACHINE, RUN = "Machine and chance", "The run folder"
BY_NAME = ""  # the flag of a setting that names none


@dataclass(frozen=True)
class Setting:
    """What is known of one setting; `kind` is its type as written, e.g. `float | None`, flag None: no flag sets it."""

    help: str
    panel: str
    flag: str | None
    choices: tuple[str, ...]
    least: float | None
    above: float | None
    most: float | None
    below: float | None
    name: str = ""
    kind: str = ""
    default: Any = None

    def allows(self, value: Any) -> bool:
        """Whether the setting may have this value, which is of its kind; None is no value to judge."""
        if value is None:
            return True
        if value in (math.inf, -math.inf):
            return False
        if self.choices and value not in self.choices:
            return False
        return ((self.least is None or value >= self.least) and (self.above is None or value > self.above)
                and (self.most is None or value <= self.most) and (self.below is None or value < self.below))

    @property
    def wanted(self) -> str:
        """The legal values in words; empty where every value of its kind is legal, or a parser of its own judges."""
        if self.choices:
            *others, last = map(repr, self.choices)
            return " or ".join([", ".join(others), last] if others else [last])
        if self.least is not None and (self.most is not None or self.below is not None):
            return f"from {self.least:,} to " + (f"{self.most:,}" if self.below is None else f"below {self.below:,}")
        words = (("at least", self.least), ("above", self.above), ("at most", self.most), ("below", self.below))
        return " and ".join(f"{word} {end:,}" for word, end in words if end is not None)

    def refuse_illegal(self, value: Any, where: str) -> None:
        """Raise UsageError for a value that is not legal."""
        if not self.allows(value):
            got = repr(value) if self.choices else value
            wanted = "finite" if value == math.inf else self.wanted
            raise UsageError(describe(where, self.flag or self.name, wanted, shown(got)))


def setting(
    default: Any, help: str, *, panel: str = "", flag: str | None = BY_NAME, choices: tuple[str, ...] = (),
    least: float | None = None, above: float | None = None, most: float | None = None, below: float | None = None,
) -> Any:
    """A field of a dataclass of settings: its default, what the help page says of it, where, and its legal values."""
    known = Setting(help, panel, flag, choices, least, above, most, below, default=default)
    if default is True and flag is not None:
        raise ArgumentError(f"setting: a flag switches on, so '{help}' must be False without it, but it is True.")
    return dataclasses.field(default=default, metadata={"setting": known})


def others() -> Any:
    """A field that holds settings of another list, None while nobody knows which."""
    return dataclasses.field(default=None, metadata={"others": True})


def flag_of(name: str) -> str:
    """How the command line spells a setting."""
    return "--" + name.replace("_", "-")


def spelled(value: Any) -> str:
    """How a person types a value: 0.00001, not 1e-05, and 1, not 1.0."""
    plain = isinstance(value, float) and math.isfinite(value)
    return f"{Decimal(repr(value)).normalize():f}" if plain else str(value)


@cache
def listed(kind: type) -> tuple[Setting, ...]:
    """The settings of a dataclass in their order."""
    found = []
    for field in dataclasses.fields(kind):
        if field.metadata.get("others"):
            continue
        known = field.metadata.get("setting")
        if known is None:
            raise ArgumentError(f"{kind.__name__}: fields must be made with setting(...), but {field.name} is not.")
        flag = flag_of(field.name) if known.flag == BY_NAME else known.flag
        found.append(dataclasses.replace(known, name=field.name, kind=str(field.type), flag=flag))
    return tuple(found)


def owner_of(kind: type) -> str:
    """Whose settings a dataclass holds; empty for those of every run."""
    return str(getattr(kind, "owner", ""))


def check(value: Any, where: str) -> None:
    """Raise UsageError for the first setting of a dataclass that has no legal value."""
    for known in listed(value.__class__):
        known.refuse_illegal(getattr(value, known.name), where)


# --- on disk --------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Meaning:
    """The first version whose config.json has a setting, and what a run did without it; None: what null chose then."""

    since: str
    absent: Any


def to_json(*values: Any) -> dict[str, Any]:
    """The settings of one or several dataclasses as one object."""
    return {known.name: getattr(each, known.name) for each in values for known in listed(each.__class__)}


def from_json(record: Mapping[str, Any], where: str, *kinds: type, remedy: str) -> tuple[Any, ...]:
    """One value of each dataclass, as `to_json` wrote them in this version or an older one.

    A setting that is absent, or null though that is no value of it, is as the `meanings` of its dataclass say. Raises
    FileError, which ends with `remedy`, for a setting that none has, that is of another type or outside its legal
    values, or absent and without a meaning.
    """
    wanted = {known.name: known for kind in kinds for known in listed(kind)}
    meanings = {name: meaning for kind in kinds for name, meaning in getattr(kind, "meanings", {}).items()}
    found = dict(record)
    for name, meaning in meanings.items():
        if name not in found or (found[name] is None and "None" not in wanted[name].kind):
            found[name] = meaning.absent
    for name in found:
        if name not in wanted:
            raise FileError(f"{where}: unknown setting '{shown(name)}'. It was written by another version of Pellucid.")
    for name, known in wanted.items():
        if name not in found:
            raise FileError(f"{where} is damaged: it has no {name}. {remedy}")
        if not of_kind(found[name], known.kind):
            got = shown(repr(found[name]))
            raise FileError(f"{where} is damaged: {name} must be {known.kind}, but it is {got}. {remedy}")
    try:
        return tuple(kind(**{known.name: found[known.name] for known in listed(kind)}) for kind in kinds)
    except UsageError as fault:
        raise FileError(f"{where} is damaged: {fault} {remedy}") from None


def of_kind(value: Any, kind: str) -> bool:
    """Whether a value is of a type, written as in `float | None`; a whole number is a float too."""
    name = type(value).__name__.replace("NoneType", "None")
    return name in kind.split(" | ") or (name == "int" and "float" in kind)
