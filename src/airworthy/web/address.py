"""Where a server may listen: on this machine freely, elsewhere only with keys and where nobody can read along."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from pathlib import Path

from airworthy.base.diagnostic import Diagnostic
from airworthy.base.errors import AirworthyError, BadInput

BACKLOG = 2_048
_IN_USE = 98


class CannotListen(AirworthyError):
    """The address cannot be listened on."""

    code = "H021"


def check_exposure(host: str, *, has_key: bool, is_private: bool) -> None:
    """Nothing where `host` is this machine alone, or is guarded; else BadInput (H022) with everything that is missing.

    has_key      whether somebody could sign in at all
    is_private   whether what travels cannot be read on the way: TLS here, or at a proxy in front
    """
    if is_loopback(host):
        return
    found = []
    if not has_key:
        sentence = f"`{host}` can be reached from elsewhere, and no API key is in force"
        found.append(Diagnostic("H022", sentence, help="run: airworthy key make NAME --scope application"))
    if not is_private:
        sentence = f"`{host}` can be reached from elsewhere, and keys would travel in the clear"
        help = "add --tls-cert and --tls-key, or say --behind-proxy where a proxy ends TLS"
        found.append(Diagnostic("H022", sentence, help=help))
    if found:
        raise BadInput(found)


def is_loopback(host: str) -> bool:
    """Whether everything `host` stands for is this machine."""
    try:
        found = {str(address[0]) for _, _, _, _, address in socket.getaddrinfo(host or "0.0.0.0", None)}
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises CannotListen where the port is taken, or the host is not one of ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise _cannot(host, port, error) from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise _cannot(host, port, error) from None
    return bound


def url_of(bound: socket.socket, host: str, *, is_tls: bool) -> str:
    """How to reach it from this machine."""
    named = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host
    named = f"[{named}]" if ":" in named else named
    return f"{'https' if is_tls else 'http'}://{named}:{bound.getsockname()[1]}"


def tls_of(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """TLS with a certificate chain and its key, None without. Raises BadInput (H026) where they cannot be used."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        sentence = "TLS needs a certificate and its key"
        raise BadInput([Diagnostic("H026", sentence, help="name both: --tls-cert and --tls-key")])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        sentence = f"`{cert}` and `{key}` cannot be used for TLS: {error.strerror or 'they do not belong together'}"
        raise BadInput([Diagnostic("H026", sentence, help="name a PEM certificate chain and its key")]) from None
    return context


def _cannot(host: str, port: int, error: OSError | UnicodeError) -> CannotListen:
    if isinstance(error, OSError) and error.errno == _IN_USE:
        help = "end what listens there, or choose another with --port"
        return CannotListen(f"port {port} on {host} is in use", help=help)
    why = (getattr(error, "strerror", None) or "it is no name of a machine").lower()
    return CannotListen(f"cannot listen on {host}, port {port}: {why}", help="choose another with --host and --port")
