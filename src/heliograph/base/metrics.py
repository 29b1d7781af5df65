"""The metrics that every program exports; a facade, so that rooms count without knowing the exporter."""

from bisect import bisect_left
from collections import Counter as PerKind
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import accumulate
from typing import Protocol
from weakref import WeakSet

from prometheus_client import REGISTRY, Counter, Gauge, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from heliograph.base.errors import StartError

# Upper bounds of the histogram of answers.
ANSWER_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
CONTENT_TYPE = "text/plain; version=0.0.4"

cache_reads = Counter(
    "heliograph_cache_reads_total",
    "Fragments asked of Valkey, since the process did not keep them; those that it kept: heliograph_cache_near_hits_total.",
    ["kind", "result"],
)
cache_fills = Counter("heliograph_cache_fills_total", "Fragments written to the cache.", ["kind", "result"])
cache_invalidations = Counter("heliograph_cache_invalidations_total", "Fragments invalidated.", ["kind"])
cache_renewals = Counter(
    "heliograph_cache_renewals_total",
    "Fragments replaced by who has changed them, so that nobody missed them.",
    ["kind"],
)
stampedes_avoided = Counter(
    "heliograph_cache_stampedes_avoided_total",
    "Misses that were answered by what somebody else loaded: in the same process (flight) or in another (lease).",
    ["kind", "by"],
)
limits_unchecked = Counter(
    "heliograph_limits_unchecked_total", "Tries that one process counted alone, as the counters were away.", ["rule"]
)
store_errors = Counter("heliograph_store_errors_total", "Calls that a store did not answer.", ["store"])
turned_away = Counter(
    "heliograph_store_turned_away_total", "Calls that would have waited for a store for too long.", ["store", "use"]
)
feed_deliveries = Counter("heliograph_feed_deliveries_total", "Post ids offered to followers' feeds.")
feed_deliveries_per_second = Gauge(
    "heliograph_feed_deliveries_per_second", "Deliveries a second of all workers, in the last ten to fifteen seconds."
)
feed_backlog_posts = Gauge("heliograph_feed_backlog_posts", "Posts that feeds wait for, by shard.", ["shard"])
feed_backlog_deliveries = Gauge(
    "heliograph_feed_backlog_deliveries", "Feeds that are still to be reached by them.", ["shard"]
)
feed_backlog_oldest_seconds = Gauge("heliograph_feed_backlog_oldest_seconds", "Age of the oldest of them.", ["shard"])
feed_backlog_empty_seconds = Gauge(
    "heliograph_feed_backlog_empty_seconds",
    "How long all of them take at the present pace; infinite while none is made.",
)
feed_rebuilds = Counter("heliograph_feed_rebuilds_total", "Feeds rebuilt from PostgreSQL for a reader who came back.")
feed_pulled = Gauge("heliograph_feed_pulled", "Authors whose posts this process has readers pull.")
feed_crossings = Counter("heliograph_feed_crossings_total", "Authors who came to be pulled, or pushed again.", ["to"])
outbox_messages = Counter("heliograph_outbox_messages_total", "Outbox messages handled.", ["kind", "result"])
outbox_pending = Gauge("heliograph_outbox_pending", "Outbox messages waiting, by shard.", ["shard"])
outbox_dead = Gauge("heliograph_outbox_dead", "Outbox messages given up, by shard.", ["shard"])
outbox_oldest_seconds = Gauge("heliograph_outbox_oldest_seconds", "Age of the oldest waiting message.", ["shard"])
streams_open = Gauge("heliograph_streams_open", "Open streams of this process.", ["transport"])
stream_events = Counter("heliograph_stream_events_total", "Events sent to streams.", ["event"])
stream_events_lost = Counter("heliograph_stream_events_lost_total", "Events that streams were not told of.", ["event"])
streams_dropped = Counter("heliograph_streams_dropped_total", "Streams ended by this process.", ["reason"])
media_processed = Counter("heliograph_media_processed_total", "Photos decoded.", ["result"])


class _Route:
    """The answers to requests of one route: how many of each kind (method, status), and how long they took."""

    __slots__ = ("kinds", "seconds", "took")

    def __init__(self) -> None:
        self.kinds: PerKind[tuple[str, int]] = PerKind()
        # One for each bound, and one for what took longer.
        self.took = [0] * (len(ANSWER_SECONDS) + 1)
        self.seconds = 0.0


class Answers(Collector):
    """Answers to requests, in plain numbers: each request counts here, and the exporter's own counters lock for each step."""

    def __init__(self) -> None:
        self._routes: defaultdict[str, _Route] = defaultdict(_Route)

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer to a request of `route`, a template of the route table, which took `seconds`."""
        found = self._routes[route]
        found.kinds[method, status] += 1
        found.took[bisect_left(ANSWER_SECONDS, seconds)] += 1
        found.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """Called when the metrics are read."""
        requests = CounterMetricFamily(
            "heliograph_http_requests", "Requests answered.", labels=["method", "route", "status"]
        )
        times = HistogramMetricFamily(
            "heliograph_http_request_seconds",
            "Time from a request's arrival to the end of its answer.",
            labels=["route"],
        )
        for route, found in list(self._routes.items()):
            for (method, status), count in list(found.kinds.items()):
                requests.add_metric([method, route, str(status)], count)
            below = accumulate(found.took)
            bounds = [*map(floatToGoString, ANSWER_SECONDS), "+Inf"]
            times.add_metric([route], list(zip(bounds, below, strict=True)), found.seconds)
        yield requests
        yield times


answers = Answers()
REGISTRY.register(answers)


class CountsHits(Protocol):
    """Somebody who counts hits by kind."""

    def hits(self) -> dict[str, int]:
        """Hits so far, by kind."""


class NearHits(Collector):
    """Hits in this process, counted by those who have them: counting here would cost more than a hit."""

    def __init__(self) -> None:
        self._sources: WeakSet[CountsHits] = WeakSet()

    def add(self, source: CountsHits) -> None:
        """Ask `source` too, for as long as it lives."""
        self._sources.add(source)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Called when the metrics are read."""
        family = CounterMetricFamily(
            "heliograph_cache_near_hits", "Fragments that the process had kept and that were current.", labels=["kind"]
        )
        total: PerKind[str] = PerKind()
        for source in list(self._sources):
            total.update(source.hits())
        for kind, hits in total.items():
            family.add_metric([kind], hits)
        yield family


near_hits = NearHits()
REGISTRY.register(near_hits)


@cache
def _cache_reads(kind: str) -> tuple[Counter, Counter]:
    return cache_reads.labels(kind, "hit"), cache_reads.labels(kind, "miss")


def cache_read(kind: str, asked: int, misses: int) -> None:
    """Count fragments of `kind` asked of Valkey."""
    hit, miss = _cache_reads(kind)
    hit.inc(asked - misses)
    if misses:
        miss.inc(misses)


@cache
def _cache_fills(kind: str) -> tuple[Counter, Counter]:
    return cache_fills.labels(kind, "stored"), cache_fills.labels(kind, "refused")


def cache_filled(kind: str, stored: int, refused: int) -> None:
    """Count fragments of `kind` offered to the cache."""
    taken, not_taken = _cache_fills(kind)
    taken.inc(stored)
    if refused:
        not_taken.inc(refused)


def stampede_avoided(kind: str, by: str, misses: int) -> None:
    """Count misses of `kind` that did not have to be loaded; `by`: "flight" or "lease"."""
    if misses:
        stampedes_avoided.labels(kind, by).inc(misses)


def exposition() -> bytes:
    """All metrics of this process in Prometheus' text format."""
    return generate_latest(REGISTRY)


@contextmanager
def exposed(host: str, port: int) -> Iterator[None]:
    """Serve the metrics on `host`:`port` for the length of the block, from a thread; on port 0 not at all.

    Raises StartError when nobody can listen there.
    """
    if port == 0:
        yield
        return
    try:
        server, thread = start_http_server(port, host)
    except OSError as error:
        raise StartError(
            f"The worker cannot serve its metrics on {host}, port {port}: {error.strerror}. "
            "Stop what is there, or set HELIOGRAPH_WORKER_METRICS_PORT to another."
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
