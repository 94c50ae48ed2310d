"""An order of a person to whoever runs a use case: carried out here where nobody does, else by whoever holds the log."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from airworthy.base.clock import Clock
from airworthy.base.errors import NotFound, StoreLocked
from airworthy.base.ids import Random
from airworthy.charter.load import load
from airworthy.charter.model import Charter
from airworthy.claim.catalogue import BY_ID
from airworthy.client.http import HttpChannel
from airworthy.client.server import key_for
from airworthy.exchange.channel import Caller
from airworthy.service.inbox import Order, Reply, await_reply, leave
from airworthy.service.open import open_gateway, place

WAIT_S = 10.0  # for a process that holds the log


class Carried(msgspec.Struct, frozen=True):
    """How an order ended; without a reply it lies in the folder, and counts before the next decision made there."""

    reply: Reply | None
    by: str  # `here`, `holder`, `server` or `nobody`


def named(target: str) -> tuple[str, tuple[Charter, ...]]:
    """The use case called `target`, or the one of the charter at this path, with the charter. Raises BadInput."""
    path = Path(target)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        charter = load(path, BY_ID)
        return str(charter.use_case), (charter,)
    return target, ()


def carry_out(
    order: Order,
    charters: Sequence[Charter],
    data: Path,
    environment: str,
    clock: Clock,
    random: Random,
    *,
    wait_s: float = WAIT_S,
) -> Carried:
    """Leaves `order` in the folder, then sees to it that it is done. Raises BadInput, NotFound (G059), StoreError.

    charters   of the use case, where they are at hand: without them nobody but a running process can carry it out
    """
    folder = place(data, environment)
    if not charters and not (folder / "log.db").exists():
        sentence = f"there is no log in `{folder}`, so nothing was done"
        raise NotFound(sentence, code="G059", help="name its folder with --data, its server with --url, or its charter")
    file = leave(folder, order, clock.now(), random)
    if charters:
        try:
            open_gateway(data, charters, environment=environment, clock=clock, random=random, watch=False).close()
        except StoreLocked:
            return Carried(await_reply(file, wait_s), "holder")
        return Carried(await_reply(file, wait_s), "here")
    return _held(file, wait_s)


def ask_server(order: Order, url: str, home: Path, environment: str) -> Carried:
    """Has the server at `url` do it, under the key of this machine or of AIRWORTHY_KEY: whose it is decides who asks.

    Raises what the server says, Unavailable where nobody answers.
    """
    channel = HttpChannel(url, key_for(url, None, home), environment, budget_s=WAIT_S)
    try:
        noted = order.given_to(channel, Caller()).result(WAIT_S)
    finally:
        channel.close()
    return Carried(Reply(seq=noted.seq, note=noted.note), "server")


def _held(file: Path, wait_s: float) -> Carried:
    reply = await_reply(file, wait_s)
    return Carried(reply, "nobody" if reply is None else "holder")
