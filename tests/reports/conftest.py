"""Real predictions on scikit-learn's digits, rows of a training that never was, and a look into drawn figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from pellucid.reports import drawing
from pellucid.tasks.classification.evaluation import Evaluation


@pytest.fixture(scope="session")
def digits() -> tuple[Evaluation, np.ndarray]:
    """A weak classifier's answers on 360 digits, and their pixels (360,8,8,1)."""
    x, y = load_digits(return_X_y=True)
    model = LogisticRegression(C=0.02, max_iter=60).fit(x[360:] / 16, y[360:])
    pixels = (x[:360] * 255 / 16).astype(np.uint8).reshape(-1, 8, 8, 1)
    names = [f"digits#{i}" for i in range(360)]
    answers = model.predict_proba(x[:360] / 16)
    return Evaluation("test", y[:360], answers, tuple("0123456789"), names, 0.3), pixels


@pytest.fixture
def rows() -> Callable[..., tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """history and steps of some epochs, the steps as text with gaps, like steps.csv."""

    def make(
        epochs: int, *, layers: int = 3, steps_per_epoch: int = 30, text: bool = True
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        rng, history, steps = np.random.default_rng(3), [], []
        for epoch in range(1, epochs + 1):
            for _ in range(steps_per_epoch):
                step = len(steps) + 1
                loss = 2.3 * float(np.exp(-step / 60)) + 0.05
                row: dict[str, Any] = {"step": step, "epoch": epoch, "loss": loss, "accuracy": 1 - loss / 3}
                for layer in range(layers):
                    measured = 10 ** rng.normal(-3 - layer / 4, 0.2) if step % 3 == 0 else ""
                    row[f"update_ratio/conv2d_{layer}"] = measured
                steps.append({key: str(value) for key, value in row.items()} if text else row)
            last = {"epoch": epoch, "loss": loss, "accuracy": 1 - loss / 3, "learning_rate": 0.001}
            history.append(last | {"val_loss": loss + 0.02 * epoch, "val_accuracy": 0.97 - loss / 3})
        return history, steps

    return make


def refuse_overlaps(texts: list[Text]) -> None:
    """Fail when two level texts lie on one another; the room above and below the letters may touch."""
    edges = np.array([text.get_window_extent().extents for text in texts]).reshape(-1, 4)  # x0 y0 x1 y1
    room = 0.2 * (edges[:, 3] - edges[:, 1])
    x0, y0, x1, y1 = edges[:, 0], edges[:, 1] + room, edges[:, 2], edges[:, 3] - room
    meet = (x0[:, None] < x1) & (x0 < x1[:, None]) & (y0[:, None] < y1) & (y0 < y1[:, None])
    pairs = [(texts[i].get_text(), texts[j].get_text()) for i, j in np.argwhere(np.triu(meet, 1))]
    assert not pairs, f"texts lie on one another: {pairs[:5]}"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The texts of every figure drawn in a test; none may leave its figure, cover another or be a formula."""
    texts: list[str] = []
    inked: list[Text] = []
    draw = Text.draw

    def record(self: Text, renderer: Any, *arguments: Any, **options: Any) -> None:
        if self.get_visible() and self.get_text().strip():
            inked.append(self)
        draw(self, renderer, *arguments, **options)

    def look(figure: Figure) -> bytes:
        inked.clear()
        figure.canvas.draw()
        width, height = figure.bbox.width, figure.bbox.height
        for text in inked:
            box = text.get_window_extent()
            inside = box.x0 > -2 and box.y0 > -2 and box.x1 < width + 2 and box.y1 < height + 2
            literal = "$" not in text.get_text() or "mathdefault" in text.get_text() or not text.get_parse_math()
            assert literal, f"would be read as a formula: {text.get_text()!r}"
            assert inside, f"cut off: {text.get_text()!r} at {box} of {width} x {height}"
            texts.append(text.get_text())
        refuse_overlaps([text for text in inked if not text.get_rotation()])
        return b"looked at"

    monkeypatch.setattr(Text, "draw", record)
    monkeypatch.setattr(drawing, "to_png", look)
    yield texts
    assert texts, "the test drew nothing"
