"""Who asks, from the key they show; and whether they may."""

from __future__ import annotations

from airworthy.base.errors import Conflict, NotAllowed
from airworthy.exchange.channel import Scope
from airworthy.service.access import Access, Session
from airworthy.web.problem import Refused

ENVIRONMENT = b"airworthy-environment"


def session_of(headers: dict[bytes, bytes], access: Access) -> Session:
    """Raises Refused (401) for no key, a wrong one, one that has expired or was revoked: it is not said which."""
    shown = headers.get(b"authorization", b"")
    if not shown:
        raise _unknown("no API key was shown", b"Bearer")
    if shown[:7].lower() != b"bearer ":
        raise _unknown("the API key is not shown as a bearer token", b"Bearer")
    session = access.session(shown[7:].decode("latin-1").strip())
    if session is None:
        raise _unknown("the API key is not known, or no longer good", b'Bearer error="invalid_token"')
    return session


def check_environment(headers: dict[bytes, bytes], environment: str) -> None:
    """Raises Conflict (H011) where the caller means another environment: test work must not enter a real log."""
    meant = headers.get(ENVIRONMENT)
    if meant is not None and meant != environment.encode():
        raise Conflict(
            f"this server keeps the records of `{environment}`, and the request is for another environment",
            code="H011",
            help="ask the server of that environment, or change `Airworthy-Environment`",
        )


def require(session: Session, *scopes: Scope) -> None:
    """Raises NotAllowed (H010) where the key has none of `scopes`."""
    if session.caller.scopes.isdisjoint(scopes):
        raise NotAllowed(
            f"the key `{session.key}` may not do this", code="H010", help=f"use a key with scope {' or '.join(scopes)}"
        )


def _unknown(sentence: str, challenge: bytes) -> Refused:
    return Refused(
        401,
        "H009",
        sentence,
        help="send `Authorization: Bearer aw_...`; make a key with: airworthy key make",
        headers=((b"www-authenticate", challenge),),
    )
