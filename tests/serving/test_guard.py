"""Who is let in, what every response says, and what is written down of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from pellucid.cli.entry import main
from tests.serving.asking import Served, served

TOKEN = "a-token-of-some-length"
READY = "/v2/health/ready"


@pytest.mark.parametrize("host, status", [
    ("127.0.0.1:8000", 200), ("localhost", 200), ("LOCALHOST.:1", 200), ("[::1]:8000", 200), ("192.168.1.7", 200),
    ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example:8000", 421), ("", 421),
])  # fmt: skip
def test_names_that_are_not_ours_are_refused(server: Served, host: str, status: int) -> None:
    assert server.ask("GET", READY, headers={"Host": host}).status_code == status


@pytest.mark.parametrize("origin, status", [
    ("http://127.0.0.1:8000", 200), ("http://127.0.0.1:8001", 403), ("http://evil.example", 403), ("null", 403),
    ("file://", 403),
])  # fmt: skip
def test_pages_of_other_sites_are_refused(server: Served, origin: str, status: int) -> None:
    assert server.ask("GET", READY, headers={"Origin": origin}).status_code == status


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"host": "evil.example"}])
def test_websockets_of_other_sites_are_refused(server: Served, headers: dict[str, str]) -> None:
    sent = server.talk(**headers)
    assert [(each["type"], each["code"]) for each in sent] == [("websocket.close", 1008)]


def test_one_message_one_reply(server: Served, pictures: list[Path]) -> None:
    content = pictures[0].read_bytes()
    found = server.ask("POST", "/predict?top=2", content=content).json()
    wanted = found["predictions"][0] | ({"warnings": found["warnings"]} if found["warnings"] else {})
    tensor = {"name": "input", "shape": [1, 8, 8, 1], "datatype": "UINT8", "data": [9] * 64}
    bad = [{"id": 3}, {"id": 3, "image": "%"}, {"id": 3, "image": "", "model": "../x"}, {"id": 3, "inputs": 5}]
    asked = [{"id": 7, "image": base64.b64encode(content).decode(), "top": 2}, {"id": "t", "inputs": [tensor]}, *bad]
    accepted, *sent = server.talk(*map(json.dumps, asked), "[", content)
    replies = [json.loads(each["text"]) for each in sent]
    assert accepted["type"] == "websocket.accept" and len(replies) == len(asked) + 2
    assert replies[0] == {"id": 7, **wanted}
    assert replies[1]["id"] == "t" and replies[1]["outputs"][0]["shape"] == [1, 10]
    assert all(each["id"] == 3 and each["error"] for each in replies[2:6])
    assert "no JSON" in replies[6]["error"]
    assert replies[7]["classes"][:2] == wanted["classes"]


@pytest.fixture(scope="module")
def locked(run: Path) -> Served:
    """A server with a token."""
    return served([str(run)], token=TOKEN)


@pytest.mark.parametrize("given, status", [
    (f"Bearer {TOKEN}", 200), (None, 401), ("", 401), (f"Bearer {TOKEN}x", 401), (f"Basic {TOKEN}", 401),
    (f"bearer {TOKEN}", 200), (f"BEARER  {TOKEN}", 200), (TOKEN, 401), ("Bearer ä", 401),
])  # fmt: skip
def test_a_token_is_wanted_of_all_but_health_and_page(locked: Served, given: str | None, status: int) -> None:
    headers = {} if given is None else {"Authorization": given.encode("latin-1")}
    for path in ("/v2/models", "/metrics", "/v2/models/digits"):
        assert locked.ask("GET", path, headers=headers).status_code == status
    assert locked.ask("POST", "/predict", headers=headers).status_code == (400 if status == 200 else 401)
    assert locked.ask("GET", READY).status_code == 200


def test_who_sends_another_token_is_told_so(locked: Served) -> None:
    assert "is wanted" in locked.ask("GET", "/v2/models").json()["error"]
    wrong = locked.ask("GET", "/v2/models", headers={"Authorization": "Bearer wrong"}).json()["error"]
    assert "another token" in wrong and TOKEN not in wrong


def test_every_response_has_the_security_headers(locked: Served) -> None:
    for path in (READY, "/v2/models", "/nowhere"):
        headers = locked.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("words, parts", [
    (["--host", "0.0.0.0"], ["0.0.0.0", "PELLUCID_TOKEN"]), (["--token", "short"], ["16 or more"]),
    (["--port", "70000"], ["--port", "65,535"]), (["--batch", "0"], ["--batch"]),
    (["--audit", "nowhere/audit.log"], ["--audit", "nowhere/audit.log"]),
])  # fmt: skip
def test_a_server_that_would_be_open_or_wrong_does_not_start(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], parts: list[str]
) -> None:
    monkeypatch.delenv("PELLUCID_TOKEN", raising=False)
    with pytest.raises(SystemExit) as end:
        main(["serve", str(run), "--port", "0", *words])
    said = capsys.readouterr().err
    assert end.value.code == 2 and all(part in said for part in parts), said


def test_the_audit_log_has_a_line_a_request(run: Path, pictures: list[Path], tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    server = served([str(run)], audit=str(log))
    server.ask("POST", "/predict", content=pictures[0].read_bytes())
    server.ask("GET", "/a%0A" + "b" * 500, headers={"Host": "evil.example"})
    server.talk("{}")
    server.talk("{}", origin="http://evil.example")
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(each["method"], each["status"]) for each in lines] == [
        ("POST", 200), ("GET", 421), ("WEBSOCKET", 101), ("WEBSOCKET", 403)]  # fmt: skip
    assert lines[2]["messages"] == 1
    assert lines[0]["model"] == "digits" and lines[0]["pictures"] == 1 and lines[0]["bytes"] > 50
    assert len(lines[1]["path"]) == 200


def test_prometheus_reads_what_was_counted(run: Path, pictures: list[Path]) -> None:
    server = served([str(run)], batch=4)
    for _ in range(3):
        server.ask("POST", "/predict", content=pictures[0].read_bytes())
    server.ask("GET", "/any/thing")
    text = server.ask("GET", "/metrics").text
    assert 'pellucid_requests_total{route="/predict",status="200"} 3.0' in text
    assert 'pellucid_requests_total{route="other",status="404"} 1.0' in text
    assert "pellucid_batch_pictures_sum 3.0" in text and "pellucid_pictures_waiting 0.0" in text
