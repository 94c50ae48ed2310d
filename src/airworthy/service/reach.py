"""Whether the server of a folder, or one at an address, can be reached, decides, and goes by the same time."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from airworthy.base.clock import SECOND, Clock, micros
from airworthy.client.server import FILE, ServerFile
from airworthy.service.doctor import Finding

TIMEOUT_S = 2.0
SKEW_S = 5  # a permit lives for minutes; beyond this, moments of client and server tell different stories


def reach(url: str | None, data: Path, clock: Clock) -> Iterator[Finding]:
    """Looks at `url`, else AIRWORTHY_URL, else the server that left its address in `data`; at nothing where there is none."""
    address = url or os.environ.get("AIRWORTHY_URL") or _left_in(data)
    if not address:
        return
    try:
        status, date, said, took_s = _ask(address)
    except (OSError, http.client.HTTPException, ValueError) as error:
        help = "start it with `airworthy serve`, or check address and network; callers fall back meanwhile"
        yield Finding("server", "broken", f"{address} cannot be reached: {error}", help)
        return
    if status == 200:
        yield Finding("server", "sound", f"{address} decides; it answered in {1_000 * took_s:.0f} ms")
    else:
        yield Finding(
            "server", "broken", f"{address} does not decide: {said}", "see what it logs; callers fall back meanwhile"
        )
    skew = abs(micros(parsedate_to_datetime(date)) - clock.now()) / SECOND if date else 0.0
    if skew > SKEW_S:
        yield Finding(
            "clock", "broken", f"this machine and {address} differ by {skew:,.0f} s", "set both clocks by one source"
        )


def _left_in(data: Path) -> str | None:
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=ServerFile).url
    except (OSError, msgspec.MsgspecError):
        return None


def _ask(address: str) -> tuple[int, str | None, str, float]:
    """(status, date, what it said, seconds it took) of `/readyz`."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    started = time.perf_counter()
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(4_096)
    finally:
        connection.close()
    return answer.status, answer.getheader("Date"), _said(body), time.perf_counter() - started


def _said(body: bytes) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")[:200]
    return str(found.get("detail") or found.get("said") or found) if isinstance(found, dict) else str(found)
