"""LitServe with the same LeNet: its batching (8 pictures, 5 ms), one worker, its queue between server and network.

    python benchmarks/serving_litserve.py MODEL PORT         MODEL: the file that Pellucid serves

POST /predict takes a form with a JPEG, or 784 numbers as JSON.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import litserve
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.serving_fastapi import answered, decoded, network, top

MODEL = "PELLUCID_BENCH_MODEL"


class Api(litserve.LitAPI):  # type: ignore[misc]
    """The steps of a request, as LitServe asks for them; its worker imports this file anew."""

    def setup(self, device: str) -> None:
        self.module, self.names = network(os.environ[MODEL])

    def decode_request(self, request) -> np.ndarray:  # type: ignore[no-untyped-def]  # a type would be taken for a schema
        if "image" in request:
            return decoded(request["image"].file.read())
        return np.asarray(request["inputs"][0]["data"], np.float32).reshape(28, 28) / 255

    def batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.stack(inputs)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return answered(self.module, x)

    def unbatch(self, output: np.ndarray) -> list[np.ndarray]:
        return list(output)

    def encode_response(self, output: np.ndarray) -> dict[str, Any]:
        return top(self.names, output)


if __name__ == "__main__":
    os.environ[MODEL] = sys.argv[1]
    litserve.LitServer(
        Api(max_batch_size=8, batch_timeout=0.005), accelerator="cpu", workers_per_device=1, healthcheck_path="/ready",
    ).run(host="127.0.0.1", port=int(sys.argv[2]), num_api_servers=1, generate_client_file=False, log_level="warning",
          access_log=False)  # fmt: skip
