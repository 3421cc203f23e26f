"""pellucid check: lines for people, one JSON object, exit code 1 for a failure, one sentence for wrong usage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.checks.subjects import NAMES
from tests.cli.terminal import Terminal, pictures, write_npz


def test_digits_pass_and_nothing_is_written(terminal: Terminal) -> None:
    typed = terminal.type("check", "digits", "--model", "conv_4,pool,FC_16", "--limit", "200")
    assert typed.code == 0 and typed.err == ""
    lines = typed.out.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["pass", name] for name in NAMES]
    assert lines[-1] == "verdict: pass" and list(Path().iterdir()) == []


def test_json_is_one_object_as_the_contract_has_it(terminal: Terminal) -> None:
    typed = terminal.type("check", "digits", "--model", "FC_16", "--limit", "200", "--lr", "10", "--json")
    assert typed.code == 1 and typed.out.count("\n") == 1
    found = json.loads(typed.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert found.keys() == {"verdict", "checks"} and found["verdict"] == "failure"
    assert [one["name"] for one in found["checks"]] == list(NAMES)
    assert all(one.keys() == {"name", "status", "value", "meaning", "remedy"} for one in found["checks"])
    assert all(bool(one["remedy"]) == (one["status"] != "pass") for one in found["checks"])
    assert {one["name"] for one in found["checks"] if one["status"] == "failure"} == {"learning-rate"}


def test_a_failure_is_shown_with_its_remedy_and_exit_code_1(terminal: Terminal) -> None:
    x = pictures(0, 40)
    path = write_npz(Path("leaking.npz"), x_train=x, y_train=np.arange(40) % 2, x_test=x[:10], y_test=np.arange(10) % 2)
    typed = terminal.type("check", path, "--model", "FC_8")
    assert typed.code == 1 and typed.out.endswith("verdict: failure\n")
    lines = typed.out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.split()[:2] == ["failure", "leakage"])
    assert "100.00% of the test part" in lines[place] and "Remove them from one part" in lines[place + 1]


def test_a_warning_alone_leaves_exit_code_0(terminal: Terminal) -> None:
    typed = terminal.type("check", "digits", "--model", "FC_16", "--limit", "200", "--lr", "1e-6")
    assert typed.code == 0 and typed.out.endswith("verdict: warning\n")


def test_a_group_in_two_parts_is_a_finding_here_and_not_a_refusal(terminal: Terminal) -> None:
    from PIL import Image

    rows = ["path,label,split,patient"]
    for number, pixels in enumerate(pictures(3, 40)):
        Image.fromarray(pixels).save(f"{number}.png")
        rows.append(f"{number}.png,{'cat' if number % 2 else 'dog'},{'train' if number < 30 else 'test'},p{number % 7}")
    Path("table.csv").write_text("\n".join(rows) + "\n")
    words = ["--group", "patient", "--val-fraction", "0", "--model", "FC_8", "--json"]
    typed = terminal.type("check", "table.csv", *words)
    found = {one["name"]: one for one in json.loads(typed.out)["checks"]}
    assert typed.code == 1 and found["group-leakage"]["status"] == "failure" and found["group-leakage"]["value"] == 7


def test_what_cannot_be_meant_is_one_sentence(terminal: Terminal) -> None:
    terminal.refused(2, ["--model", "no such network"], "check", "digits", "--model", "nonsense")
    terminal.refused(2, ["--lr", "above 0"], "check", "digits", "--lr", "-1")
