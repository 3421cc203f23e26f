"""The result of `engines.py` as a page for reading."""

from __future__ import annotations

from typing import Any

RATES = """
| net (batch) | Pellucid | Keras on torch | Keras on JAX | PyTorch | over the better Keras | mark | over PyTorch |
|---|---|---|---|---|---|---|---|"""

LIMITS = """
## What limits each

The limit is the arithmetic of the step at the rate of a large sgemm on the same core in the same rounds; missing to
it are narrow matrix products, memory traffic and NumPy's passes over the maps; the profile shows which.

| net | GFLOP a step | sgemm GFLOP/s | limit, images/s | reached | profile: share of the step |
|---|---|---|---|---|---|"""


def page(result: dict[str, Any]) -> str:
    """Markdown: the rates with their ratios, the limits with the profile, the memory."""
    lines = [f"# Training speed of the reference engine, {result['date']}", "", setting(result), RATES]
    lines += [rate_row(name, net) for name, net in result["nets"].items()]
    lines.append(LIMITS)
    lines += [limit_row(name, net) for name, net in result["nets"].items()]
    took, ratio = result["memory"]["mebibytes"], result["memory"]["ratio"]
    lines += ["", "## Memory", "", (f"Peak of the training step, {result['memory']['net']}: {took['pellucid']} MiB, "
               f"PyTorch {took['torch']} MiB, ratio {ratio} (at most {result['memory']['pass_mark']}).")]  # fmt: skip
    return "\n".join(lines) + "\n"


def setting(result: dict[str, Any]) -> str:
    """Machine, versions, and how the figures are to be read."""
    about = result["machine"]
    versions = ", ".join(f"{name} {about[name]}" for name in ("numpy", "keras", "torch", "jax"))
    return (
        f"{about['processor']}, one core of {about['cores']}; Python {about['python']}, {versions}. Images per second "
        f"while training, optimiser included; {result['rounds']} alternating rounds. Ratios are ours over theirs, the "
        "median of pairs with quartiles. Time is processor time, all threads of a peer together on the one core; the "
        "machine is shared, so trust ratios more than rates."
    )


def spread(ratio: dict[str, float]) -> str:
    """A ratio with its quartiles."""
    return f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"


def rate_row(name: str, net: dict[str, Any]) -> str:
    """Rates and ratios of one net."""
    rates = " | ".join(f"{rate:,.0f}" for rate in net["images_per_second"].values())
    keras, torch = spread(net["ratio"][net["better_keras"]]), spread(net["ratio"]["torch"])
    return f"| {name} ({net['batch']}) | {rates} | {keras} | {net['pass_mark']:.1f} | {torch} |"


def limit_row(name: str, net: dict[str, Any]) -> str:
    """Limit and profile of one net."""
    return (
        f"| {name} | {net['step_gflop']} | {net['sgemm_gflops']} | {net['limit_images_per_second']:,.0f} "
        f"| {net['share_of_limit']:.0%} | {'; '.join(net['profile'])} |"
    )
