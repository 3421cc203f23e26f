"""Figures are looked at in tests/reports and in what is marked `drawn`; else a pixel stands for each."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from tests.cli.terminal import save_pixel


@pytest.fixture(autouse=True)
def pixels_for_figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("drawn") is None:
        monkeypatch.setattr(Figure, "savefig", save_pixel)
