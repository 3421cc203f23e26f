"""The house as the design draws it: imports go one way, files and functions stay short, names say something."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure import house

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "sklearn", "matplotlib", "numba", "fastapi", "PIL", "jinja2", "sympy")
PAGES = sorted(
    {module.name for module in house.modules(ROOT) if module.room not in house.FLOOR} - {"pellucid.__main__"}
)


def test_imports_go_one_way() -> None:
    assert house.wrong_arrows(ROOT) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    assert house.circles(ROOT) == []


def test_no_part_imports_what_it_never_does() -> None:
    assert house.forbidden_packages(ROOT) == []


def test_nobody_names_a_task() -> None:
    assert house.tasks_by_name(ROOT) == []


def test_public_pages_only_re_export() -> None:
    assert house.busy_pages(ROOT) == []


def test_every_name_says_what_is_in_it() -> None:
    assert house.nameless(ROOT) == []


def test_no_file_is_over_400_lines() -> None:
    for sentence in house.long_files(ROOT, most=house.LONG_FILE):
        print(sentence)
    assert house.long_files(ROOT) == []


def test_no_room_is_crowded() -> None:
    assert house.crowded_rooms(ROOT) == []


def test_no_function_is_over_80_lines() -> None:
    assert house.long_functions(ROOT) == []


@pytest.mark.parametrize("page", PAGES)
def test_everything_public_has_a_docstring(page: str) -> None:
    assert house.undocumented(importlib.import_module(page)) == []


def loaded_after(program: str) -> list[str]:
    """Which heavy packages a fresh interpreter holds after running `program`."""
    text = (
        f"import sys\n{program}\nimport json\nprint('LOADED', json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    run = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True, cwd=ROOT)
    loaded: list[str] = json.loads(run.stdout.partition("LOADED")[2])
    return loaded


def test_importing_pellucid_is_light() -> None:
    assert loaded_after("import pellucid") == []


def test_asking_for_help_is_light() -> None:
    if not (ROOT / "pellucid" / "cli" / "__init__.py").exists():
        pytest.skip("there is no command line yet")
    program = (
        "from pellucid.cli import main\n"
        "sys.argv = ['pellucid', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code"
    )
    assert loaded_after(program) == []


def test_learning_with_torch_brings_no_algebra() -> None:
    program = (
        "import numpy, pellucid\n"
        "model = pellucid.models.Sequential([pellucid.layers.Dense(1, input_shape=(2,))])\n"
        "model.compile('sgd', 'mse', engine='pytorch')\n"
        "model.fit(numpy.ones((4, 2)), numpy.ones((4, 1)), verbose=0)"
    )
    assert "sympy" not in loaded_after(program)


def test_a_heavy_package_is_noticed() -> None:
    assert loaded_after("import PIL") == ["PIL"]
