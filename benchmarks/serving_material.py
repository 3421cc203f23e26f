"""What the servers are asked: three small runs, and requests for them, made from embedded data alone."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.serving_servers import ROOT

COUNT = 64  # different pictures


def digits_28() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits at 28x28: (1797, 28, 28) uint8, and their classes."""
    from sklearn.datasets import load_digits

    found = load_digits()
    small = (found.images * 255 / 16).astype(np.uint8)
    large = [np.asarray(Image.fromarray(each).resize((28, 28), Image.Resampling.BILINEAR)) for each in small]
    return np.stack(large), found.target


def write_runs(place: Path) -> dict[str, Path]:
    """`lenet` on 28x28 digits, `resnet` (ResNet-18) on 32x32 noise, `plain` on 224x224x3: one small dense layer."""
    x, y = digits_28()
    random = np.random.default_rng(0)
    sets = {"lenet": (x[..., None], y), "resnet": (random.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8), None),
            "plain": (random.integers(0, 256, (20, 224, 224, 3), dtype=np.uint8), None)}  # fmt: skip
    models = {"lenet": "lenet5", "resnet": "resnet18", "plain": "pool,pool,pool,pool,pool"}
    runs = {}
    for name, (images, classes) in sets.items():
        runs[name] = place / name
        if (runs[name] / "model.safetensors").exists():
            continue
        classes = np.arange(len(images)) % 10 if classes is None else classes
        test = max(10, len(images) // 5)
        np.savez(place / f"{name}.npz", x_train=images[test:], y_train=classes[test:], x_test=images[:test],
                 y_test=classes[:test])  # fmt: skip
        subprocess.run(
            [sys.executable, "-m", "pellucid", "train", str(place / f"{name}.npz"), "--model", models[name], "--epochs",
             "3" if name == "lenet" else "1", "--no-checks", "--val-fraction", "0", "--augment", "none", "--engine",
             "pytorch", "--out", str(runs[name])], check=True, cwd=ROOT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return runs


def jpegs() -> list[bytes]:
    """28x28 gray pictures."""
    held = []
    for pixels in digits_28()[0][:COUNT]:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
        held.append(buffer.getvalue())
    return held


def request(path: str, body: bytes, kind: str, port: int, *more: str) -> bytes:
    """One HTTP request, whole."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Type: {kind}",
             f"Content-Length: {len(body)}", *more]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def form(content: bytes) -> tuple[bytes, str]:
    """A picture as a form with one file, and the content type."""
    head = b'--b0\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head + content + b"\r\n--b0--\r\n", "multipart/form-data; boundary=b0"


def oip_json(pixels: np.ndarray, name: str, datatype: str = "UINT8") -> bytes:
    """The body of an Open Inference Protocol request, numbers as JSON."""
    data = pixels.ravel().tolist()
    said = {"inputs": [{"name": name, "shape": list(pixels.shape), "datatype": datatype, "data": data}]}
    return json.dumps(said, separators=(",", ":")).encode()


def oip_binary(pixels: np.ndarray, name: str, datatype: str) -> tuple[bytes, str]:
    """The same with the binary tensor extension, and the header that it takes."""
    said = {"inputs": [{"name": name, "shape": list(pixels.shape), "datatype": datatype,
                        "parameters": {"binary_data_size": pixels.nbytes}}]}  # fmt: skip
    head = json.dumps(said, separators=(",", ":")).encode()
    return head + pixels.tobytes(), f"Inference-Header-Content-Length: {len(head)}"
