"""Names that people give to the parts of a data set, and the list of class names that may lie beside the data."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pellucid.errors import DataError, FileError

SPELLINGS = {
    "train": ("train", "training", "trainset", "train_set", "training_set"),
    "validation": ("validation", "val", "valid", "dev", "validate", "validation_set", "val_set"),
    "test": ("test", "testing", "tests", "testset", "test_set", "testing_set"),
}
_PARTS = {spelling: part for part, spellings in SPELLINGS.items() for spelling in spellings}


def part_name(word: str) -> str | None:
    """"train", "validation" or "test" for a usual spelling ("Training", "val", "Test_Set"), else None."""
    return _PARTS.get(word.strip().lower().replace("-", "_"))


def sorted_names(names: Collection[str]) -> tuple[str, ...]:
    """Class names in order: by value when all of them are numbers (2 before 10), else by letter."""
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def parse_class_list(content: bytes, where: str) -> tuple[str, ...]:
    """The class names of a classes.txt, one a line; line k names label k. Raises DataError for a name used twice."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{where}: class names must be UTF-8 text, but byte {error.start} is not. "
                        "Save the file as UTF-8.") from error
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    double = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if double is not None:
        raise DataError(f"{where}: the class '{double}' is listed twice. Keep one line a class.")
    if not names:
        raise DataError(f"{where}: the list of classes is empty. Write one name a line, or remove the file.")
    return names


def read_class_list(folder: Path) -> tuple[str, ...] | None:
    """The names in `folder`/classes.txt, or None when there is no such file."""
    path = folder / "classes.txt"
    return parse_class_list(path.read_bytes(), str(path)) if path.is_file() else None
