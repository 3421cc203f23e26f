"""Operations on numbers, with the arithmetic of the reference engine.

Kinds of numbers are Keras's: a plain number takes the kind of the array beside it, whole numbers become float32 where
a function gives fractions, comparisons give True and False.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.engines.reference.arithmetic import Context, arithmetic_of
from pellucid.engines.reference.engine import ReferenceEngine  # noqa: F401  (enters the arithmetic)
from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.plan import Step
from pellucid.spec.layer import LayerSpec

YES_OR_NO = {"isnan", "isinf", "isfinite", "logical_not", "greater", "greater_equal", "less", "less_equal", "equal",
             "not_equal", "logical_and", "logical_or", "any", "all"}  # fmt: skip
WHOLE = {"abs", "negative", "sign", "square", "add", "subtract", "multiply", "maximum", "minimum", "floor_divide",
         "mod", "power", "sum", "max", "min", "prod", "clip", "cumsum", "cumprod", "floor", "ceil", "round", "trunc",
         "stop_gradient", "argmax", "argmin"}  # fmt: skip
MOVING = {"Slice", "Permute", "ExpandDims", "Squeeze", "Pad", "Repeat", "BroadcastTo", "BatchOf", "Take", "Lookup",
          "TakeAlong", "Concatenate", "Reshape", "Where", "TopK", "Flatten", "OneHot", "Add", "Multiply", "MatMul",
          "Einsum"}  # fmt: skip


def hold(value: Any) -> np.ndarray:
    """Numbers as an array: fractions that were typed are float32, whole numbers int32; an array stays what it is."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        found = np.asarray(value)
    except ValueError:
        found = np.asarray(None)
    if found.dtype.kind not in "fiub":
        raise ArgumentError(describe("ops", "values", "numbers or tensors", shown(repr(value))))
    if not hasattr(value, "dtype"):
        found = found.astype({"f": np.float32, "i": np.int32}.get(found.dtype.kind, found.dtype))
    return found


def run(spec: LayerSpec, arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The result of one operation; a first axis of size 1 stands in place of the batch axis."""
    function = getattr(spec, "function", "")
    given = together(spec, arrays)
    if not (function in WHOLE | YES_OR_NO or type(spec).__name__ in MOVING):
        given = [x if x.dtype.kind == "f" else x.astype(np.float32) for x in given]
    elif given[0].dtype.kind == "b" and type(spec).__name__ not in MOVING:
        given = [x.astype(np.int32) for x in given]
    current: list[np.ndarray] = [x[None] for x in given]
    values, shapes = list(current), [x.shape for x in given]
    for primitive in spec.expanded(shapes, spec.prefix):
        if primitive.takes is not None:
            current = [values[place] for place in primitive.takes]
        sizes = [x.shape[1:] for x in current]
        primitive.spec.output_shape(sizes, spec.prefix)  # says what does not fit
        step = Step(spec.prefix, primitive.spec, (), 0, (), False, 0)
        current = [arithmetic_of(primitive.spec).forward(primitive.spec, current, {}, Context(step, False))[0]]
        values.append(current[0])
    y = current[0][0]
    if function in YES_OR_NO:
        return np.asarray(y, bool)
    if function in ("argmax", "argmin") or getattr(spec, "part", "") == "indices":
        return np.asarray(y, np.int32)
    return np.asarray(y)


def together(spec: LayerSpec, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Arrays of one kind where they are calculated with each other; numbers of places stay whole."""
    if len(arrays) == 1 or type(spec).__name__ in ("Lookup", "TakeAlong", "BatchOf"):
        return list(arrays)
    first = 1 if type(spec).__name__ == "Where" else 0
    kinds = {x.dtype for x in arrays[first:]}
    if len(kinds) < 2:
        return list(arrays)
    fractions = [kind for kind in kinds if kind.kind == "f"]
    kind = np.result_type(*(fractions or kinds))
    return [*arrays[:first], *(x.astype(kind) for x in arrays[first:])]
