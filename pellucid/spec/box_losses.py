"""Losses at the places of a map: is there an object, and how far are its edges; one number a place."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.spec.legal import Flag, Integer, Real, legal
from pellucid.spec.losses import LOSSES, LossSpec, Targets


@LOSSES.register("binary_focal_crossentropy")
@dataclass(frozen=True)
class BinaryFocalCrossentropy(LossSpec):
    """-(1-p_t)^gamma log p_t, the mean over the last axis, p_t the probability of what is true.

    With `apply_class_balancing` a yes counts alpha and a no 1 - alpha. Source: Lin et al. 2017, eq. 4 and 5.
    """

    targets = Targets(0.0, 1.0)
    fuses = "Sigmoid"
    apply_class_balancing: bool = legal(Flag(), False)
    alpha: float = legal(Real(0.0, 1.0), 0.25)
    gamma: float = legal(Real(0.0), 2.0)
    from_logits: bool = legal(Flag(), False)
    label_smoothing: float = legal(Real(0.0, 1.0), 0.0)
    axis: int = legal(Integer(-9), -1)


@LOSSES.register("heatmap_focal_crossentropy")
@dataclass(frozen=True)
class HeatmapFocalCrossentropy(LossSpec):
    """-(1-p)^alpha log p where the target is 1, else -(1-t)^beta p^alpha log(1-p): near a centre a no counts less.

    The mean over the last axis; predictions are logits. Source: Zhou, Wang & Kraehenbuehl 2019, eq. 1.
    """

    targets = Targets(0.0, 1.0)
    alpha: float = legal(Real(0.0), 2.0)
    beta: float = legal(Real(0.0), 4.0)


@LOSSES.register("edge_iou")
@dataclass(frozen=True)
class EdgeIoU(LossSpec):
    """1 - IoU of two boxes around one place, `generalized` also + (hull - union) / hull.

    A target is the distances (left, up, right, down) to the edges, a prediction their logarithms. `logarithms` times
    the mean smooth L1 of the logarithms is added: an edge that was lost at distance 0 has no other gradient. Source:
    Rezatofighi et al. 2019, algorithm 1; distances as in Tian et al. 2019, eq. 1.
    """

    targets = Targets(0.0)
    generalized: bool = legal(Flag(), True)
    logarithms: float = legal(Real(0.0), 0.0)
