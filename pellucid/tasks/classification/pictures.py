"""What is drawn of a classification: the confusion matrix, mistakes, right answers, a sample of the training part."""

from __future__ import annotations

from pellucid.data.dataset import Part
from pellucid.reports.drawing import to_png, to_svg
from pellucid.reports.pixels import Images
from pellucid.tasks.classification.confusion import confusion_figure
from pellucid.tasks.classification.evaluation import Evaluation
from pellucid.tasks.classification.mistakes import mistakes_png
from pellucid.tasks.classification.sections import MATRIX, sections_of
from pellucid.tasks.protocol import Pictures


def pictures_of(evaluation: Evaluation, images: Images, training: Part) -> Pictures:
    """confusion.png, mistakes.png, and what the report shows of them. Raises ShapeError for what is no n pictures."""
    confusion = confusion_figure(evaluation)
    matrix = to_svg(confusion, MATRIX)
    return Pictures(
        {"confusion.png": to_png(confusion), "mistakes.png": mistakes_png(evaluation, images)},
        sections_of(evaluation, images, training, matrix=matrix),
    )
