"""The Open Inference Protocol, version 2: tensors in, tensors out, as JSON or with the binary extension.

Input    `input`, pixels (N, H, W, C) as the model's pictures are before preprocessing, which is done here; what of
         another depth can be brought to the model's without a guess is
Outputs  `output`, what the network gives (N, ...) FP32; `answer` (N,) BYTES, the task's JSON of each prediction
Binary   the JSON comes first, `Inference-Header-Content-Length` bytes of it, then the tensors, little-endian; BYTES is
         a length of 4 bytes before each text; a length of 0 is one picture and nothing else
Source   github.com/kserve/open-inference-protocol, v2 REST; the binary tensor data extension of Triton
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from pellucid.data.images import Array
from pellucid.errors import DataError
from pellucid.serving.refusals import Refused
from pellucid.serving.version import Version

INPUT, OUTPUT, ANSWER = "input", "output", "answer"
DTYPES = {"UINT8": "<u1", "UINT16": "<u2", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4",
          "FP64": "<f8"}  # fmt: skip
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}
BESIDE = 10_000  # commas that a request may have beside those between its numbers


class Tensor(msgspec.Struct):
    """A tensor of a request."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] = {}
    data: msgspec.Raw = msgspec.Raw()


class Wanted(msgspec.Struct):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] = {}


class Asked(msgspec.Struct):
    """A request."""

    inputs: list[Tensor]
    id: str | None = None
    outputs: list[Wanted] = []
    parameters: dict[str, Any] = {}


READ_ASKED = msgspec.json.Decoder(Asked)


def described(version: Version) -> dict[str, Any]:
    """What the protocol tells of a model."""
    return {
        "name": version.name, "versions": [version.id], "platform": f"pellucid_{version.engine.name}",
        "inputs": [{"name": INPUT, "datatype": NAMES[version.dtype], "shape": [-1, *(version.shape or (-1, -1, -1))]}],
        "outputs": [
            {"name": OUTPUT, "datatype": "FP32", "shape": [-1, *(length or -1 for length in version.output_shape)]},
            {"name": ANSWER, "datatype": "BYTES", "shape": [-1]},
        ],
        "parameters": {"class_names": list(version.problem.class_names or ()), "sha256": version.sha256,
                       "batch": version.batch},
    }  # fmt: skip


def read_request(body: bytes, length: str, version: Version, most: int) -> tuple[Asked, Array]:
    """The request and its pixels (N, H, W, C); `length` is the binary extension's header, empty without it.

    Raises Refused for what is no request of this protocol, or does not fit the model.
    """
    if length and not (length.isascii() and length.isdecimal() and int(length[:20]) <= len(body)):
        raise Refused(400, "Inference-Header-Content-Length must be the length of the JSON before the tensors.")
    if length and int(length) == 0:
        return Asked([]), raw_picture(body, version)
    end = int(length) if length else len(body)
    asked = parsed(body[:end] if length else body, version, most)
    if len(asked.inputs) != 1 or asked.inputs[0].name != INPUT:
        raise Refused(400, f"inputs must be one tensor called '{INPUT}'.")
    tensor = asked.inputs[0]
    dtype, shape = fitting(tensor, version, most)
    size = tensor.parameters.get("binary_data_size")
    if size is None:
        if len(body) > end:
            raise Refused(400, "There are bytes behind the JSON, but the input has no binary_data_size.")
        return asked, from_json(tensor.data, dtype, shape)
    if size != len(body) - end or size != math.prod(shape) * dtype.itemsize:
        raise Refused(400, f"binary_data_size must be {math.prod(shape) * dtype.itemsize:,} bytes for the shape "
                      f"{list(shape)} of {tensor.datatype}, and so many must follow the JSON.")  # fmt: skip
    return asked, np.frombuffer(body, dtype, offset=end).reshape(shape)


def parsed(text: bytes, version: Version, most: int) -> Asked:
    """The JSON of a request, bounded in its values before any is made."""
    numbers = most * math.prod(version.shape) if version.shape else version.options.most_pixels
    if text.count(b",") > numbers + BESIDE:
        raise Refused(413, f"The JSON has more numbers than {most} pictures of this model.")
    try:
        return READ_ASKED.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as fault:
        raise Refused(400, f"The body is no inference request: {' '.join(str(fault).split())[:200]}.") from None


def raw_picture(body: bytes, version: Version) -> Array:
    """One picture, its pixels alone."""
    if not version.shape or len(body) != math.prod(version.shape) * version.dtype.itemsize:
        raise Refused(400, f"Pixels alone must be one picture of shape {list(version.shape or ())} "
                      f"{NAMES[version.dtype]}.")  # fmt: skip
    return np.frombuffer(body, version.dtype).reshape(1, *version.shape)


def fitting(tensor: Tensor, version: Version, most: int) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The dtype and the shape that a tensor says it has. Raises Refused where these are none of the model's."""
    if tensor.datatype not in DTYPES:
        raise Refused(400, f"datatype must be one of {', '.join(DTYPES)}.")
    shape = tuple(tensor.shape)
    wanted = ["N", *(version.shape or ("height", "width", "channels"))]
    fits = len(shape) == 4 and min(shape) >= 1 and (not version.shape or shape[1:] == version.shape)
    if not fits or math.prod(shape[1:]) > 4 * version.options.most_pixels:
        told = ", ".join(map(str, wanted))
        raise Refused(400, f"shape must be [{told}], but it is {str(tensor.shape)[:100]}.")
    if shape[0] > most:
        raise Refused(413, f"One request may have at most {most} pictures (--pictures).")
    return np.dtype(DTYPES[tensor.datatype]), shape


def from_json(data: msgspec.Raw, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """The numbers of a tensor, in one list or nested as the shape says. Raises Refused for other ones."""
    kind: Any = list[int] if dtype.kind in "iu" else list[float]
    try:
        try:
            found = msgspec.json.decode(data, type=kind)
        except msgspec.ValidationError:  # nested, or wrong
            found = msgspec.json.decode(data)
        with np.errstate(all="ignore"):  # what becomes infinite is refused with what came so
            pixels = np.array(found, dtype)
        if pixels.shape not in (shape, (math.prod(shape),)):
            raise ValueError(f"{pixels.size:,} numbers of shape {pixels.shape}"[:100])
    except (msgspec.MsgspecError, RecursionError, ValueError, TypeError, OverflowError) as fault:
        raise Refused(400, f"data must be {math.prod(shape):,} numbers for the shape {list(shape)}, in one list or "
                      f"nested: {' '.join(str(fault).split())[:200]}.") from None  # fmt: skip
    return pixels.reshape(shape)


def brought(pixels: Array, version: Version) -> Array:
    """Pixels (N, H, W, C) in the model's own depth. Raises Refused where that would be a guess."""
    if version.takes(pixels.dtype):
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            raise Refused(422, "The pixels hold NaN or infinity, so there is nothing to answer.")
        return pixels
    try:
        rows = [version.holder.bring(picture, "input") for picture in pixels]
    except DataError as fault:
        raise Refused(422, str(fault)) from None
    return rows[0][np.newaxis] if len(rows) == 1 else np.stack(rows)


def response(
    asked: Asked, version: Version, outputs: Array, answers: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], bytes]:
    """The JSON of a response and the tensors that follow it. Raises Refused for outputs that are not there."""
    strange = [each.name for each in asked.outputs if each.name not in (OUTPUT, ANSWER)]
    if strange:
        raise Refused(400, f"outputs: there is no '{strange[0][:80]}'. There are {OUTPUT} and {ANSWER}.")
    told, tensors = [], []
    for each in asked.outputs or [Wanted(OUTPUT), Wanted(ANSWER)]:
        binary = each.parameters.get("binary_data", asked.parameters.get("binary_data_output", False))
        entry: dict[str, Any] = {"name": each.name}
        if each.name == OUTPUT:
            numbers = np.ascontiguousarray(outputs, "<f4")
            entry |= {"datatype": "FP32", "shape": list(numbers.shape)}
            content = numbers.tobytes() if binary else b""
            data: Any = None if binary else numbers.ravel().tolist()
        else:
            texts = [msgspec.json.encode(answer) for answer in answers]
            entry |= {"datatype": "BYTES", "shape": [len(texts)]}
            content = b"".join(len(text).to_bytes(4, "little") + text for text in texts) if binary else b""
            data = None if binary else [text.decode() for text in texts]
        told.append(entry | ({"parameters": {"binary_data_size": len(content)}} if binary else {"data": data}))
        tensors.append(content)
    head = {} if asked.id is None else {"id": asked.id}
    return {"model_name": version.name, "model_version": version.id, **head, "outputs": told}, b"".join(tensors)
