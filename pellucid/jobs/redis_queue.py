"""Jobs from Redis: entries of the stream `pellucid:jobs`, each with a field `job` that holds the JSON with its id.

    XADD pellucid:jobs '*' job '{"id": "a1", "kind": "predict", "images": ["boot.png"]}'
    GET pellucid:result:a1

The workers are one consumer group. An entry is acknowledged and deleted after its result is on the disk and in Redis.
While a job is in hand its entry is claimed anew time and again; one that nobody has claimed for LEASE seconds was left
by a worker that died, and goes to the next.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pellucid.errors import DataError, FileError, PellucidError, UsageError, shown
from pellucid.jobs.job import id_of, parsed
from pellucid.jobs.spool import LARGEST_JOB, Spool, Waiting
from pellucid.words import hidden

STREAM, GROUP, RESULT = "pellucid:jobs", "pellucid:workers", "pellucid:result:"
LEASE = 30.0  # seconds
BLOCK = 200  # milliseconds that a look waits for a new job
KEPT = 7 * 24 * 3600  # seconds that Redis keeps a result; the file stays


class RedisQueue:
    """The jobs of one Redis, taken by one worker."""

    def __init__(self, client: Any, spool: Spool, where: str, lease: float = LEASE) -> None:
        self.client, self.spool, self.where, self.lease = client, spool, where, lease
        self.consumer = uuid.uuid4().hex
        self.contents: dict[str, bytes] = {}
        self.in_hand = ""
        threading.Thread(target=self._keep_claiming, daemon=True).start()

    @classmethod
    def connect(cls, address: str, spool: Spool, lease: float = LEASE) -> RedisQueue:
        """The queue at redis://HOST:PORT/NUMBER. Raises FileError when it is out of reach."""
        where = hidden(address)
        try:
            import redis
            from redis.backoff import ExponentialBackoff
            from redis.retry import Retry
        except ImportError as error:
            raise UsageError("work: --redis needs the client of Redis. Type: pip install 'pellucid[redis]'") from error
        try:
            client = redis.Redis.from_url(address, socket_timeout=10, retry=Retry(ExponentialBackoff(cap=1), 5),
                                          retry_on_error=[redis.ConnectionError])
        except ValueError as error:
            raise UsageError(f"work: --redis must be redis://HOST:PORT/0, but it is {shown(where)}.") from error
        with told(where):
            try:
                client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
            except redis.ResponseError as error:
                if "BUSYGROUP" not in str(error):  # another worker made it
                    raise
        return cls(client, spool, where, lease)

    def waiting(self) -> Iterator[Waiting]:
        """What dead workers left, else one new job."""
        with told(self.where):
            left = self.client.xautoclaim(STREAM, GROUP, self.consumer, int(self.lease * 1000), "0-0", count=1)[1]
            found = left or [entry for _, entries in self.client.xreadgroup(
                GROUP, self.consumer, {STREAM: ">"}, count=1, block=BLOCK) for entry in entries]  # fmt: skip
        for number, fields in found:
            entry = number.decode()
            content = (fields or {}).get(b"job", b"")
            self.contents, self.in_hand = {entry: content}, entry
            yield waiting_of(entry, content)
        self.in_hand = ""

    def content(self, waiting: Waiting) -> bytes | None:
        """What a job says."""
        return self.contents[waiting.source]

    def forget(self, waiting: Waiting) -> None:
        """Put the result into Redis, unless there is one of that id, then acknowledge and delete the entry."""
        result = self.spool.read_result(waiting.name)
        with told(self.where):
            together = self.client.pipeline(transaction=True)
            together.set(RESULT + waiting.name, result, nx=True, ex=KEPT)
            together.xack(STREAM, GROUP, waiting.source)
            together.xdel(STREAM, waiting.source)
            together.execute()

    def is_empty(self) -> bool:
        """Whether no job is left, nor in anybody's hands."""
        with told(self.where):
            return not self.client.xlen(STREAM)

    def _keep_claiming(self) -> None:
        """Say time and again that the job in hand is not left."""
        from redis import RedisError

        pause = threading.Event()
        while not pause.wait(self.lease / 4):
            entry = self.in_hand
            if entry:
                try:
                    self.client.xclaim(STREAM, GROUP, self.consumer, 0, [entry], justid=True)
                except RedisError:
                    continue  # at worst another worker waits for the lock of the job


def waiting_of(entry: str, content: bytes) -> Waiting:
    """The job of an entry, by its id; one that has none is answered under the number of its entry."""
    try:
        if len(content) > LARGEST_JOB:
            raise DataError(f"the job is {len(content):,} bytes long, and {LARGEST_JOB:,} is the most.")
        return Waiting(id_of(parsed(content)), entry)
    except PellucidError as fault:
        return Waiting(f"refused-{entry}", entry, str(fault))


@contextmanager
def told(where: str) -> Iterator[None]:
    """Put what Redis says into one sentence."""
    from redis import RedisError

    try:
        yield
    except RedisError as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise FileError(f"Redis at {where} cannot be used: {shown(said, 200)}. Start it, or check --redis.") from error
