"""COCO's scores of boxes, by faster-coco-eval, which gives pycocotools' numbers.

AP        mean over IoU 0.50, 0.55 .. 0.95 and classes of the mean precision at 101 recalls, at most 100 boxes a
          picture; AP50, AP75 at one IoU; small, medium, large by the area of the object (below 32^2, 96^2 pixels);
          AR1, AR10, AR100: the mean recall with so many boxes a picture
Ignored   crowds as COCO has them; difficult objects (VOC) are neither right nor wrong
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.data.boxes.column import Boxes
from pellucid.tasks.detection.answering import Detected

NAMES = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large", "AR1", "AR10", "AR100", "AR_small", "AR_medium",
         "AR_large")  # fmt: skip


def coco_scores(truth: Boxes, found: Sequence[Detected]) -> dict[str, float | None]:
    """The twelve numbers of COCO; None where no object is of that kind."""
    evaluator = evaluated(truth, found)
    return {name: None if value == -1 else float(value) for name, value in zip(NAMES, evaluator.stats, strict=False)}


def evaluated(truth: Boxes, found: Sequence[Detected]) -> Any:
    """The library's evaluator, done."""
    from faster_coco_eval import COCO, COCOeval_faster

    quiet = _Quiet()
    objects = COCO(truth_as_coco(truth), print_function=quiet)
    answers = objects.loadRes(found_as_coco(found))
    evaluator = COCOeval_faster(objects, answers, iouType="bbox", print_function=quiet)
    evaluator.evaluate()
    evaluator.accumulate()
    evaluator.summarize()
    return evaluator


class _Quiet:
    """What the library tells, to nobody."""

    def __call__(self, *words: object) -> None:
        return None


def truth_as_coco(truth: Boxes) -> dict[str, Any]:
    """The objects as COCO's JSON has them; a difficult one is made a crowd's equal by `ignore` and `iscrowd`."""
    corners, sides = truth.corners.tolist(), (truth.corners[:, 2:] - truth.corners[:, :2]).tolist()
    pictures, numbers, areas = truth.picture.tolist(), truth.classes.tolist(), truth.areas.tolist()
    ignored = (truth.crowd | truth.difficult).tolist()
    return {
        "images": [{"id": number, "height": int(size[0]), "width": int(size[1])}
                   for number, size in enumerate(truth.sizes.tolist())],
        "categories": [{"id": number, "name": name} for number, name in enumerate(truth.names)],
        "annotations": [
            {"id": row + 1, "image_id": pictures[row], "category_id": numbers[row], "area": areas[row],
             "bbox": [*corners[row][:2], *sides[row]], "iscrowd": int(ignored[row])} for row in range(len(numbers))],
    }  # fmt: skip


def found_as_coco(found: Sequence[Detected]) -> list[dict[str, Any]]:
    """The answers as COCO's results have them."""
    rows: list[dict[str, Any]] = []
    for number, one in enumerate(found):
        sides = one.boxes[:, 2:] - one.boxes[:, :2]
        told = np.concatenate([one.boxes[:, :2], sides], axis=1).tolist()
        rows += [{"image_id": number, "category_id": kind, "bbox": box, "score": score}
                 for kind, box, score in zip(one.classes.tolist(), told, one.scores.tolist(), strict=True)]
    return rows
