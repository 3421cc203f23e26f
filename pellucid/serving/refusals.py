"""Why a request has no answer: a status and one sentence, never a traceback."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """Raised while a request is read or answered; becomes the response `{"error": sentence}`."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, dict(headers or {})


def busy(sentence: str) -> Refused:
    """What is refused only now, and may be asked again in a second."""
    return Refused(503, sentence, {"Retry-After": "1"})
