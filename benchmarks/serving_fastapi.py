"""A server as one writes it by hand, with the same LeNet as a plain PyTorch module: FastAPI, Pillow, one process.

    python benchmarks/serving_fastapi.py MODEL PORT          MODEL: the file that Pellucid serves

uvicorn with uvloop and httptools; one picture a call of the network. POST /predict takes a JPEG, /infer 784 numbers as
JSON, /raw the bytes of a tensor.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import torch
import uvicorn
from fastapi import FastAPI, Request
from PIL import Image

from pellucid import load_model

TOP = 5


def network(path: str) -> tuple[Any, list[str]]:
    """The module and the names of its classes."""
    torch.set_num_threads(1)
    model = load_model(path)
    return model.to_torch().eval(), list(model.class_names or map(str, range(10)))


def decoded(content: bytes) -> np.ndarray:
    """A picture as (28, 28) numbers in 0..1."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"), np.float32) / 255


def answered(module: Any, pixels: np.ndarray) -> np.ndarray:
    """Probabilities (N, 10) of pictures (N, 28, 28)."""
    with torch.inference_mode():
        return module(torch.from_numpy(pixels[:, None])).numpy()


def top(names: list[str], output: np.ndarray) -> dict[str, Any]:
    """The likeliest classes, as Pellucid says them."""
    order = np.argsort(-output)[:TOP]
    return {"classes": [{"class": names[place], "probability": float(output[place])} for place in order]}


def fastapi_server(path: str, port: int) -> None:
    """By hand."""
    module, names = network(path)
    app = FastAPI()

    @app.get("/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, Any]:
        return top(names, answered(module, decoded(await request.body())[None])[0])

    @app.post("/infer")
    async def infer(request: Request) -> dict[str, Any]:
        data = (await request.json())["inputs"][0]["data"]
        pixels = np.asarray(data, np.float32).reshape(1, 28, 28) / 255
        return {"outputs": [{"name": "output", "data": answered(module, pixels)[0].tolist()}]}

    @app.post("/raw")
    async def raw(request: Request) -> dict[str, Any]:
        pixels = np.frombuffer(await request.body(), np.float32).reshape(1, 224, 224, 3)
        return {"mean": float(pixels.mean())}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    fastapi_server(sys.argv[1], int(sys.argv[2]))
