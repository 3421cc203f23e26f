"""Files and folders that systems and programs leave behind; they are left out and counted.

Source  Synology (@eaDir, #recycle), QNAP (@Recycle, @__thumb), Windows ($RECYCLE.BIN, System Volume Information,
        Thumbs.db, desktop.ini), Linux (lost+found), Android (LOST.DIR), macOS (__MACOSX and all that begins with a dot)
"""

from __future__ import annotations

SYSTEM_FOLDERS = frozenset((
    "@eadir", "@recycle", "@__thumb", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "system volume information",
    "lost+found", "lost.dir", "__macosx",
))  # fmt: skip
SYSTEM_FILES = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"))


def is_system_folder(word: str) -> bool:
    """Whether a folder's name is one that a system gives, in any case."""
    return word.lower() in SYSTEM_FOLDERS


def is_hidden_word(word: str) -> bool:
    """Whether one name of a path hides what it names: it begins with a dot or a system gave it."""
    return (word.startswith(".") and word != ".") or is_system_folder(word) or word.lower() in SYSTEM_FILES


def is_hidden(path: str) -> bool:
    """Whether a POSIX path leads to, or through, something hidden."""
    *folders, last = path.split("/")
    return is_hidden_word(last) or any(is_hidden_word(word) and word.lower() not in SYSTEM_FILES for word in folders)


def system_folders_in(paths: list[str]) -> list[str]:
    """The different system folders that paths lead through, as they are written, sorted."""
    return sorted({word for path in paths for word in path.split("/") if is_system_folder(word)})
