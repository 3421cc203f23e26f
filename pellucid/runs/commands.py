"""What to type to train with some settings."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence

from pellucid.runs.config import RunConfig
from pellucid.settings import flag_of, spelled

UNSET = {"--augment": "none"}  # what is typed for an empty value, where a word says it better


def command_of(config: RunConfig, *, without: Collection[str] = (), also: Sequence[str] = (), to: str = "train") -> str:
    """pellucid train (or `to`) with what is not at its default but flags in `without`, then the words in `also`."""
    words = ["pellucid", to, config.data]
    for name, value in config.typed().items():
        flag = flag_of(name)
        if flag not in without and value is not False:
            words += [flag] if value is True else [flag, UNSET.get(flag, "") if value == "" else spelled(value)]
    return shlex.join([*words, *also])
