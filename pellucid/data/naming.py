"""Names: of the parts of a data set, of its classes, and of files in another Unicode form or no Unicode at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from pellucid.errors import DataError, FileError, escaped, shown
from pellucid.storage.reading import read_bytes
from pellucid.words import MOST_DIGITS

MOST_LIST = 16 << 20              # bytes of a classes.txt
SPELLINGS = {
    "train": ("train", "training", "trainset"),
    "validation": ("validation", "val", "valid", "dev", "validate"),
    "test": ("test", "testing", "tests", "testset"),
}
_PARTS = {spelling: part for part, spellings in SPELLINGS.items() for spelling in spellings}
_OF_PICTURES = r"set|images?|imgs?|pictures?|photos?|data|split|part"
_PART = re.compile(rf"(?:(?:{_OF_PICTURES})_)?(?P<part>[a-z]+?)(?:_(?:{_OF_PICTURES}))?")


def part_name(word: str) -> str | None:
    """The part that a usual spelling names ("Training", "val", "Test_Set", "train_images"), else None."""
    match = _PART.fullmatch(word.strip().lower().replace("-", "_").replace(" ", "_"))
    return None if match is None else _PARTS.get(match["part"])


def one_form(name: str) -> str:
    """The name in one Unicode form (NFC): macOS unpacks `é` as two letters, other systems as one."""
    return unicodedata.normalize("NFC", name)


def composed(names: Sequence[str]) -> tuple[str, ...]:
    """The names in the form they are compared in; as they are where two of them would become one."""
    made = tuple(map(one_form, names))
    return made if len(set(made)) == len(set(names)) else tuple(names)


def readable(path: str) -> str:
    """A path as text: a name in it that is not UTF-8 (an old archive, unpacked on Linux) is taken for Latin-1."""
    if path.isascii():
        return path
    return "/".join(map(_readable_word, path.split("/")))


def readable_names(paths: Sequence[str]) -> list[str]:
    """`readable` paths (N,), none of which is that of another one: its bytes are then written out."""
    known = set(paths)
    texts = map(readable, paths)
    return [escaped(path) if text != path and text in known else text for path, text in zip(paths, texts, strict=True)]


def _readable_word(word: str) -> str:
    try:
        word.encode()
    except UnicodeEncodeError:
        return word.encode("utf-8", "surrogateescape").decode("latin-1")
    return word


def shown_names(words: Iterable[str]) -> dict[str, str]:
    """One name for each that differs by more than its Unicode form: as it is written, NFC where it is written twice."""
    chosen: dict[str, str] = {}
    for word in words:
        form = one_form(word)
        chosen[form] = word if chosen.get(form, word) == word else form
    return chosen


def sorted_names(names: Collection[str]) -> tuple[str, ...]:
    """Class names in order: by value when all of them are numbers (2 before 10), else by letter."""
    if all(name.isdecimal() and len(name) <= MOST_DIGITS for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def some_names(names: Iterable[str], most: int = 5) -> str:
    """The first names in quotes, each cut to a bearable length, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(f"'{shown(name)}'" for name in names[:most]) + more


def parse_class_list(content: bytes, where: str) -> tuple[str, ...]:
    """The class names of a classes.txt, one a line; line k names label k. Raises DataError for a name used twice."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{where}: class names must be UTF-8 text, but byte {error.start} is not. "
                        "Save the file as UTF-8.") from error
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    seen: set[str] = set()
    for name in names:
        if one_form(name) in seen:
            raise DataError(f"{where}: the class '{shown(name)}' is listed twice. Keep one line a class.")
        seen.add(one_form(name))
    if not names:
        raise DataError(f"{where}: the list of classes is empty. Write one name a line, or remove the file.")
    return names


def read_class_list(folder: Path) -> tuple[str, ...] | None:
    """The names in `folder`/classes.txt, or None when there is no such file."""
    path = folder / "classes.txt"
    return parse_class_list(read_bytes(path, most=MOST_LIST), str(path)) if path.is_file() else None
