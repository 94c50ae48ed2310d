"""The channel over HTTP: one implementation, async, on an event loop of its own; its futures suit every caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import AirworthyError, BadInput, MissingExtra
from airworthy.client.answer import read
from airworthy.client.missed import Unanswered
from airworthy.exchange.ask import (
    Answer,
    Ask,
    EffectEnded,
    Failure,
    GrantAsked,
    Outcome,
    Redemption,
    ReleaseAsked,
    RevokeAsked,
    Spooled,
    StopAsked,
)
from airworthy.exchange.channel import Caller
from airworthy.exchange.told import Noted, Reconciled, Redeemed, Told

if TYPE_CHECKING:
    import aiohttp

R = TypeVar("R")

PATIENCE_S = 10.0  # for everything but a decision; whoever waits may give up earlier
CONNECTIONS = 100
FAREWELL_S = 1.0  # for connections to close
REST_S = 0.1  # nobody is asked after nobody listened: an outage must not cost the machine its processor
_JSON = {"Content-Type": "application/json"}


class Batch(msgspec.Struct, frozen=True):
    """The answer to several asks."""

    told: tuple[Told, ...]


class HttpChannel:
    """Keeps the promises of `exchange.channel.Channel` with the server at `url`. Who calls is told by the key alone.

    budget_s   after which a decision is given up and its connection let go
    renew      the key as it is now: a server of this machine makes a new one each time it starts
    """

    def __init__(
        self, url: str, key: str, environment: str, *, budget_s: float, renew: Callable[[], str | None] = lambda: None
    ) -> None:
        self._library, self._url = _library(), _checked(url)
        self._headers = {"Airworthy-Environment": environment, "Accept": "application/json", **_JSON}
        self._key, self._renew = key, renew
        self._budget_s = budget_s
        self._rest_until = 0.0  # on the loop's clock
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="airworthy-http", daemon=True)
        self._closing = Lock()
        self._closed = False
        self._thread.start()
        self._http = asyncio.run_coroutine_threadsafe(_session(self._url), self._loop).result()

    def submit(self, asks: Sequence[Ask], caller: Caller) -> Future[tuple[Told, ...]]:
        return self._run(self._one(asks[0]) if len(asks) == 1 else self._many(asks))

    def told(self, decision: str, caller: Caller, *, wait_s: float = 0.0) -> Future[Told]:
        path = f"/v1/decisions/{_part(decision)}"
        return self._run(self._get(f"{path}?wait={wait_s:g}" if wait_s else path, Told, wait_s + PATIENCE_S))

    def answer(self, decision: str, answer: Answer, caller: Caller) -> Future[Told]:
        return self._run(self._post(f"/v1/decisions/{_part(decision)}/answers", answer, Told))

    def failure(self, failure: Failure, caller: Caller) -> Future[Told]:
        return self._run(self._post("/v1/failures", failure, Told, self._budget_s, tries=2))

    def outcome(self, outcome: Outcome, caller: Caller) -> Future[Noted]:
        return self._run(self._post("/v1/outcomes", outcome, Noted))

    def redeem(self, redemption: Redemption, caller: Caller) -> Future[Redeemed]:
        permit = str(redemption.permit.get("terms", {}).get("permit", ""))
        return self._run(self._post(f"/v1/permits/{_part(permit)}/redeem", redemption, Redeemed))

    def ended(self, ended: EffectEnded, caller: Caller) -> Future[Noted]:
        return self._run(self._post(f"/v1/permits/{_part(ended.permit)}/ended", ended, Noted, tries=2))

    def reconcile(self, spooled: Sequence[Spooled], caller: Caller) -> Future[Reconciled]:
        return self._run(self._post("/v1/spool", {"entries": list(spooled)}, Reconciled, tries=2))

    def stop(self, asked: StopAsked, caller: Caller) -> Future[Noted]:
        return self._run(self._post("/v1/stop", asked, Noted, tries=2))

    def release(self, asked: ReleaseAsked, caller: Caller) -> Future[Noted]:
        return self._run(self._post("/v1/release", asked, Noted))

    def grant(self, asked: GrantAsked, caller: Caller) -> Future[Noted]:
        return self._run(self._post("/v1/grants", asked, Noted))

    def revoke(self, asked: RevokeAsked, caller: Caller) -> Future[Noted]:
        return self._run(self._post("/v1/grants/revoke", asked, Noted))

    def close(self) -> None:
        with self._closing:
            if self._closed:
                return
            self._closed = True
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, call: Coroutine[Any, Any, R]) -> Future[R]:
        with self._closing:
            if not self._closed:
                return asyncio.run_coroutine_threadsafe(call, self._loop)
        call.close()
        closed: Future[R] = Future()
        closed.set_exception(Unanswered("unreachable", "this gateway is closed", help="close it last"))
        return closed

    async def _one(self, ask: Ask) -> tuple[Told, ...]:
        return (await self._post("/v1/decisions", ask, Told, self._budget_s, tries=2),)

    async def _many(self, asks: Sequence[Ask]) -> tuple[Told, ...]:
        told = await self._post("/v1/decisions:batch", {"asks": list(asks)}, Batch, self._budget_s, tries=2)
        if len(told.told) != len(asks):
            raise Unanswered("refused", "the server answered another number of asks", code="C005")
        return told.told

    async def _post(self, path: str, body: object, into: type[R], within_s: float = PATIENCE_S, *, tries: int = 1) -> R:
        return await self._call("POST", path, into, within_s, tries, msgspec.json.encode(body))

    async def _get(self, path: str, into: type[R], within_s: float) -> R:
        return await self._call("GET", path, into, within_s, 2, None)

    async def _call(self, method: str, path: str, into: type[R], within_s: float, tries: int, body: bytes | None) -> R:
        """One answer in `within_s` seconds in all. More `tries` where asking twice is asking once: a server that
        restarted leaves connections behind that only fail when they are used."""
        if self._loop.time() < self._rest_until:
            raise Unanswered("unreachable")
        try:
            async with asyncio.timeout(within_s):
                status, answer = await self._authorized(method, path, tries, body)
        except AirworthyError:
            raise
        except TimeoutError:
            raise Unanswered("slow") from None
        except asyncio.CancelledError:  # by `close`: whoever waits must be told, not cancelled
            raise Unanswered("unreachable", "this gateway was closed meanwhile") from None
        except Exception as error:  # the edge of a request: a foreign network, and a library's many ways to say so
            if isinstance(error, self._library.nobody):
                self._rest_until = self._loop.time() + REST_S
            raise Unanswered("unreachable", help=f"{type(error).__name__}: is the server running?") from None
        return read(status, answer, into)

    async def _authorized(self, method: str, path: str, tries: int, body: bytes | None) -> tuple[int, bytes]:
        """The answer; where the key is no longer good, that to the key as it is now."""
        used = self._key
        answer = await self._sent(method, path, tries, used, body)
        if answer[0] != 401:
            return answer
        self._key = self._renew() or used
        return answer if self._key == used else await self._sent(method, path, tries, self._key, body)

    async def _sent(self, method: str, path: str, tries: int, key: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and body."""
        headers = {**self._headers, "Authorization": f"Bearer {key}"}
        url = self._library.url(self._url + path, encoded=True)
        while True:
            tries -= 1
            try:
                async with self._http.request(method, url, headers=headers, data=body, allow_redirects=False) as answer:
                    return answer.status, await answer.read()
            except self._library.broken as error:
                if not tries or isinstance(error, self._library.nobody):
                    raise

    async def _end(self) -> None:
        """Gives up what is under way, and closes the connections; what will not end in a moment is left behind."""
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=FAREWELL_S)
        with suppress(Exception):
            await asyncio.wait_for(self._http.close(), FAREWELL_S)


class _Library(msgspec.Struct, frozen=True):
    """What of the library is needed beyond a session."""

    url: Callable[..., Any]
    broken: tuple[type[Exception], ...]  # a connection the other side had closed: asking again may help
    nobody: tuple[type[Exception], ...]  # nobody listens


def _library() -> _Library:
    """Raises MissingExtra."""
    try:
        import aiohttp
        import yarl
    except ImportError:
        raise MissingExtra("a gateway over HTTP", "client") from None
    broken = (
        aiohttp.ClientOSError,
        aiohttp.ServerDisconnectedError,
        aiohttp.ClientPayloadError,
        aiohttp.ClientResponseError,
    )
    return _Library(yarl.URL, broken, (aiohttp.ClientConnectorError,))


def _checked(url: str) -> str:
    """The address without its last slash. Raises BadInput (C023)."""
    if not urlsplit(url).hostname:
        raise BadInput([Diagnostic("C023", "the server's address names no host", help="such as http://127.0.0.1:8080")])
    return url.rstrip("/")


async def _session(url: str) -> aiohttp.ClientSession:
    import aiohttp

    # A proxy of the environment is for the outside: what stays on this machine, and its key, must not travel there.
    outside = urlsplit(url).hostname not in ("localhost", "127.0.0.1", "::1")
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=60)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None), trust_env=outside)


def _part(text: str) -> str:
    """`text` as one part of a path."""
    return quote(text, safe="")
