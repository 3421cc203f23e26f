"""The few errors Pellucid raises, and how a message is worded.

A message has five parts, in this order: where (layer, file or command), which argument, what was wanted,
what came, and what to type next. `describe` puts them together; callers state only the facts.
"""

from __future__ import annotations


class PellucidError(Exception):
    """Any fault Pellucid explains to its user; the command line prints it as one sentence, never a traceback."""


class ArgumentError(PellucidError, ValueError):
    """An argument outside its legal values."""


class ShapeError(PellucidError, ValueError):
    """Arrays or layers whose shapes do not fit together."""


class DataError(PellucidError, ValueError):
    """A data set that cannot be read or cannot be learnt from as it is."""


class FileError(PellucidError, OSError):
    """A file that is missing, broken, of another program, or cannot be written."""


class TrainingError(PellucidError, ArithmeticError):
    """Training that cannot go on: a loss or a weight that is no longer finite."""


class UsageError(PellucidError, ValueError):
    """A command or a call that cannot be meant as typed; the command line ends with exit code 2."""


def describe(where: str, argument: str, wanted: str, got: object, remedy: str = "") -> str:
    """Word one message: `conv2d 'stem': strides must be ..., but it is 0. Pass strides=1 or more.`"""
    text = f"{shown(where, LONG)}: {shown(argument, LONG)} must be {wanted}, but it is {shown(got, LONG)}."
    return f"{text} {remedy}" if remedy else text


LONG = 240  # characters of what `describe` is given, which may be a list of names
MOST_SHOWN = 80  # characters of what a message quotes
HARMLESS = "\u00a0\u202f\u3000\u200c\u200d"  # spaces and joiners of scripts, though Python calls them unprintable


def escaped(text: object) -> str:
    """`text` on one line that a terminal and a log may show: what is not printable as \\n, \\x1b, \\u202e.

    That is control characters, line breaks, marks that turn the direction of writing, lone surrogates; a byte of a
    name that was no UTF-8 is shown as \\xff.
    """
    words = str(text)
    if words.isprintable():
        return words
    return "".join(char if char.isprintable() or char in HARMLESS else _escape(char) for char in words)


def _escape(char: str) -> str:
    undecoded = "\udc80" <= char <= "\udcff"  # how Python keeps a byte that was no UTF-8
    return f"\\x{ord(char) - 0xDC00:02x}" if undecoded else char.encode("unicode_escape").decode("ascii")


def shown(text: object, most: int = MOST_SHOWN) -> str:
    """What a message quotes, `escaped` and of at most `most` characters: of a longer text the beginning and the end."""
    words = str(text)
    if len(words) > 2 * most:  # what is left out need not be escaped
        words = words[:most] + words[-most:]
    words, longer = escaped(words), len(words) != len(str(text))
    if len(words) <= most and not longer:
        return words
    end = most // 3
    return f"{words[: most - end - 3]}...{words[len(words) - end :]}"
