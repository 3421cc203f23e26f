"""Boxes from an exported detector with onnxruntime, NumPy and Pillow alone.

    pellucid export runs/cells --format onnx --out cells.onnx
    python detect_onnx.py cells.onnx picture.jpg

The file's metadata say how pictures come to it (`input`, `preprocessing`) and how its numbers are read (`task`).
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image


def centres(size, strides):
    """(P,3): x and y of the middle of each place, and the stride of its map."""
    found = []
    for stride in strides:
        rows, columns = -(-size[0] // stride), -(-size[1] // stride)
        x, y = np.meshgrid((np.arange(columns) + 0.5) * stride, (np.arange(rows) + 0.5) * stride)
        found.append(np.stack([x, y, np.full_like(x, stride)], -1).reshape(-1, 3))
    return np.concatenate(found)


def candidates(numbers, codec, least):
    """Boxes (N,4) in pixels of the input, scores and classes of what the network gives (P, C + 4)."""
    classes = codec["classes"]
    scores = 1 / (1 + np.exp(-numbers[:, :classes].astype(np.float64)))
    places, kinds = np.nonzero(scores >= least)
    spots = centres(codec["size"], codec["strides"])[places]
    edges = np.exp(np.clip(numbers[places, classes:].astype(np.float64), -20, 20)) * spots[:, 2:]
    return np.concatenate([spots[:, :2] - edges[:, :2], spots[:, :2] + edges[:, 2:]], 1), scores[places, kinds], kinds


def kept(boxes, scores, kinds, threshold):
    """The surest boxes first; one that covers a surer one of its class by more than `threshold` is left out."""
    chosen = []
    for index in np.argsort(-scores, kind="stable"):
        for other in chosen:
            if kinds[other] != kinds[index]:
                continue
            sides = np.minimum(boxes[index, 2:], boxes[other, 2:]) - np.maximum(boxes[index, :2], boxes[other, :2])
            shared = np.prod(np.clip(sides, 0, None))
            areas = [np.prod(boxes[k, 2:] - boxes[k, :2]) for k in (index, other)]
            if shared > threshold * (sum(areas) - shared):
                break
        else:
            chosen.append(index)
    return chosen


def detect(file, picture):
    """The boxes of a picture, in its own pixels, as `pellucid predict --json` tells them."""
    session = onnxruntime.InferenceSession(file)
    told = session.get_modelmeta().custom_metadata_map
    record, images = json.loads(told["task"])["record"], json.loads(told["input"])["images"]
    assert record["codec"]["name"] == "center" and images.get("fit", "stretch") == "stretch", "see docs/detection.md"
    (step,) = json.loads(told["preprocessing"])["steps"]
    image = Image.open(picture).convert("RGB")
    height, width = record["codec"]["size"]
    x = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), np.float32) / np.float32(step["divisor"])
    (numbers,) = session.run(None, {"input": x[None]})
    least = 0.5 if record["operating"] is None else record["operating"]
    boxes, scores, kinds = candidates(numbers[0], record["codec"], least)
    scale = np.array([image.width / width, image.height / height] * 2)
    edges = np.array([image.width, image.height] * 2)
    return [{"class": record["names"][kinds[k]], "score": round(float(scores[k]), 6),
             "box": np.clip(boxes[k] * scale, 0, edges).round(3).tolist()}
            for k in kept(boxes, scores, kinds, record["nms"])]


if __name__ == "__main__":
    print(json.dumps(detect(sys.argv[1], sys.argv[2]), indent=1))
