"""pellucid export: a model for programs that do not know Pellucid."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, print_json, say


@app.command()
def export(
    run: Annotated[str, typer.Argument(help="A run folder or a model file.")],
    format: Annotated[
        str, typer.Option("--format", help="What to write: onnx, or packed for binary networks.")
    ] = "onnx",
    out: Annotated[
        str | None, typer.Option(help="The file to write; default: model.onnx or model.packed.safetensors in the run "
                                     "folder, or beside the model.")
    ] = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Write a model as an ONNX file. Checked with onnxruntime; names, input and preprocessing are in its metadata.

    With --format packed, a model file that keeps one bit of each weight of layers of bits; evaluate, predict and serve
    take it, fast with --engine packed.
    """
    from pellucid.using.opening import export_model

    made = export_model(run, format=format, out=out)
    if as_json:
        print_json(made)
        return
    if format == "packed":
        say(f"{made['file']}: {made['bytes'] / 1e6:.2f} MB, {made['smaller']:g} times smaller than floats; "
            f"{made['bits']:,} of {made['weights']:,} weights are bits")  # fmt: skip
        return
    shapes = ", ".join(f"{name} {tuple(shape)}" for name, shape in made["input"]["shapes"].items())
    say(f"{made['file']}: {made['bytes'] / 1e6:.1f} MB, opset {made['opset']}, input {shapes} float32, "
          f"within {made['difference']:.1e} of the model")
    if made["preprocessing"]:
        steps = ", ".join(step["name"] for step in made["preprocessing"]["steps"]) or "to float32"
        say(f"Before it comes: {steps}; the numbers are in its metadata under 'preprocessing'.")
