"""The pictures of docs/binary.md: the product of section 13.2 as boxes, and what a trained network keeps of one digit.

Run with   python -m tests.packed.pictures          to draw both anew (half a minute; the second reads MNIST from
$PELLUCID_SHARED, or ../shared/data beside the repository)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE, MAPS = ROOT / "docs" / "binary-example.svg", ROOT / "docs" / "binary-maps.png"
A, B = (1, -1, 1, 1), (-1, -1, 1, -1)
SIDE, GAP, LEFT = 44, 12, 190  # of a box, between rows, before the boxes
STYLE = (
    "text{font:600 15px system-ui,sans-serif;fill:#1b2733;text-anchor:middle}.name{text-anchor:end;font-weight:400}"
    "rect{stroke:#7d92a8}.one{fill:#f7d488}.none{fill:#dfe7ef}.page{fill:#fff;stroke:none}"
    ".told{text-anchor:start}"
    "@media(prefers-color-scheme:dark){.name,.told{fill:#e6edf3}.page{fill:#11181f}}"
)


def example() -> str:
    """Two rows of signs, where they agree, and the count."""
    agree = [x == y for x, y in zip(A, B, strict=True)]
    rows = [("a", [f"{x:+d}" for x in A], [x > 0 for x in A]), ("b", [f"{x:+d}" for x in B], [x > 0 for x in B]),
            ("bits of a", ["01"[x > 0] for x in A], [x > 0 for x in A]),
            ("bits of b", ["01"[x > 0] for x in B], [x > 0 for x in B]),
            ("XNOR: do they agree?", ["01"[one] for one in agree], agree)]  # fmt: skip
    width, height = LEFT + len(A) * SIDE + 30, len(rows) * (SIDE + GAP) + 60
    told = f"a · b = 2 · {sum(agree)} − {len(A)} = {2 * sum(agree) - len(A)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        f"<title>{told}: the signs agree in {sum(agree)} of {len(A)} places.</title>",
        f"<style>{STYLE}</style>", f'<rect class="page" width="{width}" height="{height}"/>',
    ]  # fmt: skip
    for number, (name, words, ones) in enumerate(rows):
        y = 10 + number * (SIDE + GAP)
        parts.append(f'<text class="name" x="{LEFT - 14}" y="{y + 28}">{name}</text>')
        for place, (word, one) in enumerate(zip(words, ones, strict=True)):
            x = LEFT + place * SIDE
            parts.append(f'<rect class="{"one" if one else "none"}" x="{x}" y="{y}" width="{SIDE}" height="{SIDE}"/>'
                         f'<text x="{x + SIDE // 2}" y="{y + 28}">{word}</text>')  # fmt: skip
    parts.append(f'<text class="told" x="{LEFT}" y="{height - 18}">{told}</text></svg>\n')
    return "\n".join(parts)


def trained() -> tuple[Any, np.ndarray]:
    """A small network of bits after two epochs of 6,000 digits, and one digit of the test part (28,28,1)."""
    import pellucid as p
    from pellucid.data.opening import open_dataset
    from pellucid.layers import BatchNormalization, Conv2D, Dense, Flatten, Input, MaxPooling2D, QuantConv2D
    from pellucid.models import Sequential

    place = os.environ.get("PELLUCID_SHARED") or str(ROOT.parent / "shared" / "data")
    data, bits = open_dataset("mnist", data_dir=place), {"kernel_quantizer": "magnitude_aware_sign"}
    part = data.part("train")
    x = part.images.take(np.arange(6000)).reshape(-1, 28, 28, 1).astype("float32") / 127.5 - 1
    p.set_random_seed(0)
    model = Sequential([
        Input((28, 28, 1)), Conv2D(8, 5, padding="same"), BatchNormalization(),
        QuantConv2D(8, 5, padding="same", input_quantizer="ste_sign", kernel_constraint="weight_clip", **bits),
        MaxPooling2D(4), BatchNormalization(), Flatten(), Dense(10, "softmax"),
    ])  # fmt: skip
    model.compile(p.optimizers.Adam(0.005), "sparse_categorical_crossentropy", engine="reference")
    model.fit(x, np.asarray(part.labels[:6000]), batch_size=64, epochs=2, verbose=0)
    digit = data.part("test").images.take(np.array([0])).reshape(28, 28, 1).astype("float32") / 127.5 - 1
    return model, digit


def draw_maps() -> None:
    """The digit and its eight maps of signs; kernels as they are learnt, and the bits that multiply."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    from pellucid.models import Model

    model, digit = trained()
    norm, product = model.layers[-6], model.layers[-5]
    maps = Model(model.inputs, norm.output).predict(digit[None], verbose=0)[0] >= 0  # (28,28,8)
    kernel = product.get_weights()[0][:, :, 0]  # (5,5,8) of the first channel
    figure, axes = plt.subplots(3, 9, figsize=(9, 3.4), gridspec_kw={"wspace": 0.12, "hspace": 0.25})
    names = ("digit, and the signs of its 8 maps", "latent kernels, floats", "the same as bits: sign w")
    for row, (name, pictures) in enumerate(zip(names, (maps, kernel, kernel >= 0), strict=True)):
        axes[row, 0].set_title(name, fontsize=8, loc="left")
        for column in range(9):
            ax = axes[row, column]
            ax.set(xticks=[], yticks=[], frame_on=row == 0 or column > 0)
            if column or row == 0:
                shown = digit[..., 0] if column == 0 else pictures[..., column - 1]
                most = np.abs(kernel).max() if row == 1 else 1
                low = 0 if shown.dtype == bool else -most
                ax.imshow(shown, cmap="gray", vmin=low, vmax=most, interpolation="nearest")
    figure.savefig(MAPS, dpi=110, bbox_inches="tight", metadata={"Software": None})


if __name__ == "__main__":
    EXAMPLE.write_text(example(), encoding="utf-8")
    draw_maps()
