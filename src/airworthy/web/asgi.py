"""The words of ASGI, and one request on its way through the server."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from airworthy.service.access import NOBODY, Session

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = tuple[tuple[bytes, bytes], ...]
JSON = b"application/json"

# What every answer says: it is what it says it is, nobody keeps it, and no page may be made of it.
SECURITY: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class Visit:
    """One request and what is known of it so far. Used by one task."""

    __slots__ = ("_common", "_send", "code", "headers", "id", "scope", "session", "started", "status")

    def __init__(self, scope: Scope, send: Send, id: str) -> None:
        self.id = id
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.session: Session = NOBODY
        self.status = 0  # 0 until the answer starts
        self.code = ""  # of the problem it was answered with
        self.started = time.perf_counter()
        self._send = send
        self._common = ((b"request-id", id.encode()), *SECURITY)

    @property
    def template(self) -> str:
        """The path as the server names it, without what the caller filled in; empty for a path nobody serves."""
        found: str = self.scope.get("path_template", "")
        return found

    async def send(self, message: Message) -> None:
        """As ASGI's `send`, with what every answer says."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = (*message.get("headers", ()), *self._common)
        await self._send(message)

    async def answer(self, body: bytes, *, status: int = 200, media: bytes = JSON, headers: Headers = ()) -> None:
        """The whole answer at once."""
        self.status = status
        about = ((b"content-type", media), (b"content-length", b"%d" % len(body)), *headers, *self._common)
        await self._send({"type": "http.response.start", "status": status, "headers": about})
        await self._send({"type": "http.response.body", "body": body})
