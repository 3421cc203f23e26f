"""A NumPy array in a file of its own (.npy) as a picture: (H, W), or (H, W, C) with any number of channels.

Bounds  the header is read first and must claim the bytes that follow; nothing is unpickled
"""

from __future__ import annotations

import io

import numpy as np

from pellucid.data.channels import default_names
from pellucid.data.header import Header
from pellucid.data.images import Array
from pellucid.data.picture_files import Unreadable, Unsupported, too_large
from pellucid.errors import FileError
from pellucid.storage.limits import CHANNELS
from pellucid.storage.npz import Head, read_head

MAGIC = b"\x93NUMPY"
AS = {"uint8": "uint8", "uint16": "uint16", "float16": "float32", "float32": "float32", "float64": "float32"}
SAVE = "Save it with numpy.save as (H, W, C) of uint8, uint16 or float32."


def npy_header(content: bytes | memoryview, where: str, *, max_pixels: int) -> Header:
    """What the file says of itself. Raises Unreadable for one that is cut short, Unsupported for another array."""
    return _headed(content, where, max_pixels)[0]


def decode_npy(content: bytes | memoryview, where: str, *, max_pixels: int) -> Array:
    """The array as (H, W, C)."""
    header, head = _headed(content, where, max_pixels)
    flat = np.frombuffer(content, head.dtype, offset=head.length, count=head.nbytes // head.dtype.itemsize)
    pixels: Array = flat.reshape(head.shape, order="F" if head.fortran else "C")
    with np.errstate(over="ignore"):        # what float32 cannot hold is infinite, which is told before training
        return np.ascontiguousarray(pixels.reshape(header.height, header.width, -1).astype(header.dtype))


def _headed(content: bytes | memoryview, where: str, max_pixels: int) -> tuple[Header, Head]:
    try:
        head = read_head(io.BytesIO(content), where)
    except FileError as fault:
        raise Unreadable(where, "its NumPy header cannot be read") from fault
    depth = AS.get(head.dtype.newbyteorder("=").name)
    if depth is None or len(head.shape) not in (2, 3):
        raise Unsupported(where, f"an array of {head.dtype} and the shape {head.shape} is no picture", SAVE)
    height, width, count = (*head.shape, 1)[:3]
    if not 0 < count <= CHANNELS.now or min(height, width) < 1:
        first = f"channels come first; save array.transpose(1, 2, 0), {width} by {count} pixels"
        told = first if height < min(width, count) else f"a picture has from 1 to {CHANNELS.now} channels"
        raise Unsupported(where, f"of the shape {head.shape} the last axis would be {count} channels: {told}", SAVE)
    if height * width > max_pixels:
        raise too_large(where, height * width, max_pixels, f" ({width} x {height})")
    if len(content) - head.length < head.nbytes:
        raise Unreadable(where, f"the array is cut short: {len(content) - head.length:,} of {head.nbytes:,} bytes are "
                         "there")
    names = default_names(count)
    kind = {1: "gray", 3: "rgb"}.get(count, "named")
    return Header(height, width, kind, depth, names=names if kind == "named" else ()), head
