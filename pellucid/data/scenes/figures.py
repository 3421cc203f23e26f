"""Poses of stick figures: 14 joints from angles of limbs, in the order of Leeds Sports Pose.

Shapes   joints (14,2) x, y in units of the figure's height, from the middle of the hips, y down
Body     neck, head, shoulders and hips follow a trunk that leans; arms and legs are two bones each, turned at random;
         a figure is seen from the front, from the side or from behind, so that place alone tells no left from right
Sigmas   of OKS: those of COCO's joints; neck and head as in CrowdPose (Li et al. 2019), which has these 14 joints
"""

from __future__ import annotations

import numpy as np

NAMES = ("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist", "right_elbow",
         "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "neck", "head_top")
NECK, HEAD = 12, 13
LEG = {"right": (2, 1, 0), "left": (3, 4, 5)}           # hip, knee, ankle
ARM = {"right": (8, 7, 6), "left": (9, 10, 11)}         # shoulder, elbow, wrist
EDGES = ((12, 13), (12, 8), (8, 7), (7, 6), (12, 9), (9, 10), (10, 11), (12, 2), (2, 1), (1, 0), (12, 3), (3, 4),
         (4, 5), (8, 2), (9, 3))  # the last two close circles
SIGMAS = (0.089, 0.087, 0.107, 0.107, 0.087, 0.089, 0.062, 0.072, 0.079, 0.079, 0.072, 0.062, 0.079, 0.079)
TRUNK, SKULL, SHOULDER, HIP = 0.31, 0.17, 0.105, 0.07   # lengths; the last two from the middle to a side
UPPER_ARM, FOREARM, THIGH, SHIN = 0.17, 0.16, 0.25, 0.25


def pose(random: np.random.Generator) -> np.ndarray:
    """Joints (14,2) of one figure."""
    joints = np.zeros((14, 2))
    lean = random.normal(0, 0.18)
    up, across = turned(0, -1, lean), turned(1, 0, lean)
    turn = random.uniform(0.45, 1) * (-1 if random.random() < 0.65 else 1)       # -1: its right is on our left
    joints[NECK] = TRUNK * jitter(random) * up
    joints[HEAD] = joints[NECK] + SKULL * jitter(random) * turned(0, -1, lean + random.normal(0, 0.2))
    for side, sign in (("right", 1.0), ("left", -1.0)):
        outwards = sign * turn
        hip, knee, ankle = LEG[side]
        joints[hip] = HIP * outwards * across
        swing = 0.25 * outwards + random.normal(0, 0.35)
        joints[knee] = joints[hip] + THIGH * jitter(random) * turned(0, 1, -swing + lean / 2)
        joints[ankle] = joints[knee] + SHIN * jitter(random) * turned(0, 1, -swing + random.normal(0, 0.35))
        shoulder, elbow, wrist = ARM[side]
        joints[shoulder] = 0.97 * joints[NECK] + SHOULDER * outwards * across
        lift = 0.6 * outwards + random.normal(0, 0.8)
        bend = random.normal(0, 0.9)
        joints[elbow] = joints[shoulder] + UPPER_ARM * jitter(random) * turned(0, 1, -lift + lean)
        joints[wrist] = joints[elbow] + FOREARM * jitter(random) * turned(0, 1, -lift - bend + lean)
    return joints


def jitter(random: np.random.Generator) -> float:
    """By how much a bone is longer or shorter than usual."""
    return float(random.uniform(0.9, 1.1))


def turned(x: float, y: float, angle: float) -> np.ndarray:
    """A direction turned clockwise, as y points down."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([cos * x - sin * y, sin * x + cos * y])
