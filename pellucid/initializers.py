"""How weights start."""

from pellucid.eager.initializers import (
    deserialize,
    get,
    serialize,
)
from pellucid.spec.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    Initializer,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
)
from pellucid.spec.initializers import (
    Constant as constant,
)
from pellucid.spec.initializers import (
    GlorotNormal as glorot_normal,
)
from pellucid.spec.initializers import (
    GlorotUniform as glorot_uniform,
)
from pellucid.spec.initializers import (
    HeNormal as he_normal,
)
from pellucid.spec.initializers import (
    HeUniform as he_uniform,
)
from pellucid.spec.initializers import (
    Identity as IdentityInitializer,
)
from pellucid.spec.initializers import (
    Identity as identity,
)
from pellucid.spec.initializers import (
    LecunNormal as lecun_normal,
)
from pellucid.spec.initializers import (
    LecunUniform as lecun_uniform,
)
from pellucid.spec.initializers import (
    Ones as ones,
)
from pellucid.spec.initializers import (
    Orthogonal as OrthogonalInitializer,
)
from pellucid.spec.initializers import (
    Orthogonal as orthogonal,
)
from pellucid.spec.initializers import (
    RandomNormal as random_normal,
)
from pellucid.spec.initializers import (
    RandomUniform as random_uniform,
)
from pellucid.spec.initializers import (
    TruncatedNormal as truncated_normal,
)
from pellucid.spec.initializers import (
    VarianceScaling as variance_scaling,
)
from pellucid.spec.initializers import (
    Zeros as zeros,
)

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]
