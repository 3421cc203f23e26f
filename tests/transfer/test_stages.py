"""More layers join after some epochs, with slots of their own and at another rate."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.callbacks import LambdaCallback, Unfreeze
from pellucid.errors import ArgumentError
from tests.transfer.nets import compiled, copies, images, moved, small

X, Y = images()


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_layers_join(engine: str) -> None:
    if engine == "pytorch":
        pytest.importorskip("torch")
    model = compiled(small(), engine)
    model.freeze()
    seen = [copies(model)]
    record = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(copies(model)))
    stages = [Unfreeze(4, rate=0.1), Unfreeze(2, "conv2,bn2", rate=0.5)]
    model.fit(X, Y, epochs=5, verbose=0, callbacks=[*stages, record])
    names = [{key.partition("/")[0] for key in moved(a, b)} for a, b in pairwise(seen)]
    assert names == [{"out"}] * 2 + [{"conv2", "bn2", "out"}] * 2 + [{"conv1", "bn1", "conv2", "bn2", "out"}]


def test_the_rate_of_a_stage() -> None:
    model = compiled(small(), rule=p.optimizers.Adam(0.02))
    model.freeze()
    rates: list[float] = []

    class Rates(p.callbacks.ReduceLROnPlateau):
        def epoch(self, progress: Any, row: Any) -> None:
            rates.append(row["learning_rate"])

    model.fit(X, Y, epochs=4, verbose=0, callbacks=[Unfreeze(3, rate=0.1), Unfreeze(1, "bn2", rate=0.5), Rates("loss")])
    assert rates == pytest.approx([0.02, 0.01, 0.01, 0.002])


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_a_stage_begins_as_a_new_compile_does(engine: str) -> None:
    """Adam's moments and its correction count from the stage on, so that its first steps are no larger than others."""
    if engine == "pytorch":
        pytest.importorskip("torch")
    given: dict[str, Any] = {"shuffle": False, "verbose": 0}
    staged = compiled(small(), engine)
    staged.freeze()
    staged.fit(X, Y, epochs=4, callbacks=[Unfreeze(2, rate=0.1)], **given)
    anew = compiled(small(), engine)
    anew.freeze()
    anew.fit(X, Y, epochs=2, **given)
    anew.unfreeze()
    compiled(anew, engine, p.optimizers.Adam(0.0001)).fit(X, Y, epochs=2, **given)
    for key, value in copies(anew).items():
        np.testing.assert_allclose(copies(staged)[key], value, rtol=1e-5, atol=1e-6, err_msg=key)


def test_a_second_fit_goes_on_in_the_last_stage() -> None:
    whole, parts = (compiled(small()) for _ in range(2))
    given: dict[str, Any] = {"shuffle": False, "verbose": 0}
    for model in (whole, parts):
        model.freeze()
    whole.fit(X, Y, epochs=4, callbacks=[Unfreeze(1, rate=0.3)], **given)
    parts.fit(X, Y, epochs=2, callbacks=[Unfreeze(1, rate=0.3)], **given)
    parts.fit(X, Y, epochs=4, initial_epoch=2, callbacks=[Unfreeze(1, rate=0.3)], **given)
    for key, value in copies(whole).items():
        np.testing.assert_allclose(copies(parts)[key], value, rtol=1e-6, atol=1e-7, err_msg=key)


@pytest.mark.parametrize(("given", "words"), [
    ({"after": -1}, "after must be an integer >= 0, but it is -1"),
    ({"after": 2, "rate": 0.0}, "rate must be above 0, but it is 0"),
    ({"after": 0, "layers": "block"}, "names of layers such as .*, but it is 'block'"),
])  # fmt: skip
def test_stages_that_mean_nothing(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        compiled(small()).fit(X, Y, verbose=0, callbacks=[Unfreeze(**given)])
