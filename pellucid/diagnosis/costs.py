"""What mistakes cost: a number a class, or a number a pair of classes.

Weighted error  with class costs   sum over mistakes of cost[true] / sum over samples of cost[true], from 0 to 1
                with a matrix      sum over samples of cost[true, predicted] / N
Table           columns class,cost, one row a class; or true,predicted,cost, where a pair that is not listed costs 1
Source          Elkan 2001, "The foundations of cost-sensitive learning" (cost matrix).
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.errors import DataError, ShapeError, describe
from pellucid.storage.tables import read_csv


@dataclass(frozen=True, eq=False)
class Costs:
    """matrix (K,K), rows true, columns predicted, 0 on the diagonal; scale (K,) is what a sample of a class counts."""

    matrix: np.ndarray
    scale: np.ndarray

    @classmethod
    def of_classes(cls, costs: Sequence[float]) -> Costs:
        """A mistake on a sample of class k costs costs[k] (K,)."""
        one = _legal("costs", np.asarray(costs, np.float64), rank=1)
        return cls(one[:, None] * (1 - np.eye(len(one))), one)

    @classmethod
    def of_pairs(cls, matrix: Sequence[Sequence[float]] | np.ndarray) -> Costs:
        """Calling class i class j costs matrix[i][j] (K,K)."""
        pairs = _legal("costs", np.asarray(matrix, np.float64), rank=2)
        if pairs.shape[0] != pairs.shape[1]:
            raise ShapeError(describe("costs", "matrix", "(K, K)", f"of shape {pairs.shape}"))
        if np.diag(pairs).any():
            place = int(np.flatnonzero(np.diag(pairs))[0])
            raise DataError(describe("costs", "the cost of a right answer", "0", f"{pairs[place, place]:g}"))
        return cls(pairs, np.ones(len(pairs)))


def _legal(where: str, values: np.ndarray, *, rank: int) -> np.ndarray:
    if values.ndim != rank:
        raise ShapeError(describe(where, "costs", "(K,)" if rank == 1 else "(K, K)", f"of shape {values.shape}"))
    if not (np.isfinite(values).all() and (values >= 0).all() and values.any()):
        raise DataError(describe(where, "costs", "numbers from 0 on, one of them above 0", str(values.tolist())[:80]))
    return values


def read_costs(path: str | os.PathLike[str], class_names: Sequence[str]) -> Costs:
    """The costs in a CSV table. Raises DataError that names the line at fault, FileError when it cannot be read."""
    rows = read_csv(path)
    columns = set(rows[0]) if rows else set()
    if {"true", "predicted", "cost"} <= columns:
        return _pairs(path, rows, class_names)
    if {"class", "cost"} <= columns:
        return _classes(path, rows, class_names)
    wanted = "class,cost or true,predicted,cost"
    raise DataError(describe(os.fspath(path), "its columns", wanted, ",".join(sorted(columns)) or "missing"))


def _classes(path: str | os.PathLike[str], rows: list[dict[str, str]], names: Sequence[str]) -> Costs:
    found: dict[int, float] = {}
    for line, row in enumerate(rows, start=2):
        number = _class(path, line, row, "class", names)
        if number in found:
            raise DataError(f"{path}, line {line}: the class '{names[number]}' is listed twice. Keep one of them.")
        found[number] = _cost(path, line, row)
    missing = [name for number, name in enumerate(names) if number not in found]
    if missing:
        raise DataError(f"{path}: there is no cost of the class '{missing[0]}'. Add a line for it, e.g. {missing[0]},1")
    return Costs.of_classes([found[number] for number in range(len(names))])


def _pairs(path: str | os.PathLike[str], rows: list[dict[str, str]], names: Sequence[str]) -> Costs:
    matrix = 1 - np.eye(len(names))
    seen: set[tuple[int, int]] = set()
    for line, row in enumerate(rows, start=2):
        pair = _class(path, line, row, "true", names), _class(path, line, row, "predicted", names)
        if pair in seen:
            raise DataError(f"{path}, line {line}: this pair of classes is listed twice. Keep one of them.")
        seen.add(pair)
        matrix[pair] = _cost(path, line, row)
    return Costs.of_pairs(matrix)


def _class(
    path: str | os.PathLike[str], line: int, row: Mapping[str, str], column: str, names: Sequence[str]
) -> int:
    if row[column] not in names:
        known = ", ".join(list(names)[:12])
        raise DataError(describe(f"{path}, line {line}", column, f"one of {known}", repr(row[column])))
    return list(names).index(row[column])


def _cost(path: str | os.PathLike[str], line: int, row: Mapping[str, str]) -> float:
    try:
        cost = float(row["cost"])
    except ValueError:
        cost = math.nan
    if not (math.isfinite(cost) and cost >= 0):
        raise DataError(describe(f"{path}, line {line}", "cost", "a number from 0 on", repr(row["cost"])))
    return cost
