"""Epochs of so many steps go on where the one before stopped, whatever is fed; sequences are shuffled; loaders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid as p
from pellucid.data.batches import ArrayBatches
from pellucid.datasets import flow_from_directory
from pellucid.errors import ArgumentError, DataError
from pellucid.keys import Key
from pellucid.layers import Concatenate, Dense, Flatten, Input
from pellucid.models import Model, Sequential

ROWS, SIZE = 20, 2
X = np.arange(ROWS, dtype="float32")[:, None]
Y = X[:, 0] % 2
torch = pytest.importorskip("torch")
PAIRS = [(X[at : at + SIZE], Y[at : at + SIZE]) for at in range(0, ROWS, SIZE)]


class Pages:
    """As Keras's PyDataset, noting what it was asked for."""

    def __init__(self, size: int = 10) -> None:
        self.size, self.asked, self.told = size, list[int](), list[str]()

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        return PAIRS[index]

    def on_epoch_begin(self) -> None:
        self.told.append(f"begin {len(self.asked)}")

    def on_epoch_end(self) -> None:
        self.told.append(f"end {len(self.asked)}")


def endless() -> Iterator[Any]:
    while True:
        yield from PAIRS


def loader(**options: Any) -> Any:
    from torch.utils.data import DataLoader, TensorDataset

    return DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=SIZE, **options)


class Once:
    """What can be gone through again and again, but not asked for a length."""

    def __iter__(self) -> Iterator[Any]:
        return iter(PAIRS)


SOURCES: dict[str, Callable[[], Any]] = {
    "arrays": lambda: (X, Y),
    "generator": lambda: (endless(), None),
    "sequence": lambda: (Pages(), None),
    "list": lambda: ([[x, y] for x, y in PAIRS], None),
    "tuple": lambda: (tuple(PAIRS), None),
    "loader": lambda: (loader(), None),
    "iterable": lambda: (Once(), None),
    "batches": lambda: (ArrayBatches({"input": X}, {"output": Y}, batch_size=SIZE, key=Key.of(0), shuffle=False), None),
}


def model() -> Sequential:
    p.set_random_seed(0)
    made = Sequential([Input((1,)), Dense(1)])
    made.compile(p.optimizers.SGD(1e-4), "mse", engine="reference")
    return made


def seen(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> list[list[float]]:
    """The rows of every batch that was learnt, in order."""
    from pellucid.training.program import Supervised

    found: list[list[float]] = []
    step = Supervised.step

    def noted(self: Any, engine: Any, state: Any, batch: Any, key: Any) -> Any:
        found.append(batch.inputs["input"][:, 0].tolist())
        return step(self, engine, state, batch, key)

    monkeypatch.setattr(Supervised, "step", noted)
    work()
    monkeypatch.undo()
    return found


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("steps, epochs", [(5, 2), (4, 4), (3, 7), (10, 2), (None, 2)])
def test_an_epoch_goes_on_where_the_one_before_stopped(
    kind: str, steps: int | None, epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = SOURCES[kind]()
    wanted = {"steps_per_epoch": steps or (10 if kind == "generator" else None)}
    fit = lambda: model().fit(x, y, SIZE, epochs, 0, shuffle=False, **wanted)  # noqa: E731
    found = seen(monkeypatch, fit)
    pages = [page.ravel().tolist() for page, _ in PAIRS]
    assert found == (pages * epochs)[: (steps or 10) * epochs]


def test_shuffled_arrays_are_each_met_once_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    found = seen(monkeypatch, lambda: model().fit(X, Y, SIZE, 4, 0, steps_per_epoch=5))
    first, second = ([row for batch in found[at : at + 10] for row in batch] for at in (0, 10))
    assert sorted(first) == sorted(second) == X.ravel().tolist() and first != second


def test_batches_of_a_sequence_are_shuffled_as_keras_does(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages()
    model().fit(pages, epochs=2, verbose=0)
    first, second = pages.asked[:10], pages.asked[10:]
    assert sorted(first) == sorted(second) == list(range(10)) and first != second != list(range(10)) != first
    assert pages.told == ["begin 0", "end 10", "begin 10", "end 20"]
    again = Pages()
    model().fit(again, epochs=2, verbose=0)
    assert again.asked == pages.asked  # a seed repeats it
    for work in (lambda: model().fit(Pages(), epochs=1, verbose=0, shuffle=False, callbacks=[]),
                 lambda: model().fit(X, Y, verbose=0, validation_data=Pages())):  # fmt: skip
        work()
    rest = Pages()
    model().evaluate(rest, verbose=0)
    model().predict(rest, verbose=0)
    assert rest.asked == 2 * list(range(10))


@pytest.mark.parametrize("kind", ["sequence", "list", "tuple", "loader", "iterable", "batches"])
def test_what_is_fed_is_evaluated_and_predicted_as_arrays_are(kind: str) -> None:
    made = model()
    x, _ = SOURCES[kind]()
    assert made.evaluate(x, verbose=0) == pytest.approx(made.evaluate(X, Y, SIZE, verbose=0))
    assert made.evaluate(x, steps=3, verbose=0) == pytest.approx(made.evaluate(X[:6], Y[:6], SIZE, verbose=0))
    np.testing.assert_array_equal(made.predict(x, verbose=0), made.predict(X, SIZE, verbose=0))
    np.testing.assert_array_equal(made.predict(x, steps=3, verbose=0), made.predict(X[:6], SIZE, verbose=0))
    a = made.fit(X, Y, verbose=0, validation_data=x, validation_steps=4).history
    b = model().fit(X, Y, verbose=0, validation_data=(X[:8], Y[:8])).history
    assert a["val_loss"] == pytest.approx(b["val_loss"])
    late = Sequential([Dense(1)])
    late.compile("sgd", "mse")
    late.fit(SOURCES[kind]()[0], verbose=0)
    assert late.input_shape == (None, 1)


def test_lists_of_arrays_stay_arrays() -> None:
    a, b = Input((1,), name="a"), Input((1,), name="b")
    two = Model([a, b], Dense(1)(Concatenate()([a, b])))
    two.compile("sgd", "mse", engine="reference")
    two.fit([X, X], Y, verbose=0)
    whole = two.predict([X, X], SIZE)
    np.testing.assert_array_equal(two.predict([((x, x), y) for x, y in PAIRS]), whole)
    two.fit([((x, x), y) for x, y in PAIRS], verbose=0)
    two.fit([({"a": x, "b": x}, y) for x, y in PAIRS], verbose=0)
    one = Sequential([Input((2,)), Dense(1)])
    assert one.predict([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).shape == (3, 1)  # samples, not batches


@pytest.mark.parametrize("source, text", [
    (lambda: iter(PAIRS), "x was to yield 4 batches, but it ended after 2"),
    (lambda: Pages(0), "x was to yield batches, but it has none"),
    (lambda: [(X, Y, Y, Y)] * 3, "x must be an array of numbers"),
    (lambda: iter([(X, Y, Y, Y)] * 99), r"what x yields must be x, \(x, y\) or .*, but it is a tuple of 4"),
])  # fmt: skip
def test_a_source_that_ends_or_gives_something_else_is_a_sentence(source: Any, text: str) -> None:
    with pytest.raises((DataError, ArgumentError), match=text):
        model().fit(source(), epochs=3, steps_per_epoch=4, verbose=0)


def test_half_a_step_is_told_how_to_divide() -> None:
    with pytest.raises(ArgumentError, match=r"must be an integer >= 1, but it is 2.5. Pass steps_per_epoch=2, or"):
        model().fit(X, Y, steps_per_epoch=5 / 2, verbose=0)
    for name in ("validation_steps", "validation_batch_size"):
        with pytest.raises(ArgumentError, match=f"fit: {name} must be an integer >= 1"):
            model().fit(X, Y, validation_data=(X, Y), verbose=0, **{name: 1.5})


def test_a_loader_that_shuffles_is_refused_by_predict_alone() -> None:
    model().fit(loader(shuffle=True), verbose=0)
    model().evaluate(loader(shuffle=True), verbose=0)
    with pytest.raises(ArgumentError, match=r"predict: x must be in an order .* Pass shuffle=False to it"):
        model().predict(loader(shuffle=True))


@pytest.mark.parametrize("mode", ["sparse", "categorical", None])
def test_predict_reads_a_shuffled_folder_in_order(mode: str | None, tmp_path: Path) -> None:
    for number in range(9):
        folder = tmp_path / f"class{number % 3}"
        folder.mkdir(exist_ok=True)
        Image.new("L", (4, 4), 20 * number).save(folder / f"{number}.png")
    pages = flow_from_directory(tmp_path, (4, 4), "grayscale", mode, 2, True, 5)
    made = Sequential([Input((4, 4, 1)), Flatten(), Dense(1, kernel_initializer="ones")])
    expected = [16.0 * 20 * int(Path(name).stem) for name in pages.filenames]
    before = [np.copy(order) for order in pages._order]
    assert made.predict(pages, verbose=0)[:, 0].tolist() == expected
    assert made.predict(pages, verbose=0, steps=2)[:, 0].tolist() == expected[:4]
    assert all(np.array_equal(a, b) for a, b in zip(before, pages._order, strict=True))  # its epochs stay its own
