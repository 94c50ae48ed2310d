"""One connection: a head of bounded size, a request within bounded time, and never a plain-text refusal."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from airworthy.web import problem
from airworthy.web.asgi import SECURITY
from airworthy.web.hosting import Limits
from airworthy.web.problem import Overloaded, Refused

HANG_UP = "airworthy.hang_up"  # where in a scope the function is that ends the connection at once


class Connection(HttpToolsProtocol):
    """What uvicorn speaks HTTP with. Subclasses made by `connection` carry the limits of their server.

    `_reading_since` is when the request now arriving began to, None while none does.
    """

    limits = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._reading_since: float | None = self.loop.time()
        self._head = 0
        self._in_head, self._in_body = True, False
        if len(self.connections) > self.limits.connections:
            self.refuse(Overloaded("H012", "too many connections are open"))

    def data_received(self, data: bytes) -> None:
        if self._reading_since is None:
            self._reading_since = self.loop.time()
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > self.limits.head_bytes:
                self.refuse(Refused(431, "H015", "the head of the request is too large", help="send fewer headers"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head = True, 0
        self.scope["extensions"] = {HANG_UP: {"now": self.transport.abort}}

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._reading_since, self._in_body = None, False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self.refuse(Refused(400, "H015", "this is no HTTP request"))

    def check(self, now: float) -> None:
        """Ends the connection where its request takes too long to arrive. Called ten times a second."""
        since = self._reading_since
        if since is not None and now - since > self.limits.read_s:
            self.refuse(Refused(408, "H004", f"the request did not arrive within {self.limits.read_s:g} s"))

    def refuse(self, error: Refused) -> None:
        """Says why, where no answer has begun, and hangs up."""
        self._reading_since = None
        if self.transport.is_closing():
            return
        if not self._is_answered():
            self.transport.write(_raw(error))
        self.transport.close()
        self.loop.call_later(1.0, self.transport.abort)  # a peer that does not read must not hold it open

    def _is_answered(self) -> bool:
        """Whether the request that is under way has its answer already, or part of it."""
        cycle = self.cycle
        return cycle is not None and cycle.response_started and (self._in_body or not cycle.response_complete)


def connection(limits: Limits) -> type[Connection]:
    """The protocol of a server with these limits."""
    return type("LimitedConnection", (Connection,), {"limits": limits})


def _raw(error: Refused) -> bytes:
    body, status = problem.encoded(error), problem.status_of(error)
    about: list[tuple[bytes, Any]] = [
        (b"content-type", problem.MEDIA_TYPE),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *problem.headers_of(error),
        *SECURITY,
    ]
    head = b"".join(b"%s: %s\r\n" % header for header in about)
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, problem.problem(error).title.encode(), head, body)
