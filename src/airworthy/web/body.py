"""The bytes of a request: of the media type we read, and never more than the limit, however they are sent."""

from __future__ import annotations

from airworthy.web.asgi import Receive
from airworthy.web.problem import Refused

JSON = b"application/json"
MOST = 1 << 20  # bytes of a body
MOST_IN_BATCH = 8 << 20  # bytes of one that brings many things


class ClientGone(Exception):
    """Whoever asked has hung up: there is nobody to answer."""


def check_media(headers: dict[bytes, bytes]) -> None:
    """Nothing for plain JSON. Raises Refused (415) for another media type, or for packed bytes."""
    media, _, parameters = headers.get(b"content-type", b"").lower().partition(b";")
    charset = parameters.strip()
    if media.strip() != JSON or charset not in (b"", b"charset=utf-8", b'charset="utf-8"'):
        raise Refused(415, "H002", "the body is not said to be JSON", help="send `Content-Type: application/json`")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refused(415, "H002", "the body is packed", help="send it without a `Content-Encoding`")


async def read_body(receive: Receive, headers: dict[bytes, bytes], most: int = MOST) -> bytes:
    """All bytes. Raises Refused (413) at the first past `most`, ClientGone where the rest never comes."""
    said = headers.get(b"content-length", b"0")
    if len(said) > 15 or not said.isdigit() or int(said) > most:
        raise too_large()
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body") and len(message["body"]) <= most:
        whole: bytes = message["body"]
        return whole
    parts: list[bytes] = []
    room = most
    while message["type"] == "http.request":
        parts.append(message["body"])
        room -= len(parts[-1])
        if room < 0:
            raise too_large()
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
    raise ClientGone


def too_large() -> Refused:
    """The connection is closed with the answer: reading on would be reading what was refused."""
    help = f"send at most {MOST >> 20} MiB at once, and {MOST_IN_BATCH >> 20} MiB to a batch or a spool"
    return Refused(413, "H003", "the body is too large", help=help, headers=((b"connection", b"close"),))
