"""The application: endpoints behind one edge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn, cast

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import AirworthyError, BadInput
from airworthy.base.ids import Random
from airworthy.web import decide, events, openapi
from airworthy.web.asgi import App, Receive, Scope, Send, Visit
from airworthy.web.body import MOST, too_large
from airworthy.web.edge import VISIT, Edge, Endpoint
from airworthy.web.house import House
from airworthy.web.problem import Refused, not_by_this_method
from airworthy.web.routes import ROUTES
from airworthy.web.session import require


def application(house: House, random: Random) -> Edge:
    """The ASGI application over `house`."""
    plain: dict[str, tuple[str, Endpoint]] = {
        decide.PATH: ("POST", decide.Decide(house)),
        events.PATH: ("GET", events.Events(house)),
        openapi.PATH: ("GET", _document),
    }
    return Edge(house, _routed(house), plain, random)


async def _document(visit: Visit, receive: Receive) -> None:
    await visit.answer(openapi.document())


def _routed(house: House) -> App:
    """The endpoints of `routes`. Whatever they refuse comes out as an error of ours, for the edge to answer."""
    served = cast(App, _litestar(house))

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await served(scope, receive, send)
        except HTTPException as error:
            raise refusal(error) from None

    return routed


def _litestar(house: House) -> Litestar:
    @asynccontextmanager
    async def opened(app: Litestar) -> AsyncIterator[None]:
        house.open()
        yield
        house.close()

    return Litestar(
        route_handlers=ROUTES,
        dependencies={
            "house": Provide(lambda: house, sync_to_thread=False),
            "visit": Provide(_visit, sync_to_thread=False),
        },
        exception_handlers={Exception: _let_through},
        guards=[_may],
        lifespan=[opened],
        logging_config=None,
        openapi_config=None,
        request_max_body_size=MOST,
    )


def _visit(request: Request[Any, Any, Any]) -> Visit:
    visit: Visit = cast(Scope, request.scope)[VISIT]
    return visit


def _may(connection: ASGIConnection[Any, Any, Any, Any], endpoint: BaseRouteHandler) -> None:
    """Whoever asks has one of the scopes the endpoint names, if it names any. The gateway looks again."""
    if scopes := endpoint.opt.get("scopes"):
        require(cast(Scope, connection.scope)[VISIT].session, *scopes)


def _let_through(request: Request[Any, Any, Any], error: Exception) -> NoReturn:
    raise error


def refusal(error: HTTPException) -> AirworthyError:
    """What the framework refuses, as we say it. Its own words are not repeated: they may hold what the caller wrote."""
    status = error.status_code
    if status == 404:
        return Refused(404, "H005", "nothing is served at this path", help="the paths stand in /schema/openapi.json")
    if status == 405:
        return not_by_this_method((error.headers or {}).get("allow", ""))
    if status == 413:
        return too_large()
    if status == 400 and isinstance(error.extra, list):
        return BadInput([_parameter(one) for one in error.extra])
    return Refused(400, "H015", "the request cannot be read", help="its form stands in /schema/openapi.json")


def _parameter(one: Any) -> Diagnostic:
    name = one.get("key", "") if isinstance(one, dict) else ""
    return Diagnostic(
        "H008", f"the parameter `{name}` is not in its range", help="its form stands in /schema/openapi.json"
    )
