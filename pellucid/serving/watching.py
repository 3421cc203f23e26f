"""Looking after the model files: a new one is read whole, checked against its checksums and swapped in while requests
go on; those that were begun end on the version they began with. A file that cannot be used leaves the old one in place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pellucid.errors import PellucidError
from pellucid.serving.service import Service
from pellucid.serving.version import Stamp, stamp_of

EVERY = 0.5  # seconds
GONE: Stamp = (0, 0, 0)
LOG = logging.getLogger("pellucid.serving")


class Watching:
    """Which file of each model was looked at last, and the swap."""

    def __init__(self, service: Service, say: Callable[[str], None]) -> None:
        self.service, self.say = service, say
        self.seen = {version.name: version.stamp for version in service.models}
        self.asked = asyncio.Event()

    async def live(self) -> None:
        """Look again and again; at once, and whether a file has changed or not, when `asked` is set."""
        while True:
            try:
                async with asyncio.timeout(EVERY):
                    await self.asked.wait()
            except TimeoutError:
                pass
            asked = self.asked.is_set()
            self.asked.clear()
            for name in self.seen:
                await self.look(name, asked=asked)

    async def look(self, name: str, *, asked: bool = False) -> None:
        """Swap in the file of a model if it is another one now, and can be used."""
        old = self.service.models[name]
        stamp = stamp_of(old.path)
        if stamp == GONE or (stamp == self.seen[name] and not asked):
            return
        self.seen[name] = stamp
        try:
            new = await asyncio.get_running_loop().run_in_executor(None, self.service.models.load, name)
        except PellucidError as fault:
            self.service.counts.swaps.labels(name, "refused").inc()
            LOG.warning("%s stays at version %s: %s", name, old.id, fault)
            return
        self.seen[name] = new.stamp
        if new.sha256 != old.sha256:
            self.service.models.now[name] = new
            self.service.counts.version(name, new.id, old.id)
            self.service.counts.swaps.labels(name, "taken").inc()
            self.say(f"{name} answers with version {new.id} from now on, it was {old.id}")
