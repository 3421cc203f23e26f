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
    text = f"{where}: {argument} must be {wanted}, but it is {got}."
    return f"{text} {remedy}" if remedy else text
