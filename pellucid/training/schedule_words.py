"""What --schedule may be, for settings and help, which are shown without importing a schedule."""

from __future__ import annotations

WORDS = ("constant, cosine, linear, onecycle, restarts:N:M, step:N:F, piecewise:E:F:..., exponential:F, inverse:K, "
         "sqrt or plateau:N:F")  # fmt: skip
ENDING = ("cosine", "linear", "onecycle")  # they are at nearly 0 when the run ends, and its last epochs its best
PATIENCE = 10  # epochs without improvement that end a run of another schedule
