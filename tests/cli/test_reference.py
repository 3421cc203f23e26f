"""docs/command-line.md has an entry for every flag, with the default that is in the code."""

from __future__ import annotations

from pellucid.architectures.names import DEFAULTS, LARGE
from pellucid.runs.config import EPOCHS_FEW, EPOCHS_MANY, FEW_IMAGES
from pellucid.runs.environment import ONE_THREAD_BELOW
from pellucid.runs.networks import DEFAULT_DROPOUT
from tests.cli.reference import MAKER, PAGE, commands, row_of, tables
from tests.docs.made import page_with

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_commands() -> None:
    assert page_with(PAGE, MAKER, tables()) == TEXT, "Type: python -m tests.cli.reference"


def test_every_flag_and_argument_has_its_row() -> None:
    seen = {name for command in commands().values() for parameter in command.params for name in parameter.opts}
    assert {"--epochs", "--json", "--top", "--threads"} <= seen
    for words, command in commands().items():
        section = TEXT.partition(f"## `{words}`\n")[2].partition("\n## ")[0]
        for parameter in command.params:
            assert row_of(parameter) in section, (words, parameter.name)
            assert parameter.help and parameter.help.endswith((".", "?")), (words, parameter.name)


def test_what_is_chosen_is_told_as_it_is() -> None:
    told = [notation for _, notation in DEFAULTS] + [LARGE, f"{EPOCHS_FEW} for fewer than {FEW_IMAGES:,}",
                                                     f"else {EPOCHS_MANY}", f"dropout {DEFAULT_DROPOUT}"]  # fmt: skip
    told += [f"below {below}" for below, _ in DEFAULTS]
    told += [f"below {flops / 1e9:g} GFLOP" for flops in ONE_THREAD_BELOW.values()]
    missing = [words for words in told if words not in TEXT]
    assert missing == []
