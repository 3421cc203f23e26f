"""pellucid summary: the table of a network, without training it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.options import Given, of_a_run, with_settings
from pellucid.cli.output import JSON_FLAG, print_json, say
from pellucid.errors import UsageError, describe
from pellucid.runs.config import RunConfig
from pellucid.words import whole

if TYPE_CHECKING:
    from pellucid.model import Model


@app.command()
@with_settings(of_a_run, only=("activation",))
def summary(
    model: Annotated[
        str, typer.Argument(help="A name, words such as conv_8,pool,FC_32, a model file or a run folder.")
    ],
    *,
    input: Annotated[
        str | None, typer.Option("--input", help="HxWxC of one image; default: a name's own size, else 28x28x1.")
    ] = None,
    classes: Annotated[
        int | None, typer.Option(min=1, help="Number of classes; default: a name's own number, else 10.")
    ] = None,
    settings: Given,
    explain: Annotated[
        bool, typer.Option("--explain", help="Follow one output pixel of the first convolution, product by product.")
    ] = False,
    pixel: Annotated[str, typer.Option(help="ROW,COLUMN,FILTER that --explain follows, counted from 0.")] = "0,0,0",
    measure: Annotated[
        bool, typer.Option("--measure", help="Time the products of a binary network beside NumPy's of floats.")
    ] = False,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Show a network as a table. Layers, output shapes, parameters, what each sees, the work for one image."""
    from pellucid.graph.bits import rows_of_bits
    from pellucid.graph.summary import summarize, table
    from pellucid.training.seed import set_random_seed
    from pellucid.using.opening import network_named

    set_random_seed(0)  # a network in words shows the same weights each time
    network = network_named(model, input, classes, **settings.values(RunConfig))
    steps = explained(network, pixel) if explain else None
    measured = speeds(network) if measure else None
    if as_json:
        bits = [asdict(row) | ({"measured": measured.get(row.name)} if measured else {})
                for row in rows_of_bits(network.graph)]  # fmt: skip
        print_json(asdict(summarize(network.graph)) | {"model": model} | ({"explained": steps} if steps else {})
                   | ({"bits": bits} if bits else {}))  # fmt: skip
    else:
        say("\n\n".join([table(network.graph, measured), *([steps] if steps else [])]))


def speeds(network: Model) -> Mapping[str, float]:
    """How fast products of bits are here; raises UsageError where there are none, or no Numba."""
    from pellucid.engines.packed.measuring import measured_speed_ups

    return measured_speed_ups(network.graph)


def explained(network: Model, pixel: str) -> str:
    """The numbers behind one output pixel; raises UsageError when `pixel` is not three whole numbers."""
    from pellucid.explain.pencil import explain_convolution

    parts = [whole(part) for part in pixel.split(",")]
    row, column, filter = parts if len(parts) == 3 else (None, None, None)
    if row is None or column is None or filter is None:
        raise UsageError(describe("summary", "--pixel", "ROW,COLUMN,FILTER, e.g. 0,0,0", repr(pixel)))
    return explain_convolution(network, row=row, column=column, filter=filter)
