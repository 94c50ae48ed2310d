"""What every request meets first and every answer passes last: identity, environment, headers, the journal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from airworthy.base.errors import AirworthyError
from airworthy.base.ids import Random
from airworthy.web import problem
from airworthy.web.asgi import App, Receive, Scope, Send, Visit
from airworthy.web.body import ClientGone
from airworthy.web.house import House
from airworthy.web.journal import Level, Line
from airworthy.web.session import check_environment, session_of

Endpoint = Callable[[Visit, Receive], Awaitable[None]]

VISIT = "airworthy.visit"  # where in a scope the visit is
OPEN = frozenset({"/healthz", "/readyz", "/schema/openapi.json"})  # for probes and readers without a key
UNTIMED = frozenset({"/v1/events", "/v1/decisions/{id}"})  # they wait on purpose
GONE = 499  # in the journal only: nobody was there to be answered


class Edge:
    """The ASGI application. `plain` has the endpoints answered here, by path and method; `app` has all others."""

    def __init__(self, house: House, app: App, plain: dict[str, tuple[str, Endpoint]], random: Random) -> None:
        self._house = house
        self._app = app
        self._plain = plain
        self._random = random

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(scope, send, self._random.bytes(8).hex())
        try:
            await self._serve(visit, receive)
        except ClientGone:
            visit.status = GONE
        except AirworthyError as error:
            await self.refuse(visit, error)
        except asyncio.CancelledError:  # only the server's end does this, after its grace
            await self.refuse(visit, problem.given_up())
        except Exception as error:  # the edge of a request: a defect is recorded here, and never shown to the caller
            self._house.journal.say("error", "a defect stopped a request", request=visit.id, error=error)
            await self.refuse(visit, problem.unexpected(visit.id))
        finally:
            self._note(visit)

    async def refuse(self, visit: Visit, error: AirworthyError) -> None:
        """Answers with the problem, where an answer has not begun."""
        visit.code = error.diagnostics[0].code
        if not visit.status:
            body, status = problem.encoded(error), problem.status_of(error)
            await visit.answer(body, status=status, media=problem.MEDIA_TYPE, headers=problem.headers_of(error))

    async def _serve(self, visit: Visit, receive: Receive) -> None:
        scope = visit.scope
        path = scope["path"]
        if path not in OPEN:
            visit.session = session_of(visit.headers, self._house.access)
        check_environment(visit.headers, self._house.environment)
        by_method = self._plain.get(path)
        if by_method is None:
            scope[VISIT] = visit
            await self._app(scope, receive, visit.send)
            return
        scope["path_template"] = path
        method, endpoint = by_method
        if scope["method"] != method:
            raise problem.not_by_this_method(method)
        await endpoint(visit, receive)

    def _note(self, visit: Visit) -> None:
        seconds = time.perf_counter() - visit.started
        route = visit.template
        self._house.metrics.request(route, visit.status, None if route in UNTIMED else seconds)
        level = _level(visit.status)
        journal = self._house.journal
        if journal.wants(level):
            journal.put(
                Line(
                    ts=journal.now(),
                    level=level,
                    method=visit.scope["method"],
                    route=route,
                    status=visit.status,
                    ms=round(1_000 * seconds, 3),
                    request=visit.id,
                    environment=self._house.environment,
                    key=visit.session.key,
                    code=visit.code,
                )
            )


def _level(status: int) -> Level:
    if status >= 500:
        return "error"
    return "warning" if status >= 400 else "info"
