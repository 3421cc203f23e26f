"""The layout of a search's folder, and whose it is.

search.json   what the search is, and what it came to      trials.csv   a row a trial
study.sqlite3 the database, unless --storage names one     search.png, search.html   the picture and the page
trials/0000   a run folder a trial                         best/        the run folder of the best
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid.errors import FileError
from pellucid.storage.entries import enclose, refuse_unplain_entries
from pellucid.storage.identity import refuse_another
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.writer import make_folder, write_json

FORMAT = 1


@dataclass(frozen=True)
class SearchFolder:
    """The folder of a search and the paths within it."""

    path: Path

    @property
    def record(self) -> Path:
        """What the search is: data, settings, space; and what it came to."""
        return self.path / "search.json"

    @property
    def study(self) -> Path:
        """The database of its trials."""
        return self.path / "study.sqlite3"

    @property
    def table(self) -> Path:
        """A row a trial."""
        return self.path / "trials.csv"

    @property
    def picture(self) -> Path:
        """The picture of the trials."""
        return self.path / "search.png"

    @property
    def page(self) -> Path:
        """The page, one HTML file that needs no other."""
        return self.path / "search.html"

    @property
    def best(self) -> RunFolder:
        """The run folder of the best trial."""
        return RunFolder(self.path / "best")

    def trial(self, number: int) -> RunFolder:
        """The run folder of a trial."""
        return RunFolder(self.path / "trials" / f"{number:04d}")

    def claim(self, identity: dict[str, Any]) -> bool:
        """Make the folder of a search, or say that it is this search's already.

        Raises FileError when it is another search's, naming what differs, or holds files of something else.
        """
        make_folder(self.path)
        self.refuse_led_elsewhere()
        if not self.record.exists():
            for path in (self.study, self.best.path, self.path / "trials", self.path / "config.json"):
                if path.exists():
                    raise FileError(f"{path} exists, but there is no {self.record.name} that says of which search it "
                                    "is. Choose another --out.")  # fmt: skip
            write_json(self.record, {"format": FORMAT, "identity": identity})
            return False
        self.refuse_another(identity)
        return True

    def refuse_led_elsewhere(self) -> None:
        """Raise FileError when the folder, or a folder of runs in it, holds links; none is followed from now on."""
        self.enclose()
        for folder in (self.path, self.path / "trials"):
            if folder.exists():
                refuse_unplain_entries(folder)

    def enclose(self) -> None:
        """Every process that writes into the folder follows no link below it."""
        enclose(self.path)

    def refuse_another(self, identity: dict[str, Any]) -> None:
        """Raise FileError when the folder is of a search over another space, of another model or on other data."""
        refuse_another(self.record, identity, "search")
