"""Groups from names: a regular expression with a group, found in the path of each picture (--group-pattern).

Of several groups in it what they find is joined: '(U2OS-[0-9]+)/Plate([0-9])/' gives U2OS-01/3.

An expression can take longer than the universe lasts (`(a+)+$`), and Python's own cannot be told when to stop. It runs
in a process of its own, which is ended after `SECONDS`.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Sequence

from pellucid.errors import ArgumentError, DataError, describe, shown

SECONDS = 10
LONGEST = 1000                  # letters of an expression
EXAMPLE = "For a patient's number in p12_left.png, type --group-pattern 'p([0-9]+)_'."
SEARCH = """
import json, re, sys
pattern, paths = json.load(sys.stdin)
found = [re.search(pattern, path) for path in paths]
json.dump([match and all(match.groups()) and "/".join(match.groups()) for match in found], sys.stdout)
"""


def check_pattern(pattern: str) -> None:
    """Raise ArgumentError for an expression that is none, or has no group."""
    wanted = "a regular expression with a group in brackets"
    if len(pattern) > LONGEST:
        raise ArgumentError(describe("data", "--group-pattern", f"{wanted}, of at most {LONGEST:,} letters",
                                     f"{len(pattern):,} letters long"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)      # of sets within sets
            groups = re.compile(pattern).groups
    except (re.error, RecursionError, OverflowError) as error:
        raise ArgumentError(describe("data", "--group-pattern", wanted, f"'{shown(pattern)}' ({error})",
                                     EXAMPLE)) from error
    if not groups:
        raise ArgumentError(describe("data", "--group-pattern", wanted, f"'{shown(pattern)}', which has none",
                                     f"Brackets that begin with (?: are no group. {EXAMPLE}"))


def groups_of(where: str, paths: Sequence[str], pattern: str | None) -> list[str | None]:
    """The group of each path (N,), all None without a pattern.

    Raises DataError for paths in which nothing is found, ArgumentError for an expression that takes too long.
    """
    if pattern is None:
        return [None] * len(paths)
    import subprocess

    try:
        done = subprocess.run([sys.executable, "-I", "-S", "-c", SEARCH], input=json.dumps([pattern, list(paths)]),
                              capture_output=True, text=True, encoding="ascii", timeout=SECONDS, check=True)
    except subprocess.TimeoutExpired as error:
        raise ArgumentError(f"{where}: the --group-pattern '{shown(pattern)}' takes over {SECONDS} s for "
                            f"{len(paths):,} paths. Write it without a repeat inside a repeat.") from error
    found: list[str | None] = json.loads(done.stdout)
    missing = [path for path, group in zip(paths, found, strict=True) if not group]
    if missing:
        more = f" and of {len(missing) - 1:,} more" if len(missing) > 1 else ""
        raise DataError(f"{where}: the --group-pattern '{shown(pattern)}' finds no group in the path of "
                        f"{shown(missing[0])}{more}. Every picture needs a group: correct the expression.")
    return found
