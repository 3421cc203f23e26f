"""The limits of the server in docs/serving.md, made from its settings.

Run with   python -m tests.docs.serving_limits
"""

from __future__ import annotations

from pathlib import Path

from pellucid.serving.settings import LIMITS, Settings
from pellucid.settings import listed, spelled
from tests.docs.made import page_with

PAGE = Path(__file__).parents[2] / "docs" / "serving.md"
MAKER = "tests/docs/serving_limits.py"
BEYOND = {
    "queue": "503 with `Retry-After`, before the body is read", "pictures": "413", "max_upload": "413",
    "max_pixels": "422, after the header and before decoding",
    "timeout": "408 for a request that is too slow, 503 for an answer",
}  # fmt: skip


def made() -> str:
    """The table."""
    rows = ["| limit | default | flag | beyond it |", "|---|---|---|---|"]
    for known in listed(Settings):
        if known.panel == LIMITS:
            default = f"{known.default:,}" if isinstance(known.default, int) else spelled(known.default)
            rows.append(f"| {known.help.rstrip('.')} | {default} | `{known.flag}` | {BEYOND[known.name]} |")
    return "\n".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE, MAKER, made()), encoding="utf-8")
