"""What Prometheus reads. Labels are names from charters, routes and codes of ours; never what a caller wrote.

Counting is adding to plain numbers, which costs a tenth of a library's counter; the library writes them out when asked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Literal

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from airworthy.exchange.told import Told

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
Gauges = Callable[[], Iterable[tuple[str, str, float]]]  # name, help, value
Labels = tuple[str, ...]


class Times:
    """How long answers of one route took."""

    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.sum_s += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus has them: how many took at most so long."""
        limits = [*(str(one) for one in BUCKETS_S), "+Inf"]
        return list(zip(limits, accumulate(self.counts), strict=True))


class Metrics(Collector):
    """Counters of one server. Counted by the loop's thread; read by any."""

    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges
        self._decisions: Counter[Labels] = Counter()
        self._fallbacks: Counter[Labels] = Counter()
        self._again: Counter[Labels] = Counter()
        self._permits: Counter[Labels] = Counter()
        self._spooled: Counter[Labels] = Counter()
        self._requests: Counter[Labels] = Counter()
        self._seconds: dict[str, Times] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def told(self, told: Told) -> None:
        """Counts one decision; what was told before is not counted as another."""
        use_case, _, point = told.point.partition(".")
        if told.again:
            self._again[()] += 1
            return
        self._decisions[use_case, point, told.route] += 1
        if told.route == "fallback":
            self._fallbacks[use_case, point] += 1
        if told.permit is not None:
            self._permits[("issued",)] += 1

    def permit(self, event: Literal["redeemed", "refused"]) -> None:
        """Counts what became of a permit at its effect."""
        self._permits[(event,)] += 1

    def spooled(self, *, recorded: int, known: int, refused: int) -> None:
        """Counts what became of entries a client had kept."""
        for event, n in (("recorded", recorded), ("known", known), ("refused", refused)):
            self._spooled[(event,)] += n

    def request(self, route: str, status: int, seconds: float | None) -> None:
        """Counts one request. `seconds` is None where it waited on purpose."""
        self._requests[route, str(status)] += 1
        if seconds is not None:
            times = self._seconds.get(route)
            if times is None:
                times = self._seconds[route] = Times()
            times.add(seconds)

    def exposition(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        at = ("use_case", "point")
        yield _counter("decisions", "Decisions told, by route.", (*at, "route"), self._decisions)
        yield _counter("fallbacks", "Decisions told to fall back.", at, self._fallbacks)
        yield _counter("decisions_again", "Asked again, and told the same.", (), self._again)
        yield _counter("permits", "Permits, by what became of them.", ("event",), self._permits)
        yield _counter("spooled", "Entries clients had kept, by what became of them.", ("event",), self._spooled)
        yield _counter("requests", "Requests, by route and status.", ("route", "status"), self._requests)
        times = HistogramMetricFamily("airworthy_request_seconds", "Time to answer.", labels=("route",))
        for route, taken in self._seconds.copy().items():
            times.add_metric((route,), taken.buckets(), taken.sum_s)
        yield times
        for name, said, value in self._gauges():
            yield GaugeMetricFamily(f"airworthy_{name}", said, value)

    def describe(self) -> Iterable[Metric]:
        """Nothing: what is collected is not known before."""
        return ()


def _counter(name: str, said: str, labels: Labels, counts: Counter[Labels]) -> Metric:
    family = CounterMetricFamily(f"airworthy_{name}", said, labels=labels)
    for values, n in counts.copy().items():
        family.add_metric(values, n)
    return family
