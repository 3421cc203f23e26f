"""Heads for what is told beside the points: read from a table, for training only, silent where nothing is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.batches import Batch
from pellucid.data.dataset import Dataset
from pellucid.data.opening import open_dataset
from pellucid.data.points.column import Points
from pellucid.keys import Key
from pellucid.tasks.keypoints.settings import Settings
from pellucid.tasks.keypoints.task import TASK
from pellucid.training.session import engine_named
from tests.architectures.small import numbers
from tests.cli.terminal import Terminal

pytest.importorskip("torch")
HEAD = "attribute_0"


def told(words: list[str]) -> str:
    """The kites of the conftest with a column beside their points; pictures of other parts than train tell nothing."""
    table = Path("kites/points.csv")
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    given = (words * len(rows))[: len(rows)]
    rows = [f"{row},{word if row.startswith('train') else ''}" for row, word in zip(rows, given, strict=True)]
    table.write_text("\n".join([f"{head},tail", *rows]) + "\n", encoding="utf-8")
    return "kites"


def loss_and_gradients(dataset: Dataset, points: Points, weight: float = 0.1) -> tuple[float, dict[str, np.ndarray]]:
    """The points' loss and all gradients of one step on these annotations, in float64."""
    problem = TASK.settled(TASK.problem(dataset), Settings(), "heatmap-small", dataset)
    model, _ = problem.network(None, Settings(), dataset.image_shape)
    made = problem.encode(points)
    x = np.random.default_rng(1).normal(size=(len(points), *dataset.image_shape))
    batch = Batch({"input": x}, {"output": made.targets, **made.others}, dict(made.weights), dict(made.masks),
                  np.arange(len(points)))  # fmt: skip
    engine = engine_named("reference", "float64", None)
    objective = problem.objective(Settings(label_weight=weight), model.graph)
    params, state = map(engine.put, numbers(model.graph))
    run = engine.forward(model.graph, params, state, engine.put(batch.inputs), training=True, key=Key.of(1))
    sums, found = engine.grad(objective, run, batch, wrt=("parameters",))
    report = objective.report(sums)
    return report.get("output_loss", report["loss"]), dict(found.parameters)


@pytest.fixture
def dataset(terminal: Terminal) -> Dataset:
    """Kites whose objects 0 and 2 tell nothing."""
    return open_dataset(told(["", "long", "", "short"]), label="tail", annotations="points")


def test_a_column_is_read_with_its_values_and_its_gaps(dataset: Dataset) -> None:
    points = dataset.part("train").annotated(Points)
    (attribute,) = points.attributes
    assert (attribute.name, attribute.values) == ("tail", ("long", "short"))
    assert points.labels[:4, 0].tolist() == [-1, 0, -1, 1]
    both = points.take(np.array([3, 0])).joined(points.take(np.array([1])))
    assert both.labels[:, 0].tolist() == [1, -1, 0]


def test_what_is_not_told_changes_neither_loss_nor_gradient(dataset: Dataset) -> None:
    some = dataset.part("train").annotated(Points).take(np.arange(4))
    loss, found = loss_and_gradients(dataset, some)
    assert found[f"{HEAD}/kernel"].any()
    wild = replace(some, labels=np.where(some.labels < 0, -7, some.labels))
    again = loss_and_gradients(dataset, wild)
    assert loss == again[0] and all((found[key] == again[1][key]).all() for key in found)
    silent, quiet = loss_and_gradients(dataset, replace(some, labels=np.full_like(some.labels, -1)))
    assert silent == loss and not quiet[f"{HEAD}/kernel"].any() and not quiet[f"{HEAD}/bias"].any()
    assert any((quiet[key] != found[key]).any() for key in found if not key.startswith(HEAD))
    plain = open_dataset("kites", annotations="points")
    alone, without = loss_and_gradients(plain, plain.part("train").annotated(Points).take(np.arange(4)))
    assert set(quiet) - set(without) == {f"{HEAD}/kernel", f"{HEAD}/bias"} and alone == pytest.approx(silent, rel=1e-12)
    for key, gradient in without.items():
        np.testing.assert_allclose(quiet[key], gradient, rtol=0, atol=1e-12 * max(1.0, np.abs(gradient).max()))


def test_heads_weigh_what_label_weight_says_and_know_each_value(dataset: Dataset) -> None:
    some = dataset.part("train").annotated(Points).take(np.arange(4))
    loss, found = loss_and_gradients(dataset, some)
    again, heavier = loss_and_gradients(dataset, some, weight=0.4)
    assert again == loss
    np.testing.assert_allclose(heavier[f"{HEAD}/kernel"], 4 * found[f"{HEAD}/kernel"], rtol=1e-9)
    each = [replace(some, labels=np.where(some.labels < 0, -1, value)) for value in (0, 1)]
    first, second = (loss_and_gradients(dataset, one)[1][f"{HEAD}/bias"] for one in each)
    assert first[0] < 0 < first[1] and second[1] < 0 < second[0]


def test_a_run_learns_them_and_answers_without_them(terminal: Terminal) -> None:
    told(["short", "long", "", "short"])
    words = ["--task", "keypoints", "--model", "heatmap-small", "--epochs", "1", "--no-checks", "--batch-size", "16"]
    typed = terminal.type("train", "kites", "--label", "tail", *words, "--out", "run", "--json")
    assert typed.code == 0, typed.err
    assert f"{HEAD}_loss" in Path("run/history.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    asked = terminal.type("predict", "run", "kites/test/0.png", "--json")
    assert asked.code == 0 and '"points"' in asked.out and "attribute" not in asked.out
    terminal.refused(1, ["'tails'"], "train", "kites", "--label", "tails", *words, "--out", "other")


def test_a_column_of_one_value_is_refused(terminal: Terminal) -> None:
    told(["long"])
    words = ["--task", "keypoints", "--label", "tail", "--out", "run"]
    terminal.refused(1, ["--label tail", "two values", "only 'long'"], "train", "kites", *words)
