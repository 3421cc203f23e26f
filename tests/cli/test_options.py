"""Options made from lists of settings: flags, headings, defaults, what was typed, and lists that join later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import pytest
import typer

from pellucid.cli.app import Application
from pellucid.cli.help import GroupedCommand
from pellucid.cli.options import Given, option, parameters, with_settings
from pellucid.errors import ArgumentError, UsageError
from pellucid.runs.config import RunConfig
from pellucid.settings import LEARNING, RUN, listed, setting
from tests.cli.terminal import Terminal
from tests.settings.toy import Toy

Called = list[Given]
Type = Callable[..., str]


@pytest.fixture
def lists() -> list[type]:
    return [Toy]


@pytest.fixture
def called() -> Called:
    return []


@pytest.fixture
def application(lists: list[type], called: Called) -> Application:
    app = Application(add_completion=False, rich_markup_mode=None)

    @app.command("draw", cls=GroupedCommand)
    @with_settings(lambda: lists, without=("weight",))
    def draw(
        what: Annotated[str, typer.Argument(help="What.")] = "sheep",
        *,
        settings: Given,
        out: Annotated[str, option(RUN, "Where to.")] = "here",
    ) -> None:
        """Draw."""
        called.append(settings)

    @app.command("weigh")
    @with_settings(lambda: lists, only=("weight", "rings"))
    def weigh(*, settings: Given) -> None:
        """Weigh."""
        called.append(settings)

    return app


def flags(application: Application, command: str) -> list[str]:
    """The flags of a command, as they stand on its help page."""
    made: Any = typer.main.get_command(application)
    return [name for each in made.commands[command].params for name in each.opts if name.startswith("--")]


def type_in(application: Application, *words: str) -> None:
    application(list(words), standalone_mode=False)


def test_flags_stand_by_heading_and_in_the_place_of_settings(application: Application) -> None:
    assert flags(application, "draw") == ["--delta", "--rings", "--colour", "--turned", "--out"]
    assert flags(application, "weigh") == ["--rings", "--weight"]


def test_the_help_page(application: Application, capsys: pytest.CaptureFixture[str]) -> None:
    type_in(application, "draw", "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert f"{LEARNING}: --delta <float> Where the curve turns straight. [default: 1.0] The toy: --rings <int>" in text
    assert "--turned Stand it on its head." in text and "--no-" not in text
    assert text.endswith("[default: here] Options: --help Show this message and exit.")


def test_what_was_typed_becomes_settings(application: Application, called: Called) -> None:
    type_in(application, "draw", "cow", "--rings", "3", "--turned", "--colour", "red")
    type_in(application, "draw")
    assert called[0].of(Toy, made="there") == Toy(rings=3, upside_down=True, made="there")
    assert called[0].flags == ["--rings", "--colour", "--turned"]  # a default that was typed is typed
    assert called[1].of(Toy) == Toy() and called[1].flags == []


def test_a_command_that_takes_some_gets_those(application: Application, called: Called) -> None:
    type_in(application, "weigh", "--weight", "7")
    assert called[0].values(Toy) == {"rings": None, "weight": 7.0}


@pytest.mark.parametrize("command", ["draw", "weigh"])
def test_what_is_not_legal_is_told_in_the_commands_name(
    command: str, application: Application, called: Called
) -> None:
    type_in(application, command, "--rings", "0")
    for read in (called[0].of, called[0].values):
        with pytest.raises(UsageError, match=f"^{command}: --rings must be from 1 to 9, but it is 0\\.$"):
            read(Toy)


# --- several lists --------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Clay:
    """Another list, one setting of which is called as one of Toy."""

    owner: ClassVar[str] = "clay"

    delta: float = setting(0.5, "How soft it is.", panel=LEARNING)
    fired: bool = setting(False, "Whether it was in the oven.", panel="The clay")


def test_a_list_that_joins_later_has_its_flags(application: Application, lists: list[type], called: Called) -> None:
    assert "--fired" not in flags(application, "draw")
    lists.append(Clay)
    type_in(application, "draw", "--fired", "--delta", "2")
    assert called[0].of(Clay) == Clay(2.0, True) and called[0].of(Toy) == Toy(2.0)
    assert called[0].foreign(Toy) == ["fired"] and called[0].foreign(Toy, Clay) == []
    type_in(application, "draw")
    assert (called[1].of(Clay).delta, called[1].of(Toy).delta) == (0.5, 1.0)  # each has its own default


def test_the_application_is_made_anew_when_main_is_called(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.cli.train import train

    assert "--turned" not in terminal.type("train", "--help").out
    with monkeypatch.context() as patch:
        patch.setattr(train, "lists", lambda: (RunConfig, Toy))
        text = terminal.type("train", "--help").out
        assert text.index("--augment") < text.index("--delta") < text.index("--preprocess") < text.index("--turned")
    assert "--turned" not in terminal.type("train", "--help").out


def test_a_flag_of_two_lists_tells_them_apart() -> None:
    told = parameters(RunConfig, Toy, Clay)["delta"]
    assert told.default is None
    assert told.annotation.__metadata__[0].help == (
        "toy: Where the curve turns straight; default: 1.0. clay: How soft it is; default: 0.5."
    )
    assert list(parameters(RunConfig, Clay))[:3] == ["model", "activation", "dropout"]
    names = list(parameters(RunConfig, Toy))
    assert names.index("augment") + 1 == names.index("delta")
    assert names[-4:] == ["rings", "colour", "upside_down", "weight"]


def test_lists_that_do_not_fit_together() -> None:
    @dataclass(frozen=True)
    class Other:
        delta: str = setting("small", "In words.", panel=LEARNING)

    with pytest.raises(ArgumentError, match=r"Other\.delta: must be float and --delta as Toy\.delta is, but it is str"):
        parameters(Toy, Other)


def test_a_command_cannot_take_what_no_list_has() -> None:
    app = Application(add_completion=False, rich_markup_mode=None)

    @app.command("one")
    @with_settings(lambda: (Toy,), only=("rings", "ring"))
    def one(*, settings: Given) -> None:
        """One."""

    with pytest.raises(ArgumentError, match="one: no list has a setting called ring"):
        typer.main.get_command(app)


def test_every_setting_of_a_run_is_an_option_of_its_kind() -> None:
    made = parameters(RunConfig)
    assert {known.name for known in listed(RunConfig)} - made.keys() == {"data", "head_by_name"}
    for known in listed(RunConfig):
        if known.name in made:
            assert made[known.name].default == known.default
            assert made[known.name].annotation.__metadata__[0].default == known.flag  # where Typer puts the first name
