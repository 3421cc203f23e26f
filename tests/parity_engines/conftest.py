"""The two engines side by side; without PyTorch the folder is skipped with the reason."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason='PyTorch is not installed: pip install "pellucid[torch]"')
