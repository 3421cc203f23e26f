"""The layout of a run folder: which file is which. Everything in it is plain: JSON, CSV, PNG, HTML, safetensors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pellucid.errors import FileError, shown
from pellucid.storage.claims import claimed
from pellucid.storage.tables import read_csv
from pellucid.storage.writer import make_folder, remove_leftovers
from pellucid.words import nearest

MOST_NAMED = 8  # of the runs beside one that is not there
FAILED = "failed: "  # how the last line of log.txt begins after a fault


@dataclass(frozen=True)
class RunFolder:
    """The folder of one training run and the paths within it; a path may not exist yet.

    `of_tasks` are names of further files that what is learnt brings along.
    """

    path: Path
    of_tasks: tuple[str, ...] = ()

    @classmethod
    def create(
        cls, path: str | os.PathLike[str], *, exist_ok: bool = False, of_tasks: tuple[str, ...] = ()
    ) -> RunFolder:
        """Make the folder of a new run; with `exist_ok` it may hold a run already, which the caller continues.

        Raises FileError when the folder holds a run or one of its files, or cannot be made.
        """
        folder = cls(Path(path), of_tasks)
        make_folder(folder.path)
        if not exist_ok:
            folder._refuse_files_of_a_run()
        return folder

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """The folder of a run that exists. Raises FileError when it is none."""
        folder = cls(Path(path))
        if not folder.path.exists():
            raise FileError(f"{shown(path)} does not exist: there is no run. {runs_near(folder.path)}")
        if not folder.path.is_dir():
            raise FileError(f"{path} is a file, not a run folder. Give the folder that pellucid train --out wrote.")
        if not folder.config.is_file():
            raise FileError(
                f"{path} is not a run folder: it has no config.json. Give the folder that pellucid train --out wrote."
            )
        return folder

    @contextmanager
    def claimed(self, *, new: bool = False) -> Iterator[None]:
        """Hold the folder for writing during the block; `new`: it must still hold no run.

        Raises FileError when another process is writing there, when it holds links or anything but plain files and
        folders, and as `create` does.
        """
        with claimed(self.path):
            if new:
                self._refuse_files_of_a_run()
            yield

    def sweep(self) -> None:
        """Remove what a killed write left; the run of this folder must not be running."""
        remove_leftovers(self.path)

    @property
    def config(self) -> Path:
        """Every setting of the run, defaults included."""
        return self.path / "config.json"

    @property
    def model(self) -> Path:
        """The model of the epoch that was kept."""
        return self.path / "model.safetensors"

    @property
    def last(self) -> Path:
        """The checkpoint: all that a resume needs."""
        return self.path / "last.safetensors"

    @property
    def history(self) -> Path:
        """A row an epoch, without times."""
        return self.path / "history.csv"

    @property
    def steps(self) -> Path:
        """A row a step, with times."""
        return self.path / "steps.csv"

    def logged(self) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        """The rows of history.csv and of steps.csv; none where it is not there. Raises FileError for a damaged one."""
        history, steps = (read_csv(path) if path.exists() else [] for path in (self.history, self.steps))
        return history, steps

    @property
    def metrics(self) -> Path:
        """The final numbers, with the count of samples behind them."""
        return self.path / "metrics.json"

    @property
    def checks(self) -> Path:
        """What the checks before training found."""
        return self.path / "checks.json"

    @property
    def report(self) -> Path:
        """The report, one HTML file that needs no other."""
        return self.path / "report.html"

    @property
    def sections(self) -> Path:
        """What the report shows of the task, as data."""
        return self.path / "sections.json"

    @property
    def predictions(self) -> Path:
        """A line an evaluated sample."""
        return self.path / "predictions.jsonl"

    @property
    def curves(self) -> Path:
        """Loss, watched score and update ratio over time."""
        return self.path / "curves.png"

    @property
    def diagnosis(self) -> Path:
        """What pellucid diagnose found."""
        return self.path / "diagnosis.json"

    @property
    def diagnosis_page(self) -> Path:
        """The diagnosis, one HTML file that needs no other."""
        return self.path / "diagnosis.html"

    def diagnosis_picture(self, name: str) -> Path:
        """A picture of the diagnosis, by what it shows."""
        return self.path / f"diagnosis-{name}.png"

    @property
    def log(self) -> Path:
        """What was said during the run."""
        return self.path / "log.txt"

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that training may write, and whatever is made of it without being asked for."""
        return (self.config, self.model, self.last, self.history, self.steps, self.metrics, self.checks, self.report,
                self.sections, self.predictions, self.curves, *(self.path / name for name in self.of_tasks),
                self.log)  # fmt: skip

    def _refuse_files_of_a_run(self) -> None:
        if os.path.lexists(self.config):
            raise FileError(
                f"{self.path} already holds a run. Choose another --out, or continue it with: "
                f"pellucid train --resume {self.path}"
            )
        for path in self.files:
            if os.path.lexists(path):  # a link that leads nowhere too
                raise FileError(f"{path} exists, and a run would overwrite it. Choose another --out.")


def runs_in(folder: Path) -> list[str]:
    """The names of the run folders in a folder, in the order of their names."""
    with suppress(OSError):
        return sorted(entry.name for entry in folder.iterdir() if (entry / "config.json").is_file())
    return []


def runs_near(place: Path) -> str:
    """What may be meant by a run that is not there: the nearest beside it or in runs/, and which others there are."""
    for folder in (place.parent, Path("runs")):
        if names := runs_in(folder):
            told = ", ".join(f"'{shown(name)}'" for name in names[:MOST_NAMED])
            more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
            near = nearest((folder / place.name).as_posix(), [(folder / name).as_posix() for name in names])
            return f"{near} In {shown(folder.as_posix())} there is: {told}{more}.".lstrip()
    return "Check the path; pellucid runs FOLDER lists what there is."
