"""Export every architecture at a small size and hold onnxruntime's numbers to the PyTorch engine's.

Run with   python -m benchmarks.exports [NAME ...]          (minutes on one core; the tests take one of each family)
Prints a row a network, writes benchmarks/results/exports-DATE.json when all were taken, and ends with exit code 1 when
any gave other numbers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.engines import machine
from benchmarks.published import commit
from pellucid.architectures.names import NAMES
from pellucid.model.exporting import PACKAGES
from pellucid.storage.writer import write_json
from tests.export.comparing import TOLERANCE, compare_exported

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run the walk; 0 when every network gives its numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    names = parser.parse_args().names or list(NAMES)
    found: dict[str, float | None] = {}
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            try:
                found[name] = compare_exported(name, Path(place) / "model.onnx")
            except AssertionError as fault:
                print(fault, file=sys.stderr)
                found[name] = None
            print(f"{name:<24}{'OTHER NUMBERS' if found[name] is None else f'{found[name]:.1e}'}", flush=True)
    if names == list(NAMES):
        record = {
            "what": "the largest difference between onnxruntime and Pellucid's PyTorch engine, float32, small images, "
                    "in shares of the largest output",
            "limit": TOLERANCE, "differences": found, "machine": machine(), "commit": commit(),
            "versions": {name: version(name) for name in PACKAGES},
        }  # fmt: skip
        write_json(RESULTS / f"exports-{date.today().isoformat()}.json", record)
    return 1 if None in found.values() else 0


if __name__ == "__main__":
    sys.exit(main())
