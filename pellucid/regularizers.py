"""Penalties on weights: l1 sum |w| + l2 sum w^2."""

from pellucid.eager.regularizers import (
    OrthogonalRegularizer,
    Regularizer,
    deserialize,
    get,
    serialize,
)
from pellucid.eager.regularizers import (
    OrthogonalRegularizer as orthogonal_regularizer,
)
from pellucid.spec.regularizers import (
    L1,
    L1L2,
    L2,
)
from pellucid.spec.regularizers import (
    L1 as l1,
)
from pellucid.spec.regularizers import (
    L1L2 as l1_l2,
)
from pellucid.spec.regularizers import (
    L2 as l2,
)

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]
