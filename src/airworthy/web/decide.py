"""POST /v1/decisions: the one endpoint work waits for, as plain ASGI in front of everything else."""

from __future__ import annotations

import msgspec

from airworthy.exchange.ask import Ask
from airworthy.exchange.told import Told
from airworthy.web import problem
from airworthy.web.asgi import Receive, Visit
from airworthy.web.body import check_media, read_body
from airworthy.web.house import House
from airworthy.web.idempotency import Idempotency
from airworthy.web.session import require
from airworthy.web.strict import read

PATH = "/v1/decisions"
MALFORMED = "output.malformed"  # the reason of a decision that fell back because its output is not what was declared

_ask = msgspec.json.Decoder(Ask)
_encode = msgspec.json.Encoder().encode


class Decide:
    """Reads one ask, has it decided and answers: 200 where it is settled, 202 while a person has yet to answer."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._idempotency = Idempotency()

    async def __call__(self, visit: Visit, receive: Receive) -> None:
        require(visit.session, "application")
        check_media(visit.headers)
        body = await read_body(receive, visit.headers)
        told = await self._told(visit, body)
        self._house.metrics.told(told)
        if told.reasons and told.reasons[0].code == MALFORMED:
            visit.code = problem.MALFORMED
            await visit.answer(_encode(problem.malformed(told)), status=422, media=problem.MEDIA_TYPE)
            return
        await visit.answer(_encode(told), status=202 if told.status == "pending" else 200)

    async def _told(self, visit: Visit, body: bytes) -> Told:
        owner, key = visit.session.key, visit.headers.get(b"idempotency-key")
        if key is None:
            return await self._decided(visit, body)
        self._idempotency.claim(owner, key, body)
        try:
            return await self._decided(visit, body)
        except BaseException:
            self._idempotency.release(owner, key)
            raise

    async def _decided(self, visit: Visit, body: bytes) -> Told:
        ask = read(body, _ask)
        with self._house.deciding:
            (told,) = await self._house.wait(self._house.served.submit((ask,), visit.session.caller))
        return told
