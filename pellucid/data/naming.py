"""Names that people give to the parts of a data set, and the list of class names that may lie beside the data."""

from __future__ import annotations

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


def parse_class_list(text: str, where: str) -> tuple[str, ...]:
    """The class names of a classes.txt, one a line; line k names label k. Raises DataError for a name used twice."""
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    double = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if double is not None:
        raise DataError(f"{where}: the class '{double}' is listed twice. Keep one line a class.")
    return names


def read_class_list(folder: Path) -> tuple[str, ...] | None:
    """The names in `folder`/classes.txt, or None when there is no such file."""
    path = folder / "classes.txt"
    if not path.is_file():
        return None
    try:
        return parse_class_list(path.read_text("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: class names must be UTF-8 text, but byte {error.start} is not. "
                        "Save the file as UTF-8.") from error
