"""Each rule of the house, seen to fail on a planted module and to stay quiet on a clean one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from tests.structure import house


def plant(tree: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


FORBIDDEN_ARROWS = {
    "up": {"pellucid/spec/a.py": "from pellucid.graph.graph import Graph\n"},
    "settings to spec": {"pellucid/settings.py": "from pellucid.spec import base\n"},
    "lazily": {"pellucid/engines/reference/a.py": "def f():\n    import pellucid.model\n"},
    "by name": {"pellucid/graph/a.py": "import importlib\nimportlib.import_module('pellucid.engines')\n"},
    "for types": {"pellucid/spec/a.py": "if TYPE_CHECKING:\n    from pellucid.model import Model\n"},
    "sideways": {"pellucid/checks/a.py": "import pellucid.explain\n"},
    "a run from a task": {"pellucid/tasks/classification/a.py": "from pellucid.runs import several\n"},
    "a task from what draws": {"pellucid/reports/a.py": "def f():\n    from pellucid.tasks import protocol\n"},
    "numbers from a model": {"pellucid/model/a.py": "import pellucid.eager\n"},
    "a network by name from numbers": {"pellucid/eager/a.py": "from pellucid.architectures import lenet\n"},
    "a run from what draws": {"pellucid/reports/a.py": "from pellucid.runs import index\n"},
    "a run that is used from one that is made": {"pellucid/runs/a.py": "from pellucid.using import opening\n"},
    "a search from a run that is used": {"pellucid/using/a.py": "from pellucid.search import space\n"},
    "a search from a run": {"pellucid/runs/a.py": "from pellucid.search import space\n"},
    "storage to engines": {"pellucid/storage/a.py": "import pellucid.engines\n"},
    "storage to data": {"pellucid/storage/a.py": "from pellucid.data import npz\n"},
    "data to spec": {"pellucid/data/a.py": "from pellucid.spec import base\n"},
    "data to graph": {"pellucid/data/a.py": "from ..graph import build\n"},
    "the command line from a room": {"pellucid/serving/a.py": "from pellucid import cli\n"},
    "the command line from a page": {"pellucid/models.py": "from pellucid.cli.train import train\n"},
    "relative, from a folder": {"pellucid/graph/__init__.py": "from ..runs import index\n"},
    "through a page": {
        "pellucid/models.py": "from pellucid.model import Model\n",
        "pellucid/training/a.py": "from pellucid.models import Model\n",
    },
    "through two pages": {
        "pellucid/a_page.py": "from pellucid.models import Model\n",
        "pellucid/models.py": "from pellucid.model import Model\n",
        "pellucid/training/a.py": "from pellucid import a_page\n",
    },
    "the whole package": {"pellucid/graph/a.py": "from pellucid import Model\n"},
    "the whole package, plainly": {"pellucid/runs/a.py": "import pellucid\n"},
}
GOOD_ARROWS = {
    "pellucid/__init__.py": "from pellucid.model import Model\n__version__ = '1'\n",
    "pellucid/__main__.py": "from pellucid.cli import main\n",
    "pellucid/settings.py": "from pellucid.errors import describe\n",
    "pellucid/layers.py": "from pellucid.graph.layer import Layer\n",
    "pellucid/graph/layer.py": "from pellucid.spec.base import Spec\nfrom . import build\nimport pellucid.keys\n",
    "pellucid/graph/build.py": "import json\n",
    "pellucid/data/a.py": "from pellucid import errors, keys\nfrom pellucid.storage import writer\nimport numpy\n",
    "pellucid/training/a.py": "from pellucid.data.batches import Batches\nfrom pellucid import __version__\n",
    "pellucid/engines/pytorch/a.py": "import torch\nfrom pellucid.engines import contract\n",
    "pellucid/engines/reference/a.py": "import numpy\n",
    "pellucid/architectures/a.py": "from pellucid.layers import Layer\n",
    "pellucid/eager/a.py": "from pellucid.engines import choosing\nfrom pellucid.model import Model\n",
    "pellucid/reports/a.py": "from pellucid.diagnosis import series\n",
    "pellucid/tasks/protocol.py": "from pellucid.reports import gallery\nfrom pellucid.training import loop\n",
    "pellucid/runs/b.py": "from pellucid.tasks import protocol\n",
    "pellucid/using/b.py": "from pellucid.runs import index\n",
    "pellucid/search/b.py": "from pellucid.runs import index\nfrom pellucid.reports import pages\n",
    "pellucid/serving/a.py": "from pellucid.runs import index\n",
    "pellucid/cli/a.py": "import pellucid\nfrom pellucid.serving import app\n",
    "pellucid/spec/a.py": "if TYPE_CHECKING:\n    import numpy\n",
}
CIRCLES = {  # files of pellucid/runs, and the lines that the sentence tells
    "plain": ({"a": "from pellucid.runs import b\n", "b": "import pellucid.runs.a\n"}, "a:1 b, b:1 a"),
    "in a function": ({"a": "from . import b\n", "b": "def f():\n    from pellucid.runs.a import g\n"}, "a:1 b, b:2 a"),
    "for types": ({"a": "if TYPE_CHECKING:\n    from .b import B\n", "b": "from .a import A\n"}, "a:2 b, b:1 a"),
    "of three": ({"b": "from . import d\n", "c": "from . import b\n", "d": "import json\nfrom .c import C\n"},
                 "b:1 d, d:2 c, c:1 b"),
    "of more than one way round": (
        {"a": "from . import b, c\n", "b": "from . import a\n", "c": "from . import d\n", "d": "from . import a, e\n",
         "e": "", "f": "from pellucid.runs import a\n"}, "a:1 b, b:1 a; 4"),
}  # fmt: skip
FORBIDDEN_PACKAGES = {
    "numpy in spec": {"pellucid/spec/a.py": "def f():\n    from numpy.linalg import norm\n"},
    "torch in graph": {"pellucid/graph/a.py": "import torch.nn\n"},
    "numpy otherwise than for types": {"pellucid/spec/a.py": "if TYPE_CHECKING:\n    pass\nelse:\n    import numpy\n"},
    "torch in reference": {"pellucid/engines/reference/a.py": "import importlib\nimportlib.import_module('torch')\n"},
    "reference in pytorch": {
        "pellucid/engines/reference/ops.py": "",
        "pellucid/engines/pytorch/a.py": "from ..reference import ops\n",
    },
    "training in serving": {"pellucid/serving/a.py": "from pellucid.training import loop\n"},
}


@pytest.mark.parametrize("case", FORBIDDEN_ARROWS)
def test_a_wrong_arrow_is_noticed(case: str, tmp_path: Path) -> None:
    files = FORBIDDEN_ARROWS[case]
    found = house.wrong_arrows(plant(tmp_path, {**GOOD_ARROWS, **files}))
    assert len(found) == 1
    assert found[0].startswith(list(files)[-1])


@pytest.mark.parametrize("case", CIRCLES)
def test_a_circle_is_noticed(case: str, tmp_path: Path) -> None:
    files, told = CIRCLES[case]
    found = house.circles(plant(tmp_path, {f"pellucid/runs/{name}.py": text for name, text in files.items()}))
    lines, _, more = told.partition("; ")
    sentence = re.sub(r"(\w):(\d) (\w)", r"pellucid/runs/\1.py:\2 imports pellucid.runs.\3", lines) + ": a circle"
    assert found == [f"{sentence}; {more} files hang together so" if more else sentence]


def test_a_circle_of_a_folder_and_its_file_is_noticed(tmp_path: Path) -> None:
    plant(tmp_path, {"pellucid/cli/__init__.py": "from pellucid.cli.a import f\nNUMBER = 3\n"})
    plant(tmp_path, {"pellucid/cli/a.py": "from pellucid.cli import NUMBER\n"})
    assert house.circles(tmp_path) == [
        "pellucid/cli/__init__.py:1 imports pellucid.cli.a, pellucid/cli/a.py:1 imports pellucid.cli: a circle"
    ]


def test_each_of_two_circles_is_noticed(tmp_path: Path) -> None:
    for room in ("spec", "runs"):
        plant(tmp_path, {f"pellucid/{room}/a.py": "from . import b\n", f"pellucid/{room}/b.py": "from . import a\n"})
    assert [sentence.partition(":")[0] for sentence in house.circles(tmp_path)] == [
        "pellucid/runs/a.py", "pellucid/spec/a.py",
    ]  # fmt: skip


@pytest.mark.parametrize("case", FORBIDDEN_PACKAGES)
def test_a_forbidden_package_is_noticed(case: str, tmp_path: Path) -> None:
    files = FORBIDDEN_PACKAGES[case]
    found = house.forbidden_packages(plant(tmp_path, {**GOOD_ARROWS, **files}))
    assert len(found) == 1
    assert found[0].startswith(list(files)[-1])


@pytest.mark.parametrize("where", ["runs", "training", "search", "cli", "tasks", "tasks/cells", "a_page"])
@pytest.mark.parametrize("line", [
    "from pellucid.tasks.poses.settings import Settings", "def f():\n    import pellucid.tasks.poses.task",
    "from pellucid.tasks import poses", "import importlib\nimportlib.import_module('pellucid.tasks.poses.task')",
    "if TYPE_CHECKING:\n    from pellucid.tasks.poses.task import Poses",
])  # fmt: skip
def test_a_task_by_its_name_is_noticed(where: str, line: str, tmp_path: Path) -> None:
    task = {f"pellucid/tasks/poses/{name}.py": "" for name in ("__init__", "settings", "task")}
    file = "pellucid/a_page.py" if where == "a_page" else f"pellucid/{where}/a.py"
    own = {"pellucid/tasks/poses/more.py": line, "pellucid/runs/b.py": "from pellucid.tasks import protocol\n"}
    found = house.tasks_by_name(plant(tmp_path, {**task, **own, file: f"{line}\n"}))
    assert len(found) == 1 and found[0].startswith(f"{file}:") and "which only pellucid.tasks.poses does" in found[0]


def test_a_page_that_defines_something_is_noticed(tmp_path: Path) -> None:
    plant(tmp_path, {**GOOD_ARROWS, "pellucid/layers.py": "class Dense:\n    pass\ndef __getattr__(name):\n    pass\n"})
    assert house.busy_pages(tmp_path) == ["pellucid/layers.py:1 defines Dense; a public page only re-exports"]


@pytest.mark.parametrize(
    "name", ["pellucid/utils/a.py", "pellucid/data/utils.py", "pellucid/data/helpers.py", "tests/common.py",
             "pellucid/_misc.py"]
)
def test_a_name_that_says_nothing_is_noticed(name: str, tmp_path: Path) -> None:
    found = house.nameless(plant(tmp_path, {**GOOD_ARROWS, name: ""}))
    assert len(found) == 1
    assert found[0].endswith("says nothing by its name")


def test_a_long_file_and_a_long_function_are_noticed(tmp_path: Path) -> None:
    body = "    pass\n"
    plant(tmp_path, {"pellucid/a.py": "\n" * 401, "pellucid/b.py": "\n" * 400})
    plant(tmp_path, {"tests/c.py": "async def f():\n" + body * 80, "tests/d.py": "def f():\n" + body * 79})
    assert house.long_files(tmp_path) == ["pellucid/a.py has 401 lines"]
    assert house.long_functions(tmp_path) == ["tests/c.py:1 f has 81 lines"]


def test_a_crowded_room_is_noticed(tmp_path: Path) -> None:
    rooms = {f"pellucid/{room}/a.py": "\n" * 6_000 for room in ("spec", "data", "graph", "engines", "model", "cli")}
    more = {"pellucid/spec/b.py": "\n" * 3_000, "pellucid/runs/a.py": "\n" * 3_301}
    assert house.crowded_rooms(plant(tmp_path / "roomy", rooms)) == []
    assert house.crowded_rooms(plant(tmp_path / "crowded", {**rooms, **more})) == [
        "spec has 9,000 lines, 7,614 at most", "runs has 3,301 lines, 3,300 at most"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rule",
    [house.wrong_arrows, house.circles, house.forbidden_packages, house.tasks_by_name, house.busy_pages,
     house.nameless, house.long_functions],
)  # fmt: skip
def test_a_clean_house_is_quiet(rule: Callable[[Path], list[str]], tmp_path: Path) -> None:
    assert rule(plant(tmp_path, GOOD_ARROWS)) == []


def test_a_missing_docstring_is_noticed() -> None:
    class Bare: ...

    @dataclass
    class Record:
        """Documented."""

    @dataclass
    class Silent:
        value: int

    def said() -> None:
        """Documented."""

    page = ModuleType("page")
    vars(page).update(Bare=Bare, Record=Record, Silent=Silent, said=said, number=3, silent=lambda: None, _private=Bare)
    assert house.undocumented(page) == [f"page.{name} has no docstring" for name in ("Bare", "Silent", "silent")]
