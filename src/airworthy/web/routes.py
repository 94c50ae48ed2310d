"""Every endpoint but the two that are plain ASGI: each reads what it is asked, asks the gateway, tells what it told."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, RawBody

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import AirworthyError, BadInput, NotFound
from airworthy.exchange.ask import (
    Answer,
    EffectEnded,
    Failure,
    GrantAsked,
    Outcome,
    Redemption,
    ReleaseAsked,
    RevokeAsked,
    StopAsked,
)
from airworthy.exchange.channel import Scope
from airworthy.exchange.told import Noted, Reconciled, Redeemed, Told
from airworthy.service.gateway import Overview
from airworthy.web.asgi import Visit
from airworthy.web.batch import Alive, Asks, PublicKeys, Ready, Spool, ToldAll, check_number
from airworthy.web.body import MOST_IN_BATCH, check_media
from airworthy.web.house import House
from airworthy.web.problem import Refused
from airworthy.web.strict import read

LONGEST_WAIT_S = 25.0
METRICS = "text/plain; version=1.0.0; charset=utf-8"
NOTE = "text/plain; charset=utf-8"

APPLICATION: tuple[Scope, ...] = ("application",)
PEOPLE: tuple[Scope, ...] = ("reviewer", "owner")
OWNER: tuple[Scope, ...] = ("owner",)

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{0,199}\Z")
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}

T = TypeVar("T")
Inside = NamedDependency[House]
Asking = NamedDependency[Visit]


def asked(form: type[T], body: bytes, visit: Visit) -> T:
    """The body as `form`, read strictly."""
    check_media(visit.headers)
    return read(body, decoder_of(form))


@get("/healthz", tags=["operation"])
async def healthz() -> Alive:
    """Whether the process answers."""
    return Alive()


@get("/readyz", tags=["operation"])
async def readyz(house: Inside) -> Ready:
    """Whether decisions can be made: 200, or 503 with the reasons."""
    health = house.served.health()
    if health.state == "broken":
        said = " ".join(health.said) or "no decision can be made durable"
        raise Refused(503, "H018", f"no decisions can be made: {said}", help="callers fall back until it is mended")
    return Ready(health.state, health.said)


@get("/metrics", media_type=METRICS, tags=["operation"])
async def metrics(house: Inside) -> bytes:
    """Counters for Prometheus."""
    return await asyncio.to_thread(house.metrics.exposition)


@post(
    "/v1/decisions:batch",
    status_code=200,
    asked=Asks,
    scopes=APPLICATION,
    request_max_body_size=MOST_IN_BATCH,
    tags=["decisions"],
)
async def decide_many(body: RawBody, house: Inside, visit: Asking) -> ToldAll:
    """Decides many asks, durable together."""
    many = asked(Asks, body, visit)
    check_number(len(many.asks))
    if not many.asks:
        return ToldAll(told=())
    with house.deciding:
        told = await house.wait(house.served.submit(many.asks, visit.session.caller))
    for one in told:
        house.metrics.told(one)
    return ToldAll(told=told)


@get("/v1/decisions/{id:str}", is_pending=True, tags=["decisions"])
async def told(
    id: FromPath[str],
    house: Inside,
    visit: Asking,
    wait: Annotated[float, QueryParameter(ge=0, le=LONGEST_WAIT_S)] = 0.0,
) -> Response[Told]:
    """What there is to tell of a decision; while it is pending, waits up to `wait` seconds for a person."""
    found = await _patiently(_known(id, "decision"), wait, house, visit)
    return Response(found, status_code=202 if found.status == "pending" else 200)


@post("/v1/decisions/{id:str}/answers", status_code=200, asked=Answer, scopes=PEOPLE, tags=["people"])
async def answer(id: FromPath[str], body: RawBody, house: Inside, visit: Asking) -> Told:
    """A person's answer. Conflict where they saw something else, or it was settled meanwhile."""
    given = asked(Answer, body, visit)
    return await house.wait(house.served.answer(_known(id, "decision"), given, visit.session.caller))


@post("/v1/failures", status_code=200, asked=Failure, scopes=APPLICATION, tags=["decisions"])
async def failure(body: RawBody, house: Inside, visit: Asking) -> Told:
    """The model failed; the work falls back, and that is recorded."""
    with house.deciding:
        found = await house.wait(house.served.failure(asked(Failure, body, visit), visit.session.caller))
    house.metrics.told(found)
    return found


@post("/v1/outcomes", status_code=200, asked=Outcome, scopes=(*APPLICATION, *PEOPLE), tags=["decisions"])
async def outcome(body: RawBody, house: Inside, visit: Asking) -> Noted:
    """What turned out to be true about a decision."""
    return await house.wait(house.served.outcome(asked(Outcome, body, visit), visit.session.caller))


@post("/v1/permits/{id:str}/redeem", status_code=200, asked=Redemption, scopes=APPLICATION, tags=["permits"])
async def redeem(id: FromPath[str], body: RawBody, house: Inside, visit: Asking) -> Redeemed:
    """Uses a permit up, durably, before its effect runs. It succeeds at most once for a permit, ever."""
    redemption = asked(Redemption, body, visit)
    terms = redemption.permit.get("terms")
    _same(id, terms.get("permit") if isinstance(terms, dict) else None)
    try:
        found = await house.wait(house.served.redeem(redemption, visit.session.caller))
    except AirworthyError:
        house.metrics.permit("refused")
        raise
    house.metrics.permit("redeemed")
    return found


@post("/v1/permits/{id:str}/ended", status_code=200, asked=EffectEnded, scopes=APPLICATION, tags=["permits"])
async def ended(id: FromPath[str], body: RawBody, house: Inside, visit: Asking) -> Noted:
    """How the effect under a redeemed permit ended."""
    end = asked(EffectEnded, body, visit)
    _same(id, end.permit)
    return await house.wait(house.served.ended(end, visit.session.caller))


@post(
    "/v1/spool",
    status_code=200,
    asked=Spool,
    scopes=APPLICATION,
    request_max_body_size=MOST_IN_BATCH,
    tags=["decisions"],
)
async def spool(body: RawBody, house: Inside, visit: Asking) -> Reconciled:
    """Records what a client could not hand over in time. Every entry counts once, however often it comes."""
    kept = asked(Spool, body, visit)
    check_number(len(kept.entries))
    found = await house.wait(house.served.reconcile(kept.entries, visit.session.caller))
    house.metrics.spooled(recorded=len(found.recorded), known=len(found.known), refused=len(found.refused))
    return found


@post("/v1/stop", status_code=200, asked=StopAsked, tags=["owners"])
async def stop(body: RawBody, house: Inside, visit: Asking) -> Noted:
    """Pulls the stop switch: everything falls back. Whoever has a key may."""
    return await house.wait(house.served.stop(asked(StopAsked, body, visit), visit.session.caller))


@post("/v1/release", status_code=200, asked=ReleaseAsked, scopes=PEOPLE, tags=["owners"])
async def release(body: RawBody, house: Inside, visit: Asking) -> Noted:
    """Releases the stop switch, once two different people have asked, one of them an owner."""
    return await house.wait(house.served.release(asked(ReleaseAsked, body, visit), visit.session.caller))


@post("/v1/grants", status_code=200, asked=GrantAsked, scopes=OWNER, tags=["owners"])
async def grant(body: RawBody, house: Inside, visit: Asking) -> Noted:
    """Lets a use case run at a stage until a date."""
    return await house.wait(house.served.grant(asked(GrantAsked, body, visit), visit.session.caller))


@post("/v1/grants/revoke", status_code=200, asked=RevokeAsked, scopes=OWNER, tags=["owners"])
async def revoke(body: RawBody, house: Inside, visit: Asking) -> Noted:
    """Takes the grant in force away."""
    return await house.wait(house.served.revoke(asked(RevokeAsked, body, visit), visit.session.caller))


@get("/v1/use-cases", tags=["log"])
async def use_cases(house: Inside) -> Overview:
    """Use cases with their stages, gates, stops and counts."""
    return await asyncio.to_thread(house.served.overview)


@get("/v1/keys", tags=["log"])
async def keys(house: Inside) -> PublicKeys:
    """The public keys that checkpoints and permits verify under."""
    return PublicKeys(log=house.served.log.verifier_key, permit=house.served.permit_key)


@get("/v1/checkpoint", media_type=NOTE, tags=["log"])
async def checkpoint(house: Inside) -> bytes:
    """The newest signed head of the log, as a signed note."""
    head = await asyncio.to_thread(house.served.log.head)
    if head is None:
        raise NotFound("nothing is signed yet", code="H019", help="heads are signed within a second of an entry")
    return head.note.encode()


ROUTES: list[HTTPRouteHandler] = [
    healthz, readyz, metrics, decide_many, told, answer, failure, outcome, redeem, ended, spool, stop, release, grant,
    revoke, use_cases, keys, checkpoint,
]  # fmt: skip


async def _patiently(decision: str, wait_s: float, house: House, visit: Visit) -> Told:
    """Waits for a person, but not when the server ends: then tells what there is."""
    caller = visit.session.caller
    if not wait_s or house.ending.is_set():
        return await house.wait(house.served.told(decision, caller))
    with house.polling:
        answered = house.wait(house.served.told(decision, caller, wait_s=wait_s))
        ending = asyncio.ensure_future(house.ending.wait())
        await asyncio.wait((answered, ending), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
    return await (answered if answered.done() else house.wait(house.served.told(decision, caller)))


def _known(id: str, what: str) -> str:
    if not _ID.match(id):
        raise NotFound(f"there is no {what} of that id")
    return id


def _same(path: str, body: object) -> None:
    if path != body:
        raise BadInput(
            [Diagnostic("H017", "the path and the body name different permits", help="send the permit as it was told")]
        )


def decoder_of(form: type[T]) -> msgspec.json.Decoder[T]:
    """One decoder for each form, made once."""
    if form not in _DECODERS:
        _DECODERS[form] = msgspec.json.Decoder(form)
    return _DECODERS[form]
