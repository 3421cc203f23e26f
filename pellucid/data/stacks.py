"""A picture in several files, one a channel: `--channels "w1=nuclei,w2=er"` says what in a name tells the channel.

Rule    the last place in a path where a word of the pattern stands alone (no digit behind its last digit, no letter
        beside its letters) is the channel; what is left of the path is the picture: B02_s1_w1.png -> B02_s1.png
Shapes  planes (H, W) of one size and one dtype -> (H, W, C), C in the order of the pattern
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pellucid.data.endings import is_picture
from pellucid.data.naming import some_names
from pellucid.data.sources import Source, Tree
from pellucid.errors import ArgumentError, DataError, describe, shown

STACK = "stack"                       # what a model's record calls the pattern by which its channels lay in files
PAIR = re.compile(r"\s*([^=,]+?)\s*=\s*([^=,]+?)\s*")
JOINTS = "_-. "                       # letters that a channel's word leaves behind
EXAMPLE = 'Type, for example, --channels "w1=nuclei,w2=er".'
Planes = dict[str, Source]            # of one picture, by word


@dataclass(frozen=True)
class Pattern:
    """Words in names of files, and the names of the channels that they stand for."""

    words: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def expression(self) -> re.Pattern[str]:
        """Finds a word that stands alone."""
        return re.compile("|".join(f"(?:{_alone(word)})" for word in sorted(self.words, key=len, reverse=True)))

    def split(self, path: str) -> tuple[str, str] | None:
        """The path of the picture, and the word in it; None where there is none."""
        stem, dot, end = path.rpartition(".")
        matches = list(self.expression.finditer(stem))
        if not matches:
            return None
        found = matches[-1]
        before, after = stem[: found.start()], stem[found.end():]
        if not after or after[0] in (*JOINTS, "/"):
            before = before.rstrip(JOINTS)
        if not before or before.endswith("/"):
            after = after.lstrip(JOINTS + "/" if not before else JOINTS)
        return f"{before}{after}".replace("//", "/") + dot + end, found[0]


def _alone(word: str) -> str:
    before = r"(?<![A-Za-z])" if word[0].isalpha() else r"(?<![0-9])" if word[0].isdecimal() else ""
    after = r"(?![A-Za-z])" if word[-1].isalpha() else r"(?![0-9])" if word[-1].isdecimal() else ""
    return before + re.escape(word) + after


def parse_pattern(text: str) -> Pattern:
    """The pattern in `w1=nuclei,w2=er`. Raises ArgumentError for one that means nothing."""
    pairs = [PAIR.fullmatch(part) for part in text.split(",")]
    if not all(pairs):
        raise ArgumentError(describe("data", "--channels", "WORD=NAME for each channel, with commas between them",
                                     repr(shown(text)), EXAMPLE))
    words, names = zip(*(pair.groups() for pair in pairs if pair), strict=True)
    for what, told in (("words in names of files", words), ("names of channels", names)):
        if len(set(told)) < len(told):
            raise ArgumentError(describe("data", "--channels", f"different {what}", repr(shown(text)), EXAMPLE))
    return Pattern(words, names)


def stack_of(path: str, planes: Sequence[Source], names: Sequence[str]) -> Source:
    """One source for several: its size and stamp change with any of theirs."""
    return Source(path, planes[0].file, sum(plane.size for plane in planes), max(plane.stamp for plane in planes),
                  planes=tuple(planes), names=tuple(names))


def stacked(tree: Tree, pattern: Pattern, *, require_all: bool) -> Tree:
    """The tree with a source a picture in place of a file a channel; files that are no pictures stay.

    Pictures without all of their channels are left out, with a remark. Raises DataError for them when `require_all`,
    for a channel that two files claim, and where no file has any of the words in its name.
    """
    others = [source for source in tree.sources if not is_picture(source.path)]
    pictures, unmatched = gathered(tree.where, [one for one in tree.sources if is_picture(one.path)], pattern)
    if not pictures:
        raise DataError(f"{tree.where}: no picture's name holds {' or '.join(map(shown, pattern.words))}, which "
                        f"--channels says tells its channel. {EXAMPLE}")
    called = dict(zip(pattern.words, pattern.names, strict=True))
    whole = {path: planes for path, planes in pictures.items() if len(planes) == len(called)}
    lacking = {path: [called[word] for word in called if word not in planes]
               for path, planes in pictures.items() if path not in whole}
    remarks = incomplete(tree.where, lacking, len(pictures), require_all=require_all)
    if unmatched:
        remarks.append(f"pictures whose names hold no channel, left out: {len(unmatched):,} ({some_names(unmatched)})")
    stacks = [stack_of(path, [planes[word] for word in called], pattern.names) for path, planes in whole.items()]
    return replace(tree, sources=tuple(sorted([*others, *stacks], key=lambda source: source.path)),
                   remarks=(*tree.remarks, *remarks))


def gathered(where: str, sources: Sequence[Source], pattern: Pattern) -> tuple[dict[str, Planes], list[str]]:
    """The planes of each picture by its path, and the paths of files that hold no channel. Raises DataError."""
    pictures: dict[str, Planes] = {}
    unmatched: list[str] = []
    for source in sources:
        split = pattern.split(source.path)
        if split is None:
            unmatched.append(source.path)
            continue
        planes = pictures.setdefault(split[0], {})
        if split[1] in planes:
            raise DataError(f"{where}: both {shown(planes[split[1]].path, 200)} and {shown(source.path, 200)} claim "
                            f"the channel {shown(split[1])} of {shown(split[0], 200)}. Remove one, or correct "
                            "--channels.")
        planes[split[1]] = source
    return pictures, unmatched


def incomplete(where: str, lacking: Mapping[str, Sequence[str]], count: int, *, require_all: bool) -> list[str]:
    """The remark on pictures of which channels are missing. Raises DataError when all are required or none is whole."""
    if not lacking:
        return []
    first = min(lacking)
    channels = sorted({name for names in lacking.values() for name in names})
    told = (f"{len(lacking):,} of {count:,} pictures lack channels ({', '.join(map(shown, channels))}), such as "
            f"{shown(first, 200)}: {', '.join(map(shown, lacking[first]))}")
    if require_all or len(lacking) == count:
        leave = "leave --require-all-channels out to go on without these pictures" if require_all and (
            len(lacking) < count) else "name those that are there with --channels"
        raise DataError(f"{where}: {told}. Add the files, or {leave}.")
    return [f"left out: {told}; --channels with those that are there keeps them"]
