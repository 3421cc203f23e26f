"""docs/command-line.md has an entry for every flag, with the default that is in the code."""

from __future__ import annotations

from pellucid.architectures.names import DEFAULTS, LARGE
from pellucid.cli.options import of_a_run
from pellucid.engines.threads import ONE_THREAD_BELOW
from pellucid.runs.config import EPOCHS_FEW, EPOCHS_MANY, FEW_IMAGES
from pellucid.runs.networks import DEFAULT_DROPOUT
from tests.cli.reference import MAKER, PAGE, commands, made, row_of, setting_row, title_of, with_flags
from tests.docs.made import page_with

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_commands() -> None:
    assert page_with(PAGE, MAKER, made()) == TEXT, "Type: python -m tests.cli.reference"


def test_every_flag_and_argument_has_its_row() -> None:
    """In its command's table, or in that of the settings, to which the command's then points."""
    seen = {name for command in commands().values() for parameter in command.params for name in parameter.opts}
    assert {"--epochs", "--json", "--top", "--threads"} <= seen
    settings = {known.flag for kind in of_a_run() for known in with_flags(kind)}
    for kind in of_a_run():
        assert [each.flag for each in with_flags(kind) if setting_row(each) not in section(title_of(kind))] == []
    for words, command in commands().items():
        text = section(f"`{words}`")
        _, points, left_out = text.partition("And [the settings of a run]")
        for parameter in command.params:
            flag = parameter.opts[0]
            assert row_of(parameter) in text or (points and flag in settings), (words, flag)
            assert f"`{flag}`" not in left_out, (words, flag)
            assert parameter.help and parameter.help.endswith((".", "?")), (words, flag)


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_what_is_chosen_is_told_as_it_is() -> None:
    told = [notation for _, notation in DEFAULTS] + [LARGE, f"{EPOCHS_FEW} for fewer than {FEW_IMAGES:,}",
                                                     f"else {EPOCHS_MANY}", f"dropout {DEFAULT_DROPOUT}"]  # fmt: skip
    told += [f"below {below}" for below, _ in DEFAULTS]
    told += [f"below {flops / 1e9:g} GFLOP" for flops in ONE_THREAD_BELOW.values()]
    missing = [words for words in told if words not in TEXT]
    assert missing == []
