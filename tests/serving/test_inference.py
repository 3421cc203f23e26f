"""The Open Inference Protocol: what the network gives for a tensor, however it was sent and is sent back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from pellucid.data.preprocessing import Pipeline
from pellucid.layers import Dense, Flatten, Input
from pellucid.models import Sequential, load_model
from tests.serving.asking import Served, served

INFER = "/v2/models/digits/infer"
LENGTH = "Inference-Header-Content-Length"


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """(3, 8, 8, 1) uint8."""
    return np.random.default_rng(5).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def wanted(run: Path, pixels: np.ndarray) -> np.ndarray:
    """What the model itself gives for them."""
    model = load_model(run)
    return np.asarray(model.predict(model.preprocessing.apply(pixels), verbose=0))


def tensor(x: np.ndarray, datatype: str = "UINT8", **changed: Any) -> dict[str, Any]:
    """A request for one tensor."""
    return {"inputs": [{"name": "input", "shape": list(x.shape), "datatype": datatype, "data": x.ravel().tolist()}
                       | changed]}  # fmt: skip


def outputs_of(response: httpx.Response) -> dict[str, Any]:
    """The tensors of a JSON response by name."""
    assert response.status_code == 200, response.text
    return {each["name"]: each for each in response.json()["outputs"]}


@pytest.mark.parametrize("shape", ["flat", "nested"])
def test_numbers_in_json(server: Served, pixels: np.ndarray, wanted: np.ndarray, shape: str) -> None:
    data = pixels.tolist() if shape == "nested" else pixels.ravel().tolist()
    response = server.ask("POST", INFER, json={"id": "seven", **tensor(pixels, data=data)})
    found = outputs_of(response)
    assert found["output"]["shape"] == [3, 10] and found["output"]["datatype"] == "FP32"
    assert np.abs(np.reshape(found["output"]["data"], (3, 10)) - wanted).max() < 1e-5
    assert [json.loads(text)["classes"][0]["class"] for text in found["answer"]["data"]] == [
        str(number) for number in wanted.argmax(1)
    ]
    told = response.json()
    assert (told["id"], told["model_name"]) == ("seven", "digits")
    assert told["model_version"] == server.ask("GET", "/v2/models/digits").json()["versions"][0]


def test_floats_from_0_to_1_are_brought_to_the_depth_of_the_model(
    server: Served, pixels: np.ndarray, wanted: np.ndarray
) -> None:
    found = outputs_of(server.ask("POST", INFER, json=tensor(pixels / 255, "FP32")))
    assert np.abs(np.reshape(found["output"]["data"], (3, 10)) - wanted).max() < 1e-5


def test_binary_tensors_both_ways(server: Served, pixels: np.ndarray, wanted: np.ndarray) -> None:
    asked = {"inputs": [{"name": "input", "shape": [3, 8, 8, 1], "datatype": "UINT8",
                         "parameters": {"binary_data_size": pixels.nbytes}}],
             "outputs": [{"name": "answer", "parameters": {"binary_data": True}},
                         {"name": "output", "parameters": {"binary_data": True}}]}  # fmt: skip
    head = json.dumps(asked).encode()
    response = server.ask("POST", INFER, content=head + pixels.tobytes(), headers={LENGTH: str(len(head))})
    assert response.status_code == 200, response.text
    length = int(response.headers[LENGTH])
    told, body = json.loads(response.content[:length]), response.content[length:]
    answers, output = (each["parameters"]["binary_data_size"] for each in told["outputs"])
    assert answers + output == len(body) and output == 4 * 30
    assert np.abs(np.frombuffer(body[answers:], "<f4").reshape(3, 10) - wanted).max() < 1e-5
    first = int.from_bytes(body[:4], "little")
    assert json.loads(body[4 : 4 + first])["classes"][0]["class"] == str(wanted[0].argmax())


def test_pixels_and_nothing_else(server: Served, pixels: np.ndarray, wanted: np.ndarray) -> None:
    response = server.ask("POST", INFER, content=pixels[1].tobytes(), headers={LENGTH: "0"})
    assert np.abs(np.array(outputs_of(response)["output"]["data"]) - wanted[1]).max() < 1e-5


def test_numbers_that_overflow_harm_nobody_beside_them(tmp_path: Path) -> None:
    net = Sequential([Input((2, 2, 1)), Flatten(), Dense(3)])
    net.set_weights([np.full((4, 3), 2.0, np.float32), np.zeros(3, np.float32)])
    net.input_record = {"height": 2, "width": 2, "channels": 1, "channel_names": ["gray"], "dtype": "float32"}
    net.class_names, net.preprocessing = ["a", "b", "c"], Pipeline(())
    net.save(tmp_path / "floats.safetensors")
    server = served([str(tmp_path / "floats.safetensors")])
    asked = [tensor(np.full((1, 2, 2, 1), value), "FP32") for value in (1.0, 3e38, 2.0)]
    found = server.ask_all([("POST", "/v2/models/floats/infer", {"json": each}) for each in asked])
    assert [response.status_code for response in found] == [200, 422, 200]
    assert [response.json()["outputs"][0]["data"][0] for response in (found[0], found[2])] == [8.0, 16.0]
    assert "finite" in found[1].json()["error"]


BAD: dict[str, tuple[int, Any]] = {
    "no JSON": (400, b"{"),
    "another kind of JSON": (400, b"[1, 2]"),
    "NaN": (400, b'{"inputs":[{"name":"input","shape":[1,8,8,1],"datatype":"FP32","data":[NaN]}]}'),
    "deep": (400, b'{"inputs":' + b"[" * 5000),
    "no tensor": (400, {"inputs": []}),
    "another name": (400, {"inputs": [{"name": "x", "shape": [1, 8, 8, 1], "datatype": "UINT8", "data": [0] * 64}]}),
    "another size": (400, tensor(np.zeros((1, 8, 9, 1), np.uint8))),
    "negative size": (400, tensor(np.zeros((1, 8, 8, 1)), shape=[-1, 8, 8, 1])),
    "no picture": (400, tensor(np.zeros((1, 8, 8, 1)), shape=[0, 8, 8, 1], data=[])),
    "gigantic": (400, tensor(np.zeros((1, 8, 8, 1)), shape=[2**62, 2**62, 8, 1])),
    "too few numbers": (400, tensor(np.zeros((1, 8, 8, 1)), data=[0] * 63)),
    "ragged": (400, tensor(np.zeros((1, 8, 8, 1)), data=[[0] * 8, [0] * 7])),
    "words": (400, tensor(np.zeros((1, 8, 8, 1)), data=["a"] * 64)),
    "beyond 8 bits": (400, tensor(np.zeros((1, 8, 8, 1)), data=[256] * 64)),
    "another type": (400, tensor(np.zeros((1, 8, 8, 1)), "BOOL")),
    "infinite": (422, tensor(np.zeros((1, 8, 8, 1)), "FP16", data=[1e30] * 64)),
    "a guess": (422, tensor(np.full((1, 8, 8, 1), -3.7), "FP32")),
    "many pictures": (413, tensor(np.zeros((33, 8, 8, 1)))),
    "many numbers": (413, b'{"inputs":[' + b"0," * 20_000),
    "an output that is not there": (400, {**tensor(np.zeros((1, 8, 8, 1))), "outputs": [{"name": "loss"}]}),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_a_sentence(server: Served, name: str) -> None:
    status, body = BAD[name]
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    response = server.ask("POST", INFER, content=body)
    assert response.status_code == status, response.text
    assert response.json().keys() == {"error"} and "Traceback" not in response.text


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 4000, "70", "½"])
def test_a_length_of_the_json_that_is_none(server: Served, length: str) -> None:
    response = server.ask("POST", INFER, content=b"x" * 64, headers={LENGTH: length.encode()})
    assert response.status_code == 400 and LENGTH in response.json()["error"]


def test_a_size_that_differs_from_the_bytes_that_came(server: Served, pixels: np.ndarray) -> None:
    for size in (191, 193, -1, "192"):
        asked = {"inputs": [{"name": "input", "shape": [3, 8, 8, 1], "datatype": "UINT8",
                             "parameters": {"binary_data_size": size}}]}  # fmt: skip
        head = json.dumps(asked).encode()
        response = server.ask("POST", INFER, content=head + pixels.tobytes(), headers={LENGTH: str(len(head))})
        assert response.status_code == 400 and "192 bytes" in response.json()["error"]


def test_what_is_told_of_a_model(server: Served) -> None:
    found = server.ask("GET", "/v2/models/digits").json()
    assert found["inputs"] == [{"name": "input", "datatype": "UINT8", "shape": [-1, 8, 8, 1]}]
    assert found["outputs"][0] == {"name": "output", "datatype": "FP32", "shape": [-1, 10]}
    assert found["parameters"]["class_names"] == [str(number) for number in range(10)]
    version = found["versions"][0]
    assert server.ask("GET", f"/v2/models/digits/versions/{version}").json() == found
    assert server.ask("GET", "/v2/models/digits/versions/1").status_code == 404
    assert server.ask("GET", "/v2/models/digits/ready").json()["ready"] is True
    assert server.ask("GET", "/v2/models").json() == {"models": [{"name": "digits", "version": version}]}
    assert server.ask("GET", "/v2/models/other").status_code == 404
    assert server.ask("GET", "/v2").json()["extensions"] == ["binary_tensor_data"]
