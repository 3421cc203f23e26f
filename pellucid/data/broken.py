"""Pictures that cannot be read: told all at once, or left out where the user allows so many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from pellucid.data.annotations import Annotations, Classes
from pellucid.data.picture_files import Unreadable, Unsupported
from pellucid.data.sources import Source
from pellucid.errors import DataError, shown

Fault = Unreadable | Unsupported
NAMED = 10         # paths in one sentence


def without_broken(where: str, sources: Sequence[Source], faults: Mapping[int, Fault], allowed: float) -> list[str]:
    """The note on those that are left out; each is named in the log. `faults` has the number of its source each.

    Raises the fault of one, or one that names them all, when they are more than `allowed` percent.
    """
    if not faults:
        return []
    share = 100 * len(faults) / len(sources)
    if share > allowed or len(faults) == len(sources):
        raise told_at_once(where, sources, faults, allowed)
    import logging

    for number in sorted(faults):
        logging.getLogger("pellucid").info("left out: %s", faults[number])
    return [f"left out, as they cannot be read: {in_number(len(faults))} ({share:.2g} %), {_names(sources, faults)}"]


def told_at_once(where: str, sources: Sequence[Source], faults: Mapping[int, Fault], allowed: float) -> Fault:
    """One sentence on all of them, of the kind of the first."""
    first, *others = sorted(faults)
    fault = faults[first]
    more = f", and {len(others):,} more: {_names(sources, others)}" if others else ""
    remedy = fault.remedy.replace("the file.", "the files.") if others else fault.remedy
    if len(faults) < len(sources):
        least = ceil(100 * len(faults) / len(sources))
        many = f" (more than {allowed:g} %)" if allowed else ""
        remedy += f" To go on without {'them' if others else 'it'}{many}, type --skip-broken {least}%."
    return type(fault)(fault.where, fault.why + more, remedy)


def refuse_emptied(where: str, before: Annotations, after: Annotations, names: Sequence[str]) -> None:
    """Raise DataError when nothing, or no picture of a class, is left of what is learnt from.

    `before` and `after` are of that part before and after pictures were left out.
    """
    if isinstance(before, Classes):
        lost = sorted(set(before.strata.tolist()) - set(after.strata.tolist()))
        if lost:
            raise DataError(f"{where}: no picture of the class '{names[lost[0]]}' can be read, so it cannot be left "
                            "out. Replace its pictures, or remove the class.")
    if not len(after):
        raise DataError(f"{where}: no picture to learn from can be read, so they cannot be left out. Replace them.")


def _names(sources: Sequence[Source], numbers: Sequence[int] | Mapping[int, Fault]) -> str:
    paths = [shown(sources[number].path) for number in sorted(numbers)]
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return ", ".join(paths[:NAMED]) + more


def in_number(count: int) -> str:
    """`1 picture`, `2,000 pictures`."""
    return f"{count:,} picture{'s' if count != 1 else ''}"
