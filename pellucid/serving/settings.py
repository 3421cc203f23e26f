"""What `pellucid serve` may be told, and the limits that hold unless it is told otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.settings import check, setting

ADDRESS, LIMITS, ANSWERS = "Where it listens", "Limits", "Answers"
MB = 10**6


@dataclass(frozen=True)
class Settings:
    """One server; every limit is of one process."""

    host: str = setting("127.0.0.1", "Address to listen at; any but this machine's own needs a token.", panel=ADDRESS)
    port: int = setting(8000, "Port to listen at; 0 takes a free one.", panel=ADDRESS, least=0, most=65_535)
    token: str | None = setting(
        None, "What clients must send as 'Authorization: Bearer TOKEN'; default: $PELLUCID_TOKEN.", panel=ADDRESS)
    allow_host: str | None = setting(
        None, "Names, with commas, that clients may call this server by, beside its address.", panel=ADDRESS)
    workers: int = setting(1, "Processes that answer; they share the model file alone.", panel=ADDRESS, least=1,
                           most=256)
    batch: int = setting(8, "Pictures the network is always given at once, padded where fewer wait.", panel=ANSWERS,
                         least=1, most=1024)
    top: int = setting(5, "How many classes an answer has, where a request does not say.", panel=ANSWERS, least=1)
    audit: str = setting("-", "File that gets a line of JSON a request; -: standard error.", panel=ANSWERS)
    queue: int = setting(64, "Pictures that may wait; more are refused with 503.", panel=LIMITS, least=1)
    pictures: int = setting(32, "Pictures one request may have.", panel=LIMITS, least=1)
    max_upload: float = setting(20.0, "Megabytes one request may have.", panel=LIMITS, above=0)
    max_pixels: int = setting(50_000_000, "Pixels one picture may have.", panel=LIMITS, least=1)
    timeout: float = setting(10.0, "Seconds for a request to arrive, and again for its answer.", panel=LIMITS, above=0)

    def __post_init__(self) -> None:
        check(self, "serve")

    @property
    def most_bytes(self) -> int:
        """Bytes that the body of one request may have."""
        return int(self.max_upload * MB)
