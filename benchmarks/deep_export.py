"""Export whole to ONNX what no test does, and hold answers against the PyTorch engine's; minutes on one core.

Run with   python -m benchmarks.deep_export
Prints the largest difference of each in shares of the largest value; exit code 1 beyond 1e-4.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pellucid.architectures.names import NAMES
from tests.architectures.small import small
from tests.export.comparing import WHOLE, compare_exported


def main() -> int:
    """How many networks differ."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            if name in WHOLE:
                continue
            try:
                difference = compare_exported(small(name, channels=2), Path(folder) / "model.onnx")
                print(f"{name}: differs by {difference:.1e}")
            except AssertionError as fault:
                print(f"{name}: {fault}")
                missed += 1
    return missed


if __name__ == "__main__":
    sys.exit(main() and 1)
