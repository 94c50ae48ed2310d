"""What others take to record the same bytes durably: MLflow tracing on SQLite, OpenTelemetry with an fsync a span.

    python bench/peers.py [--seconds 5] < ASK        prints {peer: {threads: spans a second}} as JSON

Runs with any Python that has `mlflow` and `opentelemetry-sdk`; a peer that is not installed is left out. Nothing of
ours is imported. A span holds what was asked as its input and a short answer as its output. MLflow exports when a trace
ends, in the caller's thread, into the tracking database: its own way, told not to queue, with connections enough for
every thread. OpenTelemetry has no durable exporter of its own, so the plainest one is used: a SimpleSpanProcessor that
writes each span as a line and flushes it to the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread

ANSWER = json.dumps({"route": "act", "reasons": ["gate.certified"], "policy": "f" * 64, "charter": "c" * 64})
THREADS = (1, 32)


def mlflow_recorder(folder: Path, body: str) -> Callable[[], object]:
    """A trace of one span, in the tracking database when it returns."""
    os.environ.update(
        MLFLOW_ENABLE_ASYNC_TRACE_LOGGING="false", MLFLOW_SQLALCHEMYSTORE_POOL_SIZE="64",
        MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true",
    )  # fmt: skip
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.create_experiment("claims", artifact_location=str(folder / "artifacts"))
    mlflow.set_experiment("claims")

    def record() -> None:
        with mlflow.start_span("decide") as span:
            span.set_inputs({"ask": body})
            span.set_outputs({"told": ANSWER})

    return record


def opentelemetry_recorder(folder: Path, body: str) -> Callable[[], object]:
    """A span, on the disk when it returns."""
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

    class Durable(SpanExporter):
        def __init__(self) -> None:
            self._file = (folder / "spans.jsonl").open("ab")
            self._writing = Lock()

        def export(self, spans: list[ReadableSpan]) -> SpanExportResult:  # type: ignore[override]
            with self._writing:
                for span in spans:
                    self._file.write(span.to_json(indent=None).encode() + b"\n")
                self._file.flush()
                os.fdatasync(self._file.fileno())
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Durable()))
    tracer = provider.get_tracer("claims")

    def record() -> None:
        with tracer.start_as_current_span("decide") as span:
            span.set_attribute("ask", body)
            span.set_attribute("told", ANSWER)

    return record


def rate(record: Callable[[], object], threads: int, seconds: float) -> float:
    """Spans a second, by so many threads at once."""
    counts, until = [0] * threads, time.perf_counter() + seconds

    def call(i: int) -> None:
        while time.perf_counter() < until:
            record()
            counts[i] += 1

    callers = [Thread(target=call, args=(i,)) for i in range(threads)]
    started = time.perf_counter()
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return sum(counts) / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    body = "{}" if sys.stdin.isatty() else sys.stdin.read()
    found: dict[str, dict[int, float]] = {}
    for name, recorder in (("MLflow", mlflow_recorder), ("OpenTelemetry", opentelemetry_recorder)):
        with tempfile.TemporaryDirectory() as folder:
            try:
                record = recorder(Path(folder), body)
            except ImportError:
                continue
            record()
            found[name] = {threads: rate(record, threads, seconds) for threads in THREADS}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
