"""Spec: the base of everything that is data, and Table: the closed list of names a file may use."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pellucid.errors import ArgumentError, FileError, describe, shown
from pellucid.spec.legal import Illegal, Rule

S = TypeVar("S", bound="Spec")
FEW = 20  # words that a message lists whole


def snake(name: str) -> str:
    """A class's name as Keras writes it small: PReLU is p_re_lu, Conv2D conv2d."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


class SpecType(type):
    """Makes a sentence for the user of a call with unknown, missing or too many arguments."""

    if not TYPE_CHECKING:  # type checkers read the dataclass's own signature

        def __call__(cls, *args: Any, **arguments: Any) -> Any:
            known = ", ".join(rules(cls)) or "none"
            for word in arguments:
                if word not in rules(cls):
                    raise ArgumentError(f"{cls.__name__}: unknown argument '{word}'; known are: {known}.")
            try:
                return super().__call__(*args, **arguments)
            except TypeError as fault:
                _, named, text = str(fault).partition("__init__() ")
                if not named:
                    raise
                raise ArgumentError(f"{cls.__name__}: {text}. Its arguments are: {known}.") from None

        @property
        def __doc__(cls) -> Any:
            """The docstring, that of a registered class with its arguments; help() asks past the usual way."""
            text = vars(cls).get("__doc__")
            return text.__get__(None, cls) if isinstance(text, Help) else text

        @__doc__.setter
        def __doc__(cls, text: Any) -> None:
            type.__dict__["__doc__"].__set__(cls, text)

        @property
        def __signature__(cls) -> Any:
            """What help() shows for the arguments; made when asked."""
            from pellucid.spec.telling import signature_of

            return signature_of(cls) if "__dataclass_fields__" in vars(cls) else None


class Spec(metaclass=SpecType):
    """A frozen dataclass whose fields carry their rules; it exists only with legal values.

    Raises ArgumentError that names the spec, the argument, what was wanted and what came.
    """

    kind: ClassVar[str] = "spec"
    later: ClassVar[tuple[str, ...]] = ()  # arguments that older files lack: not written while at their defaults

    def __post_init__(self) -> None:
        for name, rule in rules(type(self)).items():
            value = getattr(self, name)
            try:
                object.__setattr__(self, name, rule.check(value))
            except Illegal as fault:
                text = describe(type(self).__name__, name, rule.wanted, repr(value), fault.remedy)
                raise ArgumentError(text) from None

    @classmethod
    def revived(cls, fields: dict[str, Any]) -> Any:
        """The spec that a file's fields mean; a class whose arguments changed tells older files by them."""
        return cls(**fields)

    def get_config(self) -> dict[str, Any]:
        """The arguments by name, as JSON-ready data."""
        return {name: plain(getattr(self, name)) for name in rules(type(self))}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The one that `get_config` told of."""
        return cls(**config)

    def _comes_later(self, name: str) -> bool:
        fields: Any = getattr(self, "__dataclass_fields__", {})
        return name in self.later or bool(fields[name].metadata.get("later"))

    def to_config(self) -> dict[str, Any]:
        """The spec as JSON-ready data; `Table.revive` reads it back."""
        fields = {name: plain(getattr(self, name)) for name in rules(type(self))
                  if not self._comes_later(name) or not at_default(self, name)}  # fmt: skip
        return {"type": type(self).__name__, **fields}


def at_default(spec: Spec, name: str) -> bool:
    """Whether an argument has the value that it has where it is left out."""
    fields: Any = getattr(spec, "__dataclass_fields__", {})
    return bool(getattr(spec, name) == fields[name].default)


def rules(owner: type[Spec]) -> dict[str, Rule]:
    """The rule of each argument, in positional order."""
    fields: Any = getattr(owner, "__dataclass_fields__", {})  # the bases are no dataclasses
    ordered = sorted(fields.items(), key=lambda entry: bool(entry[1].kw_only))  # by keyword alone: after the others
    return {name: field.metadata["rule"] for name, field in ordered if "rule" in field.metadata}


def plain(value: Any) -> Any:
    """A field's value as JSON knows it."""
    if isinstance(value, Spec):
        return value.to_config()
    if isinstance(value, tuple):
        return [plain(entry) for entry in value]
    return value.plain() if hasattr(value, "plain") else value


def settle(owner: type[Spec]) -> None:
    """Let a spec say in a sentence that its arguments do not change, where a frozen dataclass raises its own error."""

    def refuse(self: Spec, name: str, *value: Any) -> None:
        kind = type(self).__name__
        raise ArgumentError(f"{kind}: {shown(name)} does not change once it is made. Make a new one: {kind}(...).")

    setattr(owner, "__setattr__", refuse)  # noqa: B010  (mypy knows the method as final)
    setattr(owner, "__delattr__", refuse)  # noqa: B010


class Help:
    """A docstring with every argument below it, made when asked; `text` is what stands in the code."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    def __get__(self, instance: Any, owner: Any) -> str:
        from pellucid.spec.telling import told

        return told(owner, self.text)


class Table(Generic[S]):
    """The closed table of one kind of spec: by class name, with lower-case aliases for string arguments.

    `further` are modules that enter more; they are imported once something is asked for that is not there yet.
    """

    def __init__(self, kind: str, hint: str = "", further: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.hint = hint
        self._further = further
        self._classes: dict[str, type[S]] = {}
        self._words: dict[str, Callable[[], S]] = {}

    def register(self, *words: str, by_name: bool = True) -> Callable[[type[S]], type[S]]:
        """A class decorator: the class joins the table, and the words create it with its defaults.

        Its own name is such a word unless `by_name` says otherwise.
        """
        given = words

        def enter(owner: type[S]) -> type[S]:
            if not owner.__module__.startswith("pellucid."):
                self._complete()  # so that a user's own takes no name of ours
            settle(owner)
            if owner.__name__ in self._classes:
                raise ArgumentError(f"{self.kind} '{owner.__name__}' is registered already. Choose another class name.")
            words = (owner.__name__, *given) if by_name else given
            for word in words:
                self._refuse_taken(word, owner)
            self._classes[owner.__name__] = owner
            if "__dataclass_fields__" in vars(owner):
                owner.__doc__ = Help(vars(owner).get("__doc__"))  # type: ignore[assignment]
            for word in words:
                self.alias(word, owner)
            return owner

        return enter

    def alias(self, word: str, create: Callable[[], S]) -> None:
        """A further word that stands for a spec."""
        self._refuse_taken(word, create)
        self._words[word.lower()] = create

    def _refuse_taken(self, word: str, create: Callable[[], S]) -> None:
        if self._words.get(word.lower(), create) is not create:
            raise ArgumentError(f"{self.kind} word '{word}' is registered already. Choose another word.")

    def also_in(self, module: str) -> None:
        """A module of a room above that enters more, imported when something is asked for that is not there yet."""
        if module not in sys.modules:
            self._further = (*self._further, module)

    def _complete(self) -> None:
        """Let the further modules enter what they have."""
        further, self._further = self._further, ()
        for module in further:
            import_module(module)

    def __iter__(self) -> Iterator[type[S]]:
        self._complete()
        return iter(self._classes.values())

    @property
    def words(self) -> tuple[str, ...]:
        """The words a user may write instead of a spec."""
        self._complete()
        return tuple(self._words)

    @property
    def listed(self) -> list[str]:
        """The words that messages list: each once, `ste_sign` and not `stesign` beside it."""
        apart = {word.replace("_", ""): word for word in sorted(self.words, reverse=True)}
        return sorted(apart.values())

    def named(self, word: str) -> S:
        """The spec a word stands for, in any case; raises ArgumentError that lists the known words."""
        if word.lower() not in self._words:
            self._complete()
        create = self._words.get(word.lower())
        if create is None:
            raise ArgumentError(describe("pellucid", self.kind, f"one of {self._told(word)}", shown(repr(word))))
        return create()

    def _told(self, word: str) -> str:
        """The known words; of many those that come nearest to what was typed."""
        known = self.listed
        if len(known) <= FEW:
            return ", ".join(known)
        from difflib import get_close_matches

        near = get_close_matches(word.lower(), known, 6, 0.5) or known[:6]
        return f"{', '.join(near)} or {len(known) - len(near)} others"

    def revive(self, config: Mapping[str, Any]) -> S:
        """The spec that `to_config` wrote; raises FileError for a type or an argument it does not know."""
        fields = dict(config)
        name = fields.pop("type", None)
        if name not in self._classes:
            self._complete()
        owner = self._classes.get(name) if isinstance(name, str) else None
        if owner is None:
            hint = f" {self.hint}" if self.hint else ""
            got = shown(repr(name))
            raise FileError(f"unknown {self.kind} {got} in the file; this Pellucid does not have it.{hint}")
        unknown = sorted(set(fields) - set(rules(owner)))
        if unknown:
            known, got = ", ".join(rules(owner)), shown(unknown[0])
            raise FileError(f"{self.kind} {name}: unknown argument '{got}' in the file; known are: {known}.")
        found: S = owner.revived(fields)
        return found


class Member:
    """The rule of an argument that takes a spec of a table, its word, or its config.

    `instead` is what to type where a user has written one as code.
    """

    def __init__(self, table: Table[Any], instead: str = "") -> None:
        self.table, self.instead = table, instead

    @property
    def wanted(self) -> str:
        article = "an" if self.table.kind[0] in "aeiou" else "a"
        return f"{article} {self.table.kind} or one of {', '.join(self.table.listed)}"

    @property
    def bad(self) -> tuple[Any, ...]:
        return ("no such word", 7)

    def check(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self.table.revive(value)
        if isinstance(value, str) and value.lower() in self.table.words:
            return self.table.named(value)
        if type(value) in tuple(self.table):
            return value
        raise Illegal(self.instead if callable(value) else "")
