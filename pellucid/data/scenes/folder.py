"""A folder of drawn scenes with COCO keypoints: images/PART/*.png and annotations/person_keypoints_PART.json."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.scenes.figures import EDGES, NAMES, SIGMAS
from pellucid.data.scenes.scene import Scene, scene
from pellucid.storage.writer import make_folder, new_folder, write_bytes, write_text

DRAWN = "Stick figures drawn by Pellucid (seed {seed}); no photographs"
PERSON = 1          # number of the category
HALF = 0.5          # COCO counts the middle of the first pixel 0


def write_scenes(out: str, counts: Mapping[str, int], *, seed: int, people: tuple[int, int],
                 size: tuple[int, int]) -> Path:  # fmt: skip
    """Draw counts[part] scenes of each part, all different, into a new folder; returns it.

    people (fewest, most) in a picture, size (height, width). Raises FileError where the folder cannot be made.
    """
    folder = new_folder(out)
    number = 0
    make_folder(folder / "annotations")
    for part, count in counts.items():
        make_folder(folder / "images" / part)
        drawn = {}
        for _ in range(count):
            name = f"{number:06d}.png"
            drawn[name] = one = scene(seed, number, people=people, size=size)
            write_bytes(folder / "images" / part / name, png(one.pixels))
            number += 1
        write_text(folder / "annotations" / f"person_keypoints_{part}.json", json.dumps(as_coco(drawn, seed)))
    return folder


def png(pixels: np.ndarray) -> bytes:
    """A picture (H,W,3) as a file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels, "RGB").save(file, "PNG")
    return file.getvalue()


def as_coco(drawn: Mapping[str, Scene], seed: int) -> dict[str, Any]:
    """Scenes by file name as COCO's person keypoints; edges and points are counted from 1, sigmas are written too."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, (name, one) in enumerate(drawn.items(), 1):
        height, width, _ = one.pixels.shape
        images.append({"id": number, "file_name": name, "height": height, "width": width})
        for xy, visible, box, area in zip(one.xy, one.visible, one.boxes, one.areas, strict=True):
            flagged = np.column_stack([np.nan_to_num(xy - HALF, nan=0), visible])
            annotations.append({
                "id": len(annotations) + 1, "image_id": number, "category_id": PERSON, "iscrowd": 0,
                "keypoints": [float(value) for value in flagged.ravel()], "num_keypoints": int((visible > 0).sum()),
                "bbox": [*map(float, box[:2]), *map(float, box[2:] - box[:2])], "area": float(area),
            })  # fmt: skip
    category = {"id": PERSON, "name": "person", "keypoints": list(NAMES), "sigmas": list(SIGMAS),
                "skeleton": [[start + 1, end + 1] for start, end in EDGES]}
    return {"info": {"description": DRAWN.format(seed=seed)}, "images": images, "annotations": annotations,
            "categories": [category]}  # fmt: skip
