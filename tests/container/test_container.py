"""The container's recipe, carried out in a plain folder: what comes of it serves a model that is mounted, and works."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.container.recipe import Stage, built, read, shell
from tests.jobs.conftest import leave, results, write_pictures

ROOT = Path(__file__).resolve().parents[2]
RECIPE, COMPOSE = ROOT / "Containerfile", ROOT / "compose.yaml"
TOKEN = "a token of the tests, long".replace(" ", "-")


def stand_in(text: str, stage: Stage) -> None:
    """As the shell does it, but what pip would install is lent: the copied package itself, the others from here."""
    if " venv " in text:
        text += " --without-pip"
    if " pip install " in text:
        extras = re.search(r'"\.\[(.+)\]"', text)
        known = tomllib.loads(stage.place("pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert extras is not None and stage.place("constraints.txt").exists()
        assert set(stage.environment["EXTRAS"].split(",")) <= known["optional-dependencies"].keys()
        libraries = stage.place("/opt/pellucid/lib") / f"python3.{sys.version_info.minor}" / "site-packages"
        shutil.copytree(stage.place("pellucid"), libraries / "pellucid")
        (libraries / "lent.pth").write_text("\n".join([sysconfig.get_path("purelib"), *lent()]))
        script = stage.place("/opt/pellucid/bin/pellucid")
        script.write_text("#!/usr/bin/env python3\nfrom pellucid.cli import main\nmain()\n")
        script.chmod(0o755)
        return
    shell(text, stage)


def lent() -> list[str]:
    """Where else this Python finds its packages."""
    return [place for place in sys.path if place.endswith("site-packages")]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """What the recipe comes to."""
    return built(RECIPE, ROOT, tmp_path_factory.mktemp("container"), stand_in)


def command_of(stage: Stage, word: str) -> list[str]:
    """ENTRYPOINT, CMD or the command of HEALTHCHECK."""
    text = next(step.text for step in reversed(stage.rest) if step.word == word)
    return list(json.loads(text[text.index("[") :]))


def environment(stage: Stage, **more: str) -> dict[str, str]:
    """What a container sees of this machine: nothing but what the recipe says."""
    return {**stage.environment, "TMPDIR": str(stage.place("/tmp")), **more}


def started(stage: Stage, words: list[str], **more: str) -> subprocess.Popen[str]:
    """A command in the container."""
    program = shutil.which(words[0], path=stage.environment["PATH"])
    assert program is not None and program.startswith(str(stage.root)), program
    return subprocess.Popen([stage.place("/opt/pellucid/bin/python"), program, *words[1:]], text=True,
                            env=environment(stage, **more), cwd=stage.place("."), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)  # fmt: skip


def listed(stage: Stage) -> dict[str, int]:
    """Every file outside /tmp, and when it was written."""
    return {str(path): path.lstat().st_mtime_ns for path in stage.root.rglob("*")
            if stage.place("/tmp") not in (path, *path.parents) and path.is_file()}  # fmt: skip


def test_it_serves_a_mounted_model_and_is_healthy(stage: Stage, asked: Path) -> None:
    shutil.copytree(asked, stage.place("/model"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    words = [stage.moved(word).replace("8000", port) for word in
             command_of(stage, "ENTRYPOINT") + command_of(stage, "CMD")]  # fmt: skip
    before = listed(stage)
    without = started(stage, words)
    assert without.communicate()[1].count("a token is needed") == 1 and without.returncode == 2
    server = started(stage, words, PELLUCID_TOKEN=TOKEN)
    health = command_of(stage, "HEALTHCHECK")
    assert health[0] == "python"
    health = [word.replace("8000", port) for word in health[1:]]
    try:
        until = time.monotonic() + 60
        while subprocess.run([sys.executable, *health], stderr=subprocess.DEVNULL).returncode:
            assert server.poll() is None and time.monotonic() < until, server.stderr and server.stderr.read()
            time.sleep(0.2)
        assert ask(port, TOKEN) == 200 and ask(port, "another") == 401
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
    assert server.returncode == 0
    assert subprocess.run([sys.executable, *health], stderr=subprocess.DEVNULL).returncode == 1
    assert listed(stage) == before  # its root may be read-only


def ask(port: str, token: str) -> int:
    """The status of a prediction."""
    import io
    import urllib.error
    import urllib.request

    from PIL import Image

    held = io.BytesIO()
    Image.new("L", (8, 8), 90).save(held, "PNG")
    asking = urllib.request.Request(f"http://127.0.0.1:{port}/predict", held.getvalue(),
                                    {"Content-Type": "image/png", "Authorization": f"Bearer {token}"})  # fmt: skip
    try:
        with urllib.request.urlopen(asking, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_its_worker_does_what_lies_in_the_spool(stage: Stage, asked: Path) -> None:
    if not stage.place("/model").exists():
        shutil.copytree(asked, stage.place("/model"))
    spool = stage.place("/spool")
    write_pictures(spool / "files")
    leave(spool, "p", {"kind": "predict", "images": ["0.png"]})
    service = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["worker"]
    words = [word for word in service["command"] if word != "--redis" and not word.startswith("redis://")]
    worker = started(stage, [*command_of(stage, "ENTRYPOINT"), *map(stage.moved, words), "--until-empty"])
    said = worker.communicate(timeout=60)
    assert worker.returncode == 0 and results(spool)["p"]["state"] == "done", said


def test_the_recipe_asks_for_little() -> None:
    steps = read(RECIPE)
    words = [step.word for step in steps]
    last = len(words) - 1 - words[::-1].index("FROM")
    assert "ADD" not in words and words.count("USER") == 1 and words.index("USER") > last
    user = next(step.text for step in steps if step.word == "USER")
    assert user == "10001:10001" and "HEALTHCHECK" in words[last:] and "RUN" not in words[last:]
    assert not [step.text for step in steps if step.word == "FROM" and ":" not in step.text.split()[0]]
    copied = " ".join(step.text for step in steps if step.word == "COPY" and "--from" not in step.text).split()
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == {word for word in copied if word not in ("./", "pellucid")} | {"pellucid"}
    assert all((ROOT / word).exists() for word in kept)


def services() -> dict[str, Any]:
    """What compose starts."""
    return dict(yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"])


@pytest.mark.parametrize("name", ["server", "worker", "redis"])
def test_every_service_is_hardened(name: str) -> None:
    service = services()[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["tmpfs"] == ["/tmp"]
    assert service["security_opt"] == ["no-new-privileges:true"] and "privileged" not in service
    models = [volume for volume in service.get("volumes", []) if ":/model" in volume]
    assert all(volume.endswith(":ro") for volume in models) and len(models) == (name != "redis")
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert ("ports" in service) == (name == "server") and (service.get("networks") == ["inside"]) == (name != "server")
    assert "healthcheck" in service or name == "server"  # whose image has one


def test_compose_types_what_the_commands_take() -> None:
    from typer.main import get_command

    from pellucid.cli.entry import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name in ("server", "worker"):
        command, *words = services()[name]["command"]
        flags = {word for word in words if word.startswith("--")}
        known = {flag for parameter in commands[command].params for flag in parameter.opts}
        assert flags <= known, flags - known
    assert services()["server"]["command"] == command_of_cmd()


def command_of_cmd() -> list[str]:
    """What the image does of itself."""
    return next(step.listed for step in reversed(read(RECIPE)) if step.word == "CMD")


@pytest.mark.soak  # it asks an index for the packages, which the suite may not
def test_the_recipe_as_it_stands(tmp_path: Path) -> None:
    stage = built(RECIPE, ROOT, tmp_path, shell)
    python = stage.place("/opt/pellucid/bin/python")
    for words in (["-m", "pellucid", "--version"], ["-m", "pellucid", "serve", "--help"], ["-c", "import redis"]):
        subprocess.run([python, *words], check=True, cwd=tmp_path, stdout=subprocess.DEVNULL,
                       env=environment(stage) | {"HOME": os.environ.get("HOME", "/")})  # fmt: skip
