"""Options made from lists of settings: a command says which lists it takes, and is handed what was typed of them.

    @app.command(cls=GroupedCommand)
    @with_settings(of_a_run, without=("epochs",))
    def command(data: Data, *, settings: Given, as_json: ... = False) -> None:
        config = settings.of(RunConfig, data=data)

The options are made anew when the lists are others, so one that a program adds later has its flags too. Settings
of one name in several lists (no run has more than one of them) share a flag, whose help tells them apart.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, update_wrapper
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from pellucid.errors import ArgumentError
from pellucid.runs.config import RunConfig
from pellucid.settings import Setting, listed, owner_of
from pellucid.tasks.registry import settings_kinds

Kind = TypeVar("Kind")
Lists = Callable[[], Sequence[type]]
Names = Sequence[str] | Callable[[], Sequence[str]]  # of settings; asked for anew as the lists are
Taken = tuple[tuple[tuple[type, ...], tuple[str, ...]], ...]  # by each command: lists, and names of settings


def of_a_run() -> tuple[type, ...]:
    """The lists of settings that a run may have: those of every run, and each task's own."""
    return (RunConfig, *settings_kinds())


def option(panel: str, text: str, *names: str) -> Any:
    """An option under a heading of the help page."""
    return typer.Option(*names, help=text, rich_help_panel=panel)


WHAT = typer.Argument(help=next(known.help for known in listed(RunConfig) if known.name == "data"))
Data = Annotated[str, WHAT]
DataOrNone = Annotated[str | None, WHAT]
EngineOfTheRun = Annotated[
    str | None,
    typer.Option("--engine", help="auto, reference, pytorch, or packed for binary networks; default: that of the run, "
                                  "for a model file pytorch where installed."),
]  # fmt: skip

TestTime = Annotated[
    bool, typer.Option("--tta", help="Of classes and points: the mean of the answers for a picture and its mirror "
                                 "image.")
]


@dataclass(frozen=True)
class Given:
    """What was typed of the settings that a command takes, by name; what was not typed is at its default."""

    command: str
    lists: Sequence[type]
    takes: Collection[str]
    typed: Mapping[str, Any]

    def of(self, kind: type[Kind], **more: Any) -> Kind:
        """The settings of one list, with those in `more`. Raises UsageError for a value that is not legal."""
        return kind(**self.typed_of(kind), **more)

    def of_run(self, data: str) -> RunConfig:
        """The settings of a run on these data; those of its task as typed, until the task is decided."""
        from pellucid.runs.pretrained import with_pretrained

        own = {name: self.typed[name] for name in self.foreign(RunConfig)}
        return with_pretrained(self.of(RunConfig, data=data, own=own or None), self.typed)

    def values(self, kind: type) -> dict[str, Any]:
        """As `of`, for a command that takes only some of a list: those alone, as keywords."""
        return {known.name: known.default for known in listed(kind) if known.name in self.takes} | self.typed_of(kind)

    def typed_of(self, kind: type) -> dict[str, Any]:
        """What was typed of one list. Raises UsageError, in the command's name, for a value that is not legal."""
        found = {known.name: known for known in listed(kind) if known.name in self.typed}
        for name, known in found.items():
            known.refuse_illegal(self.typed[name], self.command)
        return {name: self.typed[name] for name in found}

    @property
    def flags(self) -> list[str]:
        """The flags that were typed, in the order of the lists."""
        known = [known for kind in self.lists for known in listed(kind) if known.name in self.typed]
        return list(dict.fromkeys(str(each.flag) for each in known))

    def foreign(self, *kinds: type) -> list[str]:
        """The names that were typed and that none of these lists has."""
        own = {known.name for kind in kinds for known in listed(kind)}
        return [name for name in self.typed if name not in own]


class Taking:
    """A command function, with options from lists of settings in the place of its parameter `settings`.

    Typer asks for the signature whenever it makes the application.
    """

    def __init__(self, command: Callable[..., None], lists: Lists, only: Names, without: Sequence[str]) -> None:
        update_wrapper(self, command)
        self.__annotations__ = {}  # the signature has them
        self.command, self.lists, self.only, self.without = command, lists, only, without

    @property
    def settings(self) -> dict[str, inspect.Parameter]:
        """The options that are settings, by name."""
        lists, only = self.taken
        found = {name: each for name, each in parameters(*lists).items()
                 if name not in self.without and (not only or name in only)}  # fmt: skip
        lacking = set(only) - found.keys()
        if lacking:
            raise ArgumentError(f"{self.command.__name__}: no list has a setting called {', '.join(sorted(lacking))}.")
        return found

    @property
    def taken(self) -> tuple[tuple[type, ...], tuple[str, ...]]:
        """The lists, and the names if only some are taken."""
        return tuple(self.lists()), tuple(self.only() if callable(self.only) else self.only)

    @property
    def __signature__(self) -> inspect.Signature:
        return self._signed(*self.taken)

    @cache  # noqa: B019  (a command lives as long as the program; Typer asks several times for each)
    def _signed(self, lists: tuple[type, ...], only: tuple[str, ...]) -> inspect.Signature:
        """The signature with these settings; another when a task has been registered since."""
        own = inspect.signature(self.command, eval_str=True)
        made = [inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
        for name, parameter in own.parameters.items():
            here = self.settings.values() if name == "settings" else [parameter]
            made += [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in here]
        return own.replace(parameters=made)

    def __call__(self, *, context: typer.Context, **values: Any) -> None:
        found = {name: values.pop(name) for name in self.settings}
        typed = {name: value for name, value in found.items() if was_typed(context, name)}
        self.command(**values, settings=Given(name_of(context), self.lists(), found.keys(), typed))


def with_settings(lists: Lists, *, only: Names = (), without: Sequence[str] = ()) -> Callable[..., Any]:
    """Give a command the settings of some lists as options: all that have a flag, `only` these or `without` these."""
    return lambda command: Taking(command, lists, only, without)


def taken_by(application: typer.Typer) -> Taken:
    """What the commands of an application and of its groups take."""
    groups = [application, *(each.typer_instance for each in application.registered_groups)]
    functions = [command.callback for each in groups if each is not None for command in each.registered_commands]
    return tuple(each.taken for each in functions if isinstance(each, Taking))


def name_of(context: typer.Context) -> str:
    """The words that call a command, without the program's name."""
    if context.parent is None:
        return ""
    return f"{name_of(context.parent)} {context.info_name}".strip()  # type: ignore[arg-type]


def was_typed(context: typer.Context, name: str) -> bool:
    """Whether an option stood on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@cache
def parameters(*kinds: type) -> Mapping[str, inspect.Parameter]:
    """An option for every setting that has a flag, in the order of the lists, those of one heading beside another."""
    found: dict[str, list[tuple[type, Setting]]] = {}
    for kind in kinds:
        for known in listed(kind):
            if known.flag is not None:
                found.setdefault(known.name, []).append((kind, known))
    headings = list(dict.fromkeys(group[0][1].panel for group in found.values()))
    in_order = sorted(found.values(), key=lambda group: headings.index(group[0][1].panel))
    return {group[0][1].name: parameter(group) for group in in_order}


@cache
def types_of(kind: type) -> dict[str, Any]:
    """The types of a list's settings, by name."""
    return get_type_hints(kind)


def parameter(group: Sequence[tuple[type, Setting]]) -> inspect.Parameter:
    """The option for the settings of one name. Raises ArgumentError where they are of several types or flags."""
    kind, first = group[0]
    for other, known in group[1:]:
        if (known.kind, known.flag) != (first.kind, first.flag):
            raise ArgumentError(f"{other.__name__}.{known.name}: must be {first.kind} and {first.flag} as "
                                f"{kind.__name__}.{first.name} is, but it is {known.kind} and {known.flag}.")
    default, text = first.default, first.help
    annotation = types_of(kind)[first.name]
    if len(group) > 1:
        text = " ".join(f"{owner_of(each) or each.__name__}: {with_default(known)}" for each, known in group)
        default, annotation = (False, bool) if first.kind == "bool" else (None, annotation | None)
    return inspect.Parameter(first.name, inspect.Parameter.KEYWORD_ONLY, default=default,
                             annotation=Annotated[annotation, option(first.panel, text, str(first.flag))])


def with_default(known: Setting) -> str:
    """The help of a setting, its default told."""
    if known.default in (None, False, "") or "; default:" in known.help:
        return known.help
    return f"{known.help.removesuffix('.')}; default: {known.default}."
