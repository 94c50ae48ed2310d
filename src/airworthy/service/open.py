"""Opening a gateway on a folder or in memory: charters adopted, the log read again, everything as it stood."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from airworthy import __version__
from airworthy.base import canonical
from airworthy.base.clock import Clock, Micros, SystemClock
from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import BadInput
from airworthy.base.ids import Random, SystemRandom
from airworthy.charter.load import load
from airworthy.charter.model import Charter
from airworthy.charter.revision import revision
from airworthy.claim.catalogue import BY_ID
from airworthy.record.control import GatewayStarted, GrantRevoked
from airworthy.record.envelope import Actor
from airworthy.record.governance import CharterAdopted
from airworthy.record.store import Content, Draft, Store
from airworthy.service.gateway import Gateway
from airworthy.service.inbox import Inbox
from airworthy.service.live.core import Core
from airworthy.service.live.permits import Permits
from airworthy.service.live.recovery import Recovery
from airworthy.service.live.usecase import UseCase
from airworthy.storage.memory import MemoryStore
from airworthy.storage.secret import SIZE, secret
from airworthy.storage.sqlite import ORIGIN, open_store

PERMIT_KEY, DRAW_KEY = "permit.key", "draw.key"
SYSTEM = Actor("system", "gateway")


def open_gateway(
    folder: Path | str, charters: Sequence[Path | str | Charter], *, environment: str = "prod", clock: Clock | None = None,
    random: Random | None = None, url: str = "", watch: bool = True,
) -> Gateway:  # fmt: skip
    """The gateway of the log in `folder`, made there if there is none.

    environment   each other than `prod` has a log of its own, in a folder of its name
    watch         whether a thread looks after deadlines; without it call `tick`
    Raises BadInput where a charter cannot be used, StoreLocked while another process holds the folder, StoreDamaged.
    """
    clock, random = clock or SystemClock(), random or SystemRandom()
    loaded = _load(charters)
    where = place(Path(folder), environment)
    origin = ORIGIN if environment == "prod" else f"{ORIGIN}/{environment}"
    store = open_store(where, origin=origin, clock=clock, random=random)
    try:
        seeds = secret(where, PERMIT_KEY, random), secret(where, DRAW_KEY, random)
        core = _core(store, loaded, seeds, environment, clock, random, url)
        return Gateway(core, Inbox(where), environment, watch=watch)
    except BaseException:
        store.close()
        raise


def open_in_memory(
    charters: Sequence[Path | str | Charter], *, environment: str = "test", clock: Clock | None = None,
    random: Random | None = None, store: MemoryStore | None = None, seeds: tuple[bytes, bytes] | None = None, watch: bool = False,
) -> Gateway:  # fmt: skip
    """A gateway whose log is gone with the process: for tests and for trying out. `store` and `seeds` go on with another's."""
    clock, random = clock or SystemClock(), random or SystemRandom()
    store = store if store is not None else MemoryStore(random=random)
    seeds = seeds or (random.bytes(SIZE), random.bytes(SIZE))
    return Gateway(_core(store, _load(charters), seeds, environment, clock, random, ""), None, environment, watch=watch)


def place(folder: Path, environment: str) -> Path:
    """Where the log of an environment lies."""
    return folder if environment == "prod" else folder / environment


def _load(charters: Sequence[Path | str | Charter]) -> list[Charter]:
    loaded = [one if isinstance(one, Charter) else load(one, BY_ID) for one in charters]
    names = [str(one.use_case) for one in loaded]
    if not names or len(set(names)) < len(names):
        help = "one charter a use case"
        raise BadInput(
            [Diagnostic("G058", "the charters do not name different use cases, or there are none", help=help)]
        )
    return loaded


def _core(
    store: Store,
    charters: list[Charter],
    seeds: tuple[bytes, bytes],
    environment: str,
    clock: Clock,
    random: Random,
    url: str,
) -> Core:
    """Shared state, read from the log and brought up to these charters, with what changed recorded."""
    permits, draws = seeds
    cases = {str(one.use_case): UseCase(one, draws, random) for one in charters}
    salt = hmac.digest(draws, b"shown to people", "sha256")
    core = Core(store, cases, Permits(permits, random), clock, random, salt=salt, url=url)
    recovery = Recovery(core)
    recovery.run()
    now = core.now()
    started = GatewayStarted(
        id=core.id(now), ts=now, at=now, use_case="", actor=SYSTEM, version=__version__, environment=environment,
        permit_key=core.permits.public, draws=hashlib.sha256(draws).hexdigest(),
    )  # fmt: skip
    drafts = [Draft(record=started)]
    for case in cases.values():
        drafts += _adopt(core, case, recovery.adopted.get(case.name), now)
    core.append(drafts, lambda receipts: receipts).result()
    store.checkpoint()
    return core


def _adopt(core: Core, case: UseCase, before: CharterAdopted | None, now: Micros) -> list[Draft]:
    """What follows from the charter a use case now runs under: permits and grants of another policy end."""
    charter = case.charter
    drafts = []
    if before is None or before.charter != charter.digest:
        drafts.append(_adopted(core, case, now))
    stale = {one.terms_of for one in core.permits.of(use_case=case.name)} - {case.permit_digest}
    if stale:
        drafts += core.void(now, "policy", use_case=case.name)
    grant = case.control.grant
    if grant is not None and grant.policy != case.permit_digest:
        ended = GrantRevoked(
            id=core.id(now),
            ts=now,
            at=now,
            use_case=case.name,
            actor=SYSTEM,
            grant=grant.grant,
            seat=grant.seat,
            why="policy",
        )
        case.control.apply(ended)
        drafts.append(Draft(record=ended))
    return drafts


def _adopted(core: Core, case: UseCase, now: Micros) -> Draft:
    charter = case.charter
    found = revision(charter.document.file)
    record = CharterAdopted(
        id=core.id(now), ts=now, at=now, use_case=case.name, simulated=case.simulated, actor=SYSTEM, charter=charter.digest,
        policy=charter.policy_digest, commit=found.commit if found and not found.changed else None, stage=charter.stage,
        model_version=charter.model.version if charter.model else "",
    )  # fmt: skip
    text = canonical.encode({"text": charter.document.text})
    return Draft(record=record, subject=f"charter/{case.name}", contents=(Content("charter", "charter", text),))
