"""Points from an exported model with onnxruntime, NumPy and Pillow alone.

    pellucid export runs/faces --format onnx --out faces.onnx
    python points_onnx.py faces.onnx picture.jpg

The file's metadata say how pictures come to it (`input`, `preprocessing`) and how its numbers are read (`task`).
"""

import json
import math
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def from_maps(numbers, codec):
    """Places (K,2) in pixels of the input, of logits (K, h*w): the mean place of what lies about the largest one."""
    (height, width), (rows, columns), reach = codec["size"], codec["maps"], math.ceil(3 * codec["spread"])
    found = []
    for line in numbers.astype(np.float64):
        shares = np.exp(line - line.max()).reshape(rows, columns)
        row, column = np.unravel_index(shares.argmax(), shares.shape)
        j, i = np.mgrid[:rows, :columns]
        near = shares * (np.abs(j - row) <= reach) * (np.abs(i - column) <= reach)
        found.append([(near * i).sum() / near.sum(), (near * j).sum() / near.sum()])
    return (np.array(found) + 0.5) * (width / columns, height / rows)


def read(numbers, codec):
    """Places (K,2) in pixels of the input, of what the network gives (K,D)."""
    if codec["name"] == "coordinates":
        return numbers.astype(np.float64) * codec["size"][::-1]
    assert codec["name"] == "heatmaps" and codec["loss"] == "crossentropy" and codec["way"] == "window", "see docs"
    return from_maps(numbers, codec)


def asked(file, picture):
    """What the network gives for a picture, the record of its task, and how its pixels lie in the input."""
    session = onnxruntime.InferenceSession(file)
    told = session.get_modelmeta().custom_metadata_map
    record, images = json.loads(told["task"])["record"], json.loads(told["input"])["images"]
    (step,) = json.loads(told["preprocessing"])["steps"]
    image = ImageOps.exif_transpose(Image.open(picture)).convert("L" if images["channels"] == 1 else "RGB")
    height, width = record["codec"]["size"]
    scale, corner = np.array([width / image.width, height / image.height]), np.zeros(2, int)
    if images.get("fit", "stretch") == "letterbox":
        inner = [max(1, round(side * scale.min())) for side in image.size]
        scale, corner = inner / np.array(image.size), (np.array([width, height]) - inner) // 2
    shown = Image.new(image.mode, (width, height), 128 if image.mode == "L" else (128, 128, 128))
    inner = np.rint(scale * image.size).astype(int).tolist()
    shown.paste(image.resize(inner, Image.Resampling.BILINEAR), tuple(corner.tolist()))
    x = np.asarray(shown, np.float32).reshape(1, height, width, -1) / np.float32(step["divisor"])
    return session.run(None, {"input": x})[0][0], record, (scale, corner)


def points(file, picture):
    """The points of a picture in its own pixels, whose centres lie at .5, as `pellucid predict --json` tells them."""
    numbers, record, (scale, corner) = asked(file, picture)
    places = (read(numbers, record["codec"]) - corner) / scale
    return [{"name": name, "x": round(float(x), 3), "y": round(float(y), 3)}
            for name, (x, y) in zip(record["skeleton"]["names"], places, strict=True)]


if __name__ == "__main__":
    print(json.dumps(points(sys.argv[1], sys.argv[2]), indent=1))
