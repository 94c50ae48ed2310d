"""Idempotency keys: the same key with another body is a mistake of the caller, and is told so.

That asking again tells the same again is the gateway's promise, over (point, subject, attempt), and outlives a restart.
This memory does not: it knows the newest keys of this process.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256

from airworthy.base.errors import Conflict
from airworthy.web.problem import Refused

MOST = 100_000
LONGEST = 255


class Idempotency:
    """Which body came under which key. Used by the loop's thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._bodies: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()

    def claim(self, owner: str, key: bytes, body: bytes) -> None:
        """Binds `key` of `owner` to `body`. Raises Conflict (H014) where it is bound to another."""
        if not 0 < len(key) <= LONGEST:
            raise Refused(400, "H014", f"an idempotency key has 1 to {LONGEST} characters", help="such as a UUID")
        digest = sha256(body).digest()
        if self._bodies.setdefault((owner, key), digest) != digest:
            raise Conflict(
                "the same idempotency key came with another body", code="H014", help="use a new key for a new request"
            )
        if len(self._bodies) > self._most:
            self._bodies.popitem(last=False)

    def release(self, owner: str, key: bytes) -> None:
        """Lets go of a key whose request was refused: nothing was recorded under it."""
        self._bodies.pop((owner, key), None)
