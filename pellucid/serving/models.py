"""The models of a server, by name: what each name stands for now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pellucid.errors import UsageError, describe, shown
from pellucid.serving.refusals import Refused
from pellucid.serving.version import Version

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")


class Models:
    """Name -> the version that answers now. The first is the one that is asked where no name is given."""

    def __init__(self, runs: Sequence[str], *, batch: int, max_pixels: int, engine: str | None) -> None:
        self.runs = named(runs)
        self.batch, self.max_pixels, self.engine = batch, max_pixels, engine
        self.now = {name: self.load(name) for name in self.runs}

    def load(self, name: str) -> Version:
        """The model of a name as its file is now."""
        return Version(name, self.runs[name], batch=self.batch, max_pixels=self.max_pixels, engine=self.engine)

    def __getitem__(self, name: str | None) -> Version:
        """The version of a name, or the first. Raises Refused for a name that is none."""
        found = next(iter(self.now.values())) if name is None else self.now.get(name)
        if found is None:
            raise Refused(404, f"model: there is none called '{shown(name)}'. There is: {', '.join(self.now)}.")
        return found

    def __iter__(self) -> Iterator[Version]:
        return iter(self.now.values())


def named(runs: Sequence[str]) -> dict[str, str]:
    """Name -> run; of NAME=RUN both, else the name of its folder or file. Raises UsageError for two of one name."""
    found: dict[str, str] = {}
    for word in runs:
        name, equals, run = word.partition("=")
        if not (equals and NAME.fullmatch(name)):
            path = Path(word).resolve()
            folder = path.name == "model.safetensors" and (path.parent / "config.json").is_file()
            name, run = path.parent.name if folder else path.name.removesuffix(".safetensors"), word
        if not NAME.fullmatch(name):
            raise UsageError(describe("serve", "a model's name", "letters, digits and ._+- alone", repr(shown(name)),
                                      f"Type, for example, model={shown(run)}."))
        if name in found:
            raise UsageError(f"serve: {shown(found[name])} and {shown(run)} would both be called '{name}'. Name one of "
                             f"them, e.g. other={shown(run)}.")  # fmt: skip
        found[name] = run
    return found
