"""The rate of a named network's dropout is chosen by `--dropout`, the published one is the default."""

from __future__ import annotations

import pytest

from pellucid.architectures.names import architecture
from pellucid.spec.normalization import Dropout


@pytest.mark.parametrize(("given", "rate"), [(None, 0.5), (0.1, 0.1), (0.0, 0.0)])
def test_the_rate_of_the_cifar_network(given: float | None, rate: float) -> None:
    model = architecture("cifar10cnn", dropout=given)
    assert [layer.spec.rate for layer in model.layers if isinstance(layer.spec, Dropout)] == [rate]
    assert model.count_params() == 592_554
