"""What Prometheus reads. Labels are names from charters, routes and codes of ours; never what a caller wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from airworthy.exchange.told import Told
from airworthy.web.asgi import Visit

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
Gauges = Callable[[], Iterable[tuple[str, str, float]]]  # name, help, value


class Metrics:
    """Counters of one server. Used by the loop's thread; `exposition` may be called by any."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._decisions = Counter(
            "airworthy_decisions", "Decisions told, by route.", ("use_case", "point", "route"), registry=self._registry
        )
        self._again = Counter("airworthy_decisions_again", "Asked again, and told the same.", registry=self._registry)
        self._fallbacks = Counter(
            "airworthy_fallbacks", "Answers that said fallback.", ("use_case", "point"), registry=self._registry
        )
        self._permits = Counter(
            "airworthy_permits", "Permits, by what became of them.", ("event",), registry=self._registry
        )
        self._issued = self._permits.labels("issued")
        self._spooled = Counter(
            "airworthy_spooled", "Spool entries, by what became of them.", ("event",), registry=self._registry
        )
        self._requests = Counter("airworthy_requests", "Requests.", ("route", "status"), registry=self._registry)
        self._seconds = Histogram(
            "airworthy_request_seconds", "Time to answer.", ("route",), buckets=BUCKETS_S, registry=self._registry
        )
        self.streams = Gauge("airworthy_event_streams", "Readers of the event stream.", registry=self._registry)
        self._children: dict[tuple[str, str], tuple[Counter, ...]] = {}
        self._routes: dict[tuple[str, int], tuple[Counter, Histogram | None]] = {}

    def told(self, told: Told) -> None:
        """Counts one decision."""
        if told.again:
            self._again.inc()
            return
        for child in self._children.get((told.point, told.route)) or self._children_of(told):
            child.inc()
        if told.permit is not None:
            self._issued.inc()

    def permit(self, event: Literal["redeemed", "refused"]) -> None:
        """Counts what became of a permit at its effect."""
        self._permits.labels(event).inc()

    def spooled(self, *, recorded: int, known: int, refused: int) -> None:
        """Counts what became of entries a client had kept."""
        for event, n in (("recorded", recorded), ("known", known), ("refused", refused)):
            self._spooled.labels(event).inc(n)

    def visit(self, visit: Visit, seconds: float, *, is_timed: bool) -> None:
        """Counts one request; streams and long polls are not timed, as they wait on purpose."""
        at = (visit.template or "unknown", visit.status)
        counter, histogram = self._routes.get(at) or self._route(at)
        counter.inc()
        if is_timed and histogram is not None:
            histogram.observe(seconds)

    def gauges(self, read: Gauges) -> None:
        """Adds values that are read when someone looks."""
        self._registry.register(_Read(read))

    def exposition(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self._registry)

    def _children_of(self, told: Told) -> tuple[Counter, ...]:
        use_case, _, point = told.point.partition(".")
        counted = [self._decisions.labels(use_case, point, told.route)]
        if told.route == "fallback":
            counted.append(self._fallbacks.labels(use_case, point))
        children = tuple(counted)
        self._children[(told.point, told.route)] = children
        return children

    def _route(self, at: tuple[str, int]) -> tuple[Counter, Histogram | None]:
        template, status = at
        found = (self._requests.labels(template, str(status)), self._seconds.labels(template))
        self._routes[at] = found
        return found


class _Read(Collector):
    """Gauges whose values are asked for at each scrape."""

    def __init__(self, read: Gauges) -> None:
        self._values = read

    def collect(self) -> Iterable[Metric]:
        for name, said, value in self._values():
            yield GaugeMetricFamily(name, said, value)

    def describe(self) -> Iterable[Metric]:
        return ()
