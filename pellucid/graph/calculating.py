"""Calculating: what lets a tensor be added, multiplied, compared and sliced as an array is.

The operations themselves are nodes of the graph; the file that makes them enters its functions in `OPERATIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from pellucid.errors import UsageError

OPERATIONS: dict[str, Callable[..., Any]] = {}


class Tape(Protocol):
    """What knows the numbers of tensors."""

    def enter(self, value: Any) -> Any:
        """A tensor for numbers."""

    def numbers(self, tensor: Any) -> Any:
        """The numbers of a tensor."""


TAPES: list[Tape] = []  # the last is asked, while a step of a user's own is at work


def no_number(what: str, remedy: str) -> UsageError:
    """The fault of asking a tensor for a number."""
    return UsageError(f"{what}: a tensor has no numbers while the network is built. {remedy}")


class Calculating:
    """Arithmetic, comparison and slices as nodes of a graph."""

    dtype = "float32"

    @property
    def ndim(self) -> int:
        """How many axes it has, the batch axis among them."""
        return len(self.shape)  # type: ignore[attr-defined]

    rank = ndim

    def __add__(self, other: Any) -> Any:
        return OPERATIONS["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return OPERATIONS["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return OPERATIONS["subtract"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return OPERATIONS["subtract"](other, self)

    def __mul__(self, other: Any) -> Any:
        return OPERATIONS["multiply"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return OPERATIONS["multiply"](other, self)

    def __truediv__(self, other: Any) -> Any:
        return OPERATIONS["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return OPERATIONS["divide"](other, self)

    def __floordiv__(self, other: Any) -> Any:
        return OPERATIONS["floor_divide"](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return OPERATIONS["floor_divide"](other, self)

    def __mod__(self, other: Any) -> Any:
        return OPERATIONS["mod"](self, other)

    def __pow__(self, other: Any) -> Any:
        return OPERATIONS["power"](self, other)

    def __rpow__(self, other: Any) -> Any:
        return OPERATIONS["power"](other, self)

    def __matmul__(self, other: Any) -> Any:
        return OPERATIONS["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return OPERATIONS["matmul"](other, self)

    def __neg__(self) -> Any:
        return OPERATIONS["negative"](self)

    def __abs__(self) -> Any:
        return OPERATIONS["abs"](self)

    def __lt__(self, other: Any) -> Any:
        return OPERATIONS["less"](self, other)

    def __le__(self, other: Any) -> Any:
        return OPERATIONS["less_equal"](self, other)

    def __gt__(self, other: Any) -> Any:
        return OPERATIONS["greater"](self, other)

    def __ge__(self, other: Any) -> Any:
        return OPERATIONS["greater_equal"](self, other)

    def __and__(self, other: Any) -> Any:
        return OPERATIONS["logical_and"](self, other)

    def __or__(self, other: Any) -> Any:
        return OPERATIONS["logical_or"](self, other)

    def __invert__(self) -> Any:
        return OPERATIONS["logical_not"](self)

    def __getitem__(self, index: Any) -> Any:
        return OPERATIONS["get_item"](self, index)

    def numpy(
        self, asked: str = "numpy", remedy: str = "Use the function of that name in pellucid.ops: it becomes part of "
        "the network."
    ) -> Any:  # fmt: skip
        """The numbers, where they are known: in a train_step of a user's own; else raises UsageError."""
        if not TAPES:
            raise no_number(asked, remedy)
        return TAPES[-1].numbers(self)

    def __bool__(self) -> bool:
        remedy = "Choose with pellucid.ops.where(condition, a, b), which becomes part of the network."
        return bool(self.numpy("if", remedy))

    def __float__(self) -> float:
        return float(self.numpy("float()", "Go on with the tensor itself: x * 2, pellucid.ops.mean(x).").reshape(()))

    def __int__(self) -> int:
        return int(self.numpy("int()", "Go on with the tensor itself, or take a size from x.shape.").reshape(()))

    def __format__(self, how: str) -> str:
        return format(self.numpy("format()", "Print the tensor alone.").item(), how) if how else str(self)

    def __len__(self) -> int:
        return len(self.numpy("len()", "Take a size from x.shape."))

    def __iter__(self) -> Iterator[Any]:
        sizes = self.numpy("for", "Take parts with x[:, 0], or pellucid.ops.unstack(x, axis=1).").shape
        return (self[place] for place in range(sizes[0]))

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **named: Any) -> Any:
        """`array * tensor`, and numpy.exp(tensor): the operation of that name."""
        own = OPERATIONS.get(function.__name__)
        if own is None or method != "__call__" or named:
            plain = [entry.numpy() if isinstance(entry, Calculating) else entry for entry in inputs]
            return getattr(function, method)(*plain, **named)
        return own(*inputs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        found = self.numpy()
        return found if dtype is None else found.astype(dtype)
