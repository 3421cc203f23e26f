"""Export the deepest networks to ONNX and hold their answers against the PyTorch engine's; five minutes on one core.

Run with   python -m benchmarks.deep_export
Prints the largest difference of each in shares of the largest value; exit code 1 beyond 1e-4.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.export.comparing import compare_exported
from tests.export.test_onnx import DEEPEST

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(f"{DEEPEST}: differs by {compare_exported(DEEPEST, Path(folder) / 'model.onnx'):.1e}")
        except AssertionError as fault:
            sys.exit(f"{DEEPEST}: {fault}")
