"""As on a plain install: PyTorch, whose import takes longer than most cases, is not there."""

import sys

sys.modules["torch"] = None  # type: ignore[assignment]
