"""What Prometheus reads at /metrics."""

from __future__ import annotations

import os
import re

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from pellucid.serving.bodies import Scope

ROUTES = frozenset(("/", "/page.js", "/page.css", "/docs", "/openapi.json", "/predict", "/ws", "/metrics", "/v2",
                    "/v2/health/live", "/v2/health/ready", "/v2/models"))  # fmt: skip
OF_A_MODEL = re.compile(r"/v2/models/[^/]+(?:/versions/[^/]+)?(?:/(ready|infer))?")
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Counts:
    """Numbers of one process; with several workers each answers for itself, and says which it is."""

    def __init__(self, batch: int) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("pellucid_requests", "Requests that are over", ["route", "status"],
                                registry=self.registry)
        self.seconds = Histogram("pellucid_request_seconds", "Time of a request, whole", ["route"], buckets=SECONDS,
                                 registry=self.registry)
        self.known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        sizes = sorted({1, 2, 4, *(batch * part // 4 for part in range(1, 5) if batch * part >= 4)})
        self.batches = Histogram("pellucid_batch_pictures", "Pictures in a call of the network, padding left out",
                                 buckets=sizes, registry=self.registry)
        self.waiting = Gauge("pellucid_pictures_waiting", "Pictures that were let in and have no answer yet",
                             registry=self.registry)
        self.swaps = Counter("pellucid_swaps", "New files of a model that were taken or refused", ["model", "result"],
                             registry=self.registry)
        self.models = Gauge("pellucid_model", "1 for the version that answers", ["model", "version"],
                            registry=self.registry)
        Gauge("pellucid_worker", "1 for the process that answered this", ["pid"], registry=self.registry).labels(
            str(os.getpid())).set(1)

    def request(self, scope: Scope, status: int, seconds: float) -> None:
        """One request is over."""
        route = route_of(scope["path"])
        known = self.known.get((route, status))
        if known is None:
            known = self.known[route, status] = self.requests.labels(route, status), self.seconds.labels(route)
        known[0].inc()
        known[1].observe(seconds)

    def batch(self, rows: int) -> None:
        """The network was called."""
        self.batches.observe(rows)

    def version(self, model: str, new: str, old: str | None = None) -> None:
        """Another version of a model answers from now on."""
        if old is not None:
            self.models.remove(model, old)
        self.models.labels(model, new).set(1)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


def route_of(path: str) -> str:
    """One of a few words for a path, whatever clients make up."""
    if path in ROUTES:
        return path
    found = OF_A_MODEL.fullmatch(path)
    return "other" if found is None else f"/v2/models/NAME{'/' + found[1] if found[1] else ''}"
