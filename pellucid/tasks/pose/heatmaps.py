"""Heat maps of many people: all joints of one kind in one map, the nearest one's hill at each place.

Axes     B pictures, H W rows and columns of the maps, M people in all, K kinds of joint
Target   S_j(p) = max over people of exp(-||p - x_jk||^2 / sigma^2): the largest and not the sum, so that two close
         peaks stay two; below 0.001 it is 0
Source   Cao et al. 2017, eq. 6 and 7
"""

from __future__ import annotations

import numpy as np

from pellucid.tasks.pose.places import span_around

FOOT = 1e-3         # of a hill, below which it is 0
REACH = float(np.sqrt(-np.log(FOOT)))  # in sigmas


def joint_maps(xy: np.ndarray, people: np.ndarray, *, count: int, shape: tuple[int, int], stride: float,
               sigma: float) -> np.ndarray:  # fmt: skip
    """The maps (count, H, W, K) of M people in `count` pictures.

    xy (M,K,2): pixels of the input, NaN where a joint has no place; people (M,): the picture of each; shape (H,W);
    stride: pixels a place; sigma: pixels.
    """
    maps = np.zeros((count, *shape, xy.shape[1]), np.float32)
    for person, joint in np.argwhere(np.isfinite(xy).all(axis=2)).tolist():
        spot = xy[person, joint]
        at = span_around(spot - REACH * sigma, spot + REACH * sigma, shape, stride)
        across, down = np.exp(-(((at.x - spot[0]) / sigma) ** 2)), np.exp(-(((at.y - spot[1]) / sigma) ** 2))
        hill = down[:, np.newaxis] * across[np.newaxis]
        own = maps[int(people[person]), at.rows, at.columns, joint]
        np.maximum(own, np.where(hill < FOOT, 0, hill), out=own)
    return maps
