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
    reach = REACH * sigma
    for person, picture in enumerate(people.tolist()):
        known = np.flatnonzero(np.isfinite(xy[person]).all(axis=1))
        if not len(known):
            continue
        spots = xy[person, known]
        at = span_around(spots.min(axis=0) - reach, spots.max(axis=0) + reach, shape, stride)
        across, down = (np.exp(-(((middles[:, np.newaxis] - spots[:, axis]) / sigma) ** 2)).astype(np.float32)
                        for axis, middles in enumerate((at.x, at.y)))                           # (w,k) and (h,k)
        hills = down[:, np.newaxis] * across[np.newaxis]
        hills[hills < FOOT] = 0
        own = maps[picture, at.rows, at.columns]
        if len(known) == xy.shape[1]:
            np.maximum(own, hills, out=own)
        else:
            own[..., known] = np.maximum(own[..., known], hills)
    return maps
