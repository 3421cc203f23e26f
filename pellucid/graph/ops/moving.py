"""Operations that move numbers: other shapes, slices, joins. Keras's names and arguments.

In a network the first axis is that of the samples: it stays first, and no operation mixes samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.calculating import OPERATIONS
from pellucid.graph.operators import Value, inner, node, not_batch, operation, value, whole
from pellucid.spec.merging import Concatenate
from pellucid.spec.moving import BatchOf, BroadcastTo, ExpandDims, Pad, Permute, Repeat, Slice, Squeeze
from pellucid.spec.operations import Take
from pellucid.spec.reshaping import Reshape
from pellucid.spec.shapes import shown as shape_shown


def shape(x: Any) -> tuple[int | None, ...]:
    """The shape; None for the batch axis and for an axis of any size."""
    return tuple(value(x).shape)


def ndim(x: Any) -> int:
    """How many axes there are, the batch axis among them."""
    return len(value(x).shape)


def size(x: Any) -> int | None:
    """How many entries there are; None where an axis may be of any size."""
    sizes = value(x).shape
    return None if None in sizes else math.prod(sizes)


def inner_shape(where: str, x: Value, newshape: Any) -> tuple[Any, ...]:
    """A shape without the batch axis, from one with it."""
    listed = tuple(newshape) if isinstance(newshape, (list, tuple)) else (newshape,)
    sizes = tuple(entry if entry is None else whole(where, "newshape", entry) for entry in listed)
    if not x.batched:
        return sizes
    if not sizes or sizes[0] not in (-1, None):
        wanted = "a shape that begins with -1, the batch axis"
        raise ShapeError(describe(where, "newshape", wanted, str(sizes), "Each sample is reshaped by itself."))
    return sizes[1:]


@operation
def reshape(x: Any, newshape: Any) -> Any:
    """The same numbers in another shape, in which one entry may be -1; in a network the first is -1, the samples."""
    x = value(x)
    sizes = inner_shape("ops.reshape", x, newshape)
    known = None not in x.sizes
    if x.batched and known and -1 not in sizes and None not in sizes and math.prod(sizes) != math.prod(x.sizes):
        wanted = f"a shape of the {math.prod(x.sizes)} entries of a sample of x {shape_shown(x.sizes)}"
        raise ShapeError(describe("ops.reshape", "newshape", wanted, str(newshape)))
    return node(Reshape(sizes), x)


@operation
def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes in another order, by default the reverse one; in a network axis 0 stays first."""
    x = value(x)
    rank = len(x.shape)
    order = [inner("ops.transpose", x, axis) for axis in (range(rank)[::-1] if axes is None else axes)]
    if x.batched:
        if not order or order[0] != 0:
            wanted = "an order that begins with 0, the batch axis"
            remedy = f"Pass {tuple(range(rank))} changed."
            raise ShapeError(describe("ops.transpose", "axes", wanted, str(axes), remedy))
        order = order[1:]
    if sorted(order) != list(range(1, len(order) + 1)) or len(order) != len(x.sizes):
        raise ShapeError(describe("ops.transpose", "axes", f"each of the {rank} axes once", str(axes)))
    return node(Permute(tuple(order)), x) if order else x


@operation
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes in each other's place."""
    x = value(x)
    order = list(range(len(x.shape)))
    one, two = axis1 % len(order), axis2 % len(order)
    order[one], order[two] = order[two], order[one]
    return value(transpose(x, order))


@operation
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places, the others in their order."""
    x = value(x)
    rank = len(x.shape)
    froms = [axis % rank for axis in (source if isinstance(source, (list, tuple)) else (source,))]
    to = [axis % rank for axis in (destination if isinstance(destination, (list, tuple)) else (destination,))]
    order = [axis for axis in range(rank) if axis not in froms]
    for place, axis in sorted(zip(to, froms, strict=True)):
        order.insert(place, axis)
    return value(transpose(x, order))


@operation
def expand_dims(x: Any, axis: Any) -> Any:
    """A new axis of size 1 in place `axis`."""
    x = value(x)
    for entry in axis if isinstance(axis, (list, tuple)) else (axis,):
        x = node(ExpandDims(not_batch("ops.expand_dims", inner("ops.expand_dims", x, entry, extra=1))), x)
    return x


@operation
def squeeze(x: Any, axis: Any = None) -> Any:
    """Without axes of size 1: those named, or all behind the batch axis."""
    x = value(x)
    if axis is None:
        places = [place for place, length in enumerate(x.sizes, 1) if length == 1]
    else:
        listed = axis if isinstance(axis, (list, tuple)) else (axis,)
        places = [not_batch("ops.squeeze", inner("ops.squeeze", x, entry)) for entry in listed]
    for place in sorted(places, reverse=True):
        x = node(Squeeze(place), x)
    return x


@operation
def ravel(x: Any) -> Any:
    """All numbers in a row, of each sample in a network."""
    return value(reshape(x, (-1, *([-1] if value(x).batched else []))))


@operation
def concatenate(xs: Sequence[Any], axis: int = 0) -> Any:
    """The values one after another along `axis`."""
    values = together([value(x) for x in xs])
    place = not_batch("ops.concatenate", inner("ops.concatenate", values[0], axis))
    return node(Concatenate(place), *values) if len(values) > 1 else values[0]


def together(values: list[Value]) -> list[Value]:
    """Values that are joined: beside a batch axis those without one are repeated for every sample.

    Raises ShapeError where their first axis would have to be the batch axis but is larger than 1.
    """
    lead = next((entry for entry in values if entry.batched), None)
    return [entry if lead is None or entry.batched else for_each(entry, lead) for entry in values]


def for_each(entry: Value, lead: Value) -> Value:
    """A value without a batch axis, for every sample of `lead`; a first axis of size 1 becomes the batch axis."""
    if len(entry.sizes) == len(lead.shape) and entry.sizes[0] == 1:
        entry = node(Squeeze(1), entry)
    return node(BatchOf(), entry, lead)


@operation
def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """The values side by side on a new axis."""
    return value(concatenate([value(expand_dims(entry, axis)) for entry in x], axis))


def hstack(xs: Sequence[Any]) -> Any:
    """One after another along axis 1."""
    return concatenate(xs, 1)


@operation
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """A list of parts along `axis`: so many of equal size, or cut at these places."""
    x = value(x)
    place = not_batch("ops.split", inner("ops.split", x, axis))
    length = x.sizes[place - 1]
    if length is None:
        raise ShapeError(describe("ops.split", "axis", "of known size", f"axis {axis} of any size"))
    if isinstance(indices_or_sections, (list, tuple)):
        cuts = [whole("ops.split", "indices", entry) for entry in indices_or_sections]
    else:
        parts = whole("ops.split", "sections", indices_or_sections)
        if parts < 1 or length % parts:
            wanted = f"a number that divides the axis's size {length}"
            raise ShapeError(describe("ops.split", "indices_or_sections", wanted, parts))
        cuts = [length // parts * cut for cut in range(1, parts)]
    ends = [0, *cuts, length]
    return [_cut(x, place, ends[at], ends[at + 1]) for at in range(len(ends) - 1)]


def _cut(x: Value, place: int, start: int, stop: int) -> Value:
    return node(Slice((*[(None, None, 1)] * (place - 1), (start, stop, 1))), x)


@operation
def unstack(x: Any, num: int | None = None, axis: int = 0) -> Any:
    """The values that lie side by side on `axis`, as a list."""
    x = value(x)
    place = not_batch("ops.unstack", inner("ops.unstack", x, axis))
    length = x.sizes[place - 1] if num is None else num
    if length is None:
        raise ShapeError(describe("ops.unstack", "num", "given where the axis may be of any size", "None"))
    return [node(Slice((*[(None, None, 1)] * (place - 1), at)), x) for at in range(length)]


@operation
def repeat(x: Any, repeats: int, axis: int | None = None) -> Any:
    """Each entry of `axis` so many times, one after another."""
    x = value(x if axis is not None else ravel(x))
    place = inner("ops.repeat", x, -1 if axis is None else axis)
    return node(Repeat(whole("ops.repeat", "repeats", repeats), not_batch("ops.repeat", place)), x)


@operation
def tile(x: Any, repeats: Any) -> Any:
    """x so many times along each axis."""
    x = value(x)
    counts = [whole("ops.tile", "repeats", n) for n in (repeats if isinstance(repeats, (list, tuple)) else (repeats,))]
    while len(counts) < len(x.shape):
        counts.insert(0, 1)
    while len(counts) > len(x.shape) and not x.batched:
        x = node(ExpandDims(1), x)
    if x.batched and (len(counts) > len(x.shape) or counts[0] != 1):
        raise ShapeError(describe("ops.tile", "repeats", "1 for the batch axis", str(repeats)))
    for place, times in enumerate(counts[1:] if x.batched else counts, 1):
        x = node(Concatenate(place), *[x] * times) if times > 1 else x
    return x


@operation
def flip(x: Any, axis: int | None = None) -> Any:
    """The entries of `axis` in reverse order; of all axes behind the batch axis by default."""
    x = value(x)
    places = range(1, len(x.sizes) + 1) if axis is None else [not_batch("ops.flip", inner("ops.flip", x, axis))]
    for place in places:
        x = node(Take(tuple(range(_known("ops.flip", x, place)))[::-1], place), x)
    return x


@operation
def roll(x: Any, shift: int, axis: int | None = None) -> Any:
    """The entries of `axis` moved on by `shift`, the last ones to the front."""
    x = value(x)
    place = not_batch("ops.roll", inner("ops.roll", x, -1 if axis is None else axis))
    length = _known("ops.roll", x, place)
    return node(Take(tuple((at - shift) % length for at in range(length)), place), x)


def _known(where: str, x: Value, place: int) -> int:
    length: int | None = x.sizes[place - 1]
    if length is None:
        raise ShapeError(describe(where, "axis", "of known size", f"axis {place} of any size"))
    return length


@operation
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float | None = None) -> Any:
    """A border: one pair (before, after) for each axis, or one for all; mode constant, reflect, symmetric or edge."""
    x = value(x)
    pairs = pad_width if isinstance(pad_width, (list, tuple)) else [(pad_width, pad_width)]
    pairs = [pairs] if isinstance(pairs[0], int) else [tuple(pair) for pair in pairs]
    pairs = [tuple(pair) for pair in (pairs * len(x.shape) if len(pairs) == 1 else pairs)]
    if len(pairs) != len(x.shape):
        raise ShapeError(describe("ops.pad", "pad_width", f"{len(x.shape)} pairs, one an axis", str(len(pairs))))
    if x.batched:
        if pairs[0] != (0, 0):
            raise ShapeError(describe("ops.pad", "pad_width", "(0, 0) for the batch axis", str(pairs[0])))
        pairs = pairs[1:]
    if mode == "constant":
        return node(Pad(tuple(pairs), 0.0 if constant_values is None else float(constant_values)), x)
    for place, (before, after) in enumerate(pairs, 1):
        length = _known("ops.pad", x, place)
        x = node(Take(tuple(_mirrored(mode, at, length) for at in range(-before, length + after)), place), x)
    return x


def _mirrored(mode: str, at: int, length: int) -> int:
    """Which entry stands at place `at` of a border."""
    if mode == "edge":
        return min(max(at, 0), length - 1)
    if mode == "symmetric":
        at %= 2 * length
        return min(at, 2 * length - 1 - at)
    if mode == "reflect":
        at %= max(2 * (length - 1), 1)
        return min(at, 2 * (length - 1) - at)
    wanted = "one of 'constant', 'reflect', 'symmetric', 'edge'"
    raise ArgumentError(describe("ops.pad", "mode", wanted, repr(mode)))


@operation
def broadcast_to(x: Any, shape: Any) -> Any:
    """Axes of size 1 repeated until x has `shape`."""
    x = value(x)
    sizes = tuple(shape)
    if x.batched:
        sizes = inner_shape("ops.broadcast_to", x, shape)
    while len(x.sizes) < len(sizes):
        x = node(ExpandDims(1), x)
    return node(BroadcastTo(sizes), x)


@operation
def get_item(x: Any, index: Any) -> Any:
    """x[index]: places, slices, None for a new axis, and `...`; of the batch axis all."""
    x = value(x)
    listed = list(index) if isinstance(index, tuple) else [index]
    if any(not isinstance(entry, (int, slice, type(None), type(Ellipsis))) and _no_integer(entry) for entry in listed):
        remedy = "For numbers of places use pellucid.ops.take(x, indices, axis)."
        raise ArgumentError(describe("x[...]", "index", "places and slices", repr(index), remedy))
    taking = sum_of(entry is not None and entry is not Ellipsis for entry in listed)
    if Ellipsis not in [entry for entry in listed if not isinstance(entry, slice)]:
        listed.append(Ellipsis)
    middle = next(place for place, entry in enumerate(listed) if entry is Ellipsis)
    listed[middle : middle + 1] = [slice(None)] * (len(x.shape) - taking)
    if x.batched:
        first = listed.pop(0) if listed else slice(None)
        if first != slice(None):
            wanted = "`:` for the batch axis, as in x[:, 0]"
            raise ShapeError(describe("x[...]", "index", wanted, repr(first), "Each sample is calculated by itself."))
    return _sliced(x, listed)


def sum_of(flags: Any) -> int:
    """How many are true."""
    return len([flag for flag in flags if flag])


def _no_integer(entry: Any) -> bool:
    return not hasattr(entry, "__index__") or bool(getattr(entry, "shape", ()))


def _sliced(x: Value, listed: list[Any]) -> Value:
    """Slices first, then what turns an axis round, then new axes."""
    places: list[Any] = []
    turned: list[int] = []
    for entry in listed:
        if entry is None:
            continue
        if isinstance(entry, slice):
            step = 1 if entry.step is None else int(entry.step)
            if step < 0:
                _refuse_backwards(entry, step)
                turned.append(len(places) + 1)
                places.append((None, None, 1))
            else:
                places.append((entry.start, entry.stop, step))
        else:
            places.append(int(entry))
    for axis in turned:
        x = node(Take(tuple(range(_known("x[...]", x, axis)))[::-1], axis), x)
    if any(place != (None, None, 1) for place in places):
        x = node(Slice(tuple(places)), x)
    axis = 1
    for entry in listed:
        if entry is None:
            x = node(ExpandDims(axis), x)
        axis += entry is None or isinstance(entry, slice)
    return x


def _refuse_backwards(entry: slice, step: int) -> None:
    if step != -1 or entry.start is not None or entry.stop is not None:
        remedy = "Take the slice first, then turn it round with [::-1]."
        raise ArgumentError(describe("x[...]", "a step below 0", "-1 over the whole axis", repr(entry), remedy))


OPERATIONS["get_item"] = get_item
OPERATIONS["stack"] = stack
