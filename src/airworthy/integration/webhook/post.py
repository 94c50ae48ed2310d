"""One attempt: one message to one endpoint, and how it ended."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal

import msgspec

from airworthy.base.clock import Micros
from airworthy.base.errors import AirworthyError, MissingExtra
from airworthy.integration.webhook.address import Resolve, reachable
from airworthy.integration.webhook.endpoint import Endpoint
from airworthy.integration.webhook.event import Event, headers

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 10.0  # for everything: the name, the connection, the request and the first bytes of the answer
_GONE = 410


class Ended(msgspec.Struct, frozen=True):
    """How an attempt ended. `gone`: the endpoint wants nothing any more."""

    how: Literal["delivered", "failed", "gone"]
    status: str  # in words


class Post:
    """Sends to one endpoint, over connections of its own.

    A connection is opened to an address that was checked. It is never shared with another endpoint, which may have
    another name at the same address.
    """

    def __init__(self, client: httpx.AsyncClient, endpoint: Endpoint, resolve: Resolve, timeout_s: float) -> None:
        self._client = client
        self._endpoint = endpoint
        self._resolve = resolve
        self._timeout_s = timeout_s

    async def send(self, event: Event, now: Micros) -> Ended:
        """Never raises for what the other side does."""
        signed = headers(event, self._endpoint.signing(now), now)
        try:
            async with asyncio.timeout(self._timeout_s):
                return _ended(await self._answer(event.body, signed))
        except TimeoutError:
            return Ended("failed", f"no answer in {self._timeout_s:g} s")
        except AirworthyError as refused:
            return Ended("failed", refused.diagnostics[0].sentence)
        except OSError as error:
            return Ended("failed", f"no connection: {error.strerror or error}")

    async def _answer(self, body: bytes, signed: dict[str, str]) -> int:
        """The HTTP status. Raises OSError where no address behind the URL answers."""
        url, private = self._endpoint.url, self._endpoint.allow_private
        refused: OSError = ConnectionError("the name leads nowhere")
        for address in await reachable(url, allow_private=private, resolve=self._resolve):
            try:
                return await self._answer_of(address, body, signed)
            except ConnectionError as error:
                refused = error
        raise refused

    async def _answer_of(self, address: str, body: bytes, signed: dict[str, str]) -> int:
        import httpx

        try:
            named = httpx.URL(self._endpoint.url)
            head = {**signed, "host": named.netloc.decode()}
            # The certificate is checked against the name, although the connection goes to the address.
            name = {"sni_hostname": named.raw_host.decode()}
            url = named.copy_with(host=address)
            async with self._client.stream("POST", url, content=body, headers=head, extensions=name) as answer:
                return answer.status_code
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ConnectionError(str(error) or "it did not open in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OSError(f"it broke off ({type(error).__name__})") from None


@asynccontextmanager
async def posting(endpoint: Endpoint, resolve: Resolve, *, timeout_s: float = TIMEOUT_S) -> AsyncIterator[Post]:
    """A way to `endpoint`: no redirect is followed, no proxy is asked. Raises MissingExtra."""
    try:
        import httpx
    except ImportError:
        raise MissingExtra("sending a webhook", "server") from None
    waits = httpx.Timeout(timeout_s, connect=timeout_s / 2)  # a name may have a second address that answers
    async with httpx.AsyncClient(verify=trusted(), follow_redirects=False, trust_env=False, timeout=waits) as client:
        yield Post(client, endpoint, resolve, timeout_s)


@cache
def trusted() -> ssl.SSLContext:
    """Whose certificates are believed: the usual authorities, or those SSL_CERT_FILE names."""
    import httpx

    return httpx.create_ssl_context()


def _ended(status: int) -> Ended:
    how: Literal["delivered", "failed", "gone"] = "failed"
    if 200 <= status < 300:
        how = "delivered"
    elif status == _GONE:
        how = "gone"
    return Ended(how, f"HTTP {status}")
