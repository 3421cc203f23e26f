"""The result of `torch_engine.py` as a page for reading."""

from __future__ import annotations

from typing import Any

from benchmarks.engine_page import spread

RATES = """
| net (batch) | ours float32 | by hand float32 | ours bfloat16 | Keras on torch | Keras on JAX | float32 over hand \
| bfloat16 over the better Keras | best batches |
|---|---|---|---|---|---|---|---|---|"""

LIMITS = """
## What limits each

The arithmetic of a step at the rate of a large matrix product on the same core; missing to it are narrow products,
pooling, normalisation, activations and updates, which move memory, and channels that do not fill a vector.

| net | GFLOP an image | float32 product, GFLOP/s | bfloat16 product, GFLOP/s | ours at its best batch, images/s | \
of the bfloat16 product | best batches if at that rate |
|---|---|---|---|---|---|---|"""
ORDER = ("ours-float32", "torch", "ours-bfloat16", "keras-torch", "keras-jax")


def shown(rate: float) -> str:
    """A rate for reading."""
    return f"{rate:,.4g}" if rate < 1000 else f"{rate:,.0f}"


def page(result: dict[str, Any], marks: dict[str, float]) -> str:
    """Markdown: rates and ratios, the means with their marks, and what the processor gives."""
    about = result["machine"]
    versions = ", ".join(f"{name} {about[name]}" for name in ("numpy", "keras", "torch", "jax"))
    lines = [
        f"# Training speed of the PyTorch engine, {result['date']}", "",
        (f"{about['processor']}, one core of {about['cores']}; Python {about['python']}, {versions}. Images per second "
        "while training, optimiser included, in alternating rounds of processor time. Ratios are the median of pairs "
        "with quartiles; best batches: each side with the batch size that was its best of those tried (ours and "
         "Keras's)."), RATES,
    ]  # fmt: skip
    for name, net in result["nets"].items():
        rates = net["images_per_second"]
        spans = [spread(net["float32_over_hand"]), spread(net["bfloat16_over_keras"])]
        cells = [shown(rates[peer]) for peer in ORDER] + spans + [best_cell(net)]
        lines.append(f"| {name} ({net['batch']}) | " + " | ".join(cells) + " |")
    lines += ["", *(mean_line(name, value, marks) for name, value in result["means"].items())]
    compiled = {name: net["compiled_over_hand"]["median"] for name, net in result["nets"].items()
                if "compiled_over_hand" in net}  # fmt: skip
    if compiled:
        listed = ", ".join(f"{name} {value:.2f}" for name, value in compiled.items())
        lines.append(f"torch.compile of the loop by hand, over that loop: {listed}.")
    first = result["first_step_seconds"]
    lines += [f"From starting Python to the end of LeNet's first step: {first['median']} s (most {first['most']} s).",
              LIMITS, *(limit_row(name, net) for name, net in result["nets"].items())]  # fmt: skip
    return "\n".join(lines) + "\n"


def best_cell(net: dict[str, Any]) -> str:
    """The ratio of the best batches, and which they are."""
    return f"{spread(net['best_batches'])}, {net['best_batch']['ours']} and {net['best_batch']['keras']}"


def mean_line(name: str, value: float, marks: dict[str, float]) -> str:
    """A mean with its mark, where it has one."""
    return f"{name}: {value:.2f}" + (f" (mark {marks[name]:g})." if name in marks else ".")


def limit_row(name: str, net: dict[str, Any]) -> str:
    """What a net's arithmetic allows, and what is reached."""
    best = max(row["ours-bfloat16"] for row in net["by_batch"].values())
    wide, narrow = net["product_gflops"]["float32"], net["product_gflops"]["bfloat16"]
    return (
        f"| {name} | {net['gflop_an_image']:.4g} | {wide:.0f} | {narrow:.0f} | {shown(best)} "
        f"| {net['share_of_product']:.0%} | {net['best_batches_at_product_rate']:.2f} |"
    )
