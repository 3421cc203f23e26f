"""The pencil's products add up to the engine's pixel, with strides, padding, dilation and groups."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pellucid
from pellucid.errors import UsageError
from pellucid.explain.pencil import explain_convolution
from pellucid.layers import Conv2D, Dense, Flatten, Input
from pellucid.models import Sequential


@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": (3, 2), "strides": (2, 1), "padding": "same"},
        {"kernel_size": 3, "dilation_rate": 2},
        {"kernel_size": (2, 3), "groups": 2, "padding": (1, 2)},
    ],
)
def test_the_products_add_up(arguments: dict[str, object]) -> None:
    pellucid.set_random_seed(5)
    convolution = Conv2D(6, bias_initializer="random_normal", **arguments)
    model = Sequential([Input((7, 8, 4)), convolution, Flatten(), Dense(2)])
    text = explain_convolution(model, row=1, column=2, filter=4)
    products = [float(found) for found in re.findall(r"= +(-?[\d.]+)   sum", text)]
    bias = float(re.search(r"\+ bias (-?[\d.]+)", text)[1])
    told = float(re.search(r"y\[0,1,2,4\] = (-?[\d.]+), as the engine", text)[1])
    kernel = model.get_weights()[0]
    assert len(products) == np.prod(kernel.shape[:3])
    assert sum(products) + bias == pytest.approx(told, abs=1e-5 * len(products))
    assert abs(told) > 0.1


def test_what_cannot_be_explained_is_said() -> None:
    with pytest.raises(UsageError, match="does not begin with a convolution"):
        explain_convolution(Sequential([Input((4,)), Dense(2)]))
    model = Sequential([Input((5, 5, 1)), Conv2D(2, 3)])
    with pytest.raises(UsageError, match="y has 3 rows, 3 columns and 2 filters"):
        explain_convolution(model, row=3)


def test_the_command_follows_the_pixel_asked_for() -> None:
    from typer.testing import CliRunner

    import pellucid.cli.entry  # noqa: F401  (the commands join the application)
    from pellucid.cli.app import app

    words = ["summary", "conv_2,pool", "--input", "6x6x1", "--explain", "--pixel", "1,2,1"]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0
    assert "y[0,1,2,1] =" in answer.stdout and "Total parameters" in answer.stdout
    refused = CliRunner().invoke(app, [*words[:-1], "1,2"])
    assert isinstance(refused.exception, UsageError)
    assert "--pixel must be ROW,COLUMN,FILTER" in str(refused.exception)
