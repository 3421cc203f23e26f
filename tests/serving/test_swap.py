"""A new model file takes the place of the old one while requests go on; none of them fails."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving.asking import Listening, listening_server
from tests.serving.conftest import save_model


async def asked_until(at: Listening, content: bytes, over: Callable[[], bool]) -> list[tuple[str, Any]]:
    """Four clients that ask until all is over, and then once more: the version in force around each answer, and it."""
    found: list[tuple[str, Any]] = []

    async def client(asking: httpx.AsyncClient) -> None:
        last = False
        while not last:
            last = over()
            before = at.service.models[None].id
            response = await asking.post("/predict", content=content)
            assert response.status_code == 200, response.text
            if before == at.service.models[None].id:
                found.append((before, response.json()["predictions"][0]["classes"]))

    async with httpx.AsyncClient(base_url=at.address) as asking:
        await asyncio.wait_for(asyncio.gather(*(client(asking) for _ in range(4))), 60)
    return found


def put(source: Path, target: Path) -> None:
    """A file in the place of another, whole at once, as `Model.save` writes."""
    shutil.copyfile(source, target.with_suffix(".new"))
    os.replace(target.with_suffix(".new"), target)


@pytest.fixture
def place(run: Path, tmp_path: Path) -> Path:
    """A model file that may be replaced."""
    return Path(shutil.copyfile(run, tmp_path / "digits.safetensors"))


def test_no_request_fails_while_files_are_swapped(place: Path, tmp_path: Path, pictures: list[Path]) -> None:
    content = pictures[0].read_bytes()
    others = [save_model(tmp_path / f"{seed}.safetensors", seed) for seed in (2, 3)]
    with listening_server([str(place)]) as at:
        versions = [at.service.models[None].id]
        waiting = list(others)

        def over() -> bool:
            now = at.service.models[None].id
            if now != versions[-1]:
                versions.append(now)
            if waiting and len(versions) == len(others) - len(waiting) + 1:
                put(waiting.pop(0), place)
            return len(versions) == 3

        found = asyncio.run(asked_until(at, content, over))
        assert [line.split()[4] for line in at.said] == versions[1:]
    answers: dict[str, list[Any]] = {}
    for version, answer in found:
        answers.setdefault(version, []).append(answer)
    assert set(answers) == set(versions)
    for same in answers.values():  # to the bit, whatever was swapped beside it
        assert all(answer == same[0] for answer in same)
    assert len({str(same[0]) for same in answers.values()}) == 3


def test_a_file_that_is_spoilt_leaves_the_old_version_in_place(
    place: Path, pictures: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(place.read_bytes())
    content[-5] ^= 1  # a weight: only the checksum can tell
    place.with_suffix(".bad").write_bytes(content)
    with listening_server([str(place)]) as at:
        before = at.service.models[None]
        put(place.with_suffix(".bad"), place)
        refused = at.service.counts.swaps.labels("digits", "refused")

        def over() -> bool:
            return bool(refused._value.get())

        assert asyncio.run(asked_until(at, pictures[0].read_bytes(), over))
        assert at.service.models[None] is before and at.said == []
    assert "checksum" in caplog.text and f"stays at version {before.id}" in caplog.text


def test_the_same_file_again_changes_nothing(place: Path) -> None:
    with listening_server([str(place)]) as at:
        before = at.service.models[None]
        asyncio.run(at.watching.look("digits", asked=True))
        assert at.service.models[None] is before and at.said == []
