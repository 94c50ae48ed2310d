"""Who may become an endpoint: a URL that may be sent to, kinds that records have."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import get_args

from airworthy.base.clock import Micros
from airworthy.base.diagnostic import Diagnostic, did_you_mean
from airworthy.base.errors import BadInput
from airworthy.base.ids import Random
from airworthy.integration.webhook.address import Resolve, check_url, reachable, resolve
from airworthy.integration.webhook.endpoint import Endpoint, new_secret
from airworthy.record.codec import AnyRecord
from airworthy.record.envelope import kind as kind_of


def admitted(
    url: str, *, kinds: Sequence[str], allow_private: bool, since: int, now: Micros, random: Random
) -> Endpoint:
    """A new endpoint, told of entries from `since` on. Raises AirworthyError (W001), BadInput (W004) for each kind
    that is none. Where the URL leads is not looked at: see `led_astray`.
    """
    check_url(url)
    _check_kinds(kinds)
    return Endpoint(
        id=random.bytes(4).hex(),
        url=url,
        kinds=tuple(dict.fromkeys(kinds)),
        allow_private=allow_private,
        secrets=(new_secret(random),),
        made=now,
        since=since,
    )


def led_astray(endpoint: Endpoint, *, resolve: Resolve = resolve) -> list[Diagnostic]:
    """A warning (W007) where the endpoint's name leads nowhere now. Raises AddressRefused (W002)."""
    try:
        asyncio.run(reachable(endpoint.url, allow_private=endpoint.allow_private, resolve=resolve))
    except OSError:
        sentence = f"the name in `{endpoint.url}` leads nowhere from here now"
        return [Diagnostic("W007", sentence, help="it is looked up again at every sending", severity="warning")]
    return []


def _check_kinds(kinds: Sequence[str]) -> None:
    known = sorted(kind_of(one) for one in get_args(AnyRecord))
    if unknown := [one for one in kinds if one not in known]:
        help = f"records are of the kinds {', '.join(known)}"
        raise BadInput([_unknown(one, did_you_mean(one, known) or help) for one in unknown])


def _unknown(kind: str, help: str) -> Diagnostic:
    return Diagnostic("W004", f"`{kind}` is no kind of record", help=help)
