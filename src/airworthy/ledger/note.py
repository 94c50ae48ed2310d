"""Signed notes: a text, an empty line, signatures of Ed25519 keys with names (C2SP signed-note)."""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from airworthy.base.errors import AirworthyError

_ED25519 = b"\x01"
_LARGEST = 1_000_000  # characters; a note is a few hundred


class NoteInvalid(AirworthyError):
    """A signed note, a key or a proof that cannot be trusted as it stands."""

    code = "R012"


class VerifierKey(msgspec.Struct, frozen=True):
    """A named public key: `name+hash+base64`."""

    name: str
    public: bytes  # 32 bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Raises NoteInvalid saying which part is wrong."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        data = unbase64(encoded, "the verifier key")
        if not is_name(name) or len(data) != 33 or data[:1] != _ED25519:
            raise NoteInvalid("the verifier key is not a named Ed25519 key")
        key = cls(name, data[1:])
        if key.id.hex() != key_id:
            raise NoteInvalid(f"the verifier key says its id is {key_id}, and it is {key.id.hex()}")
        return key

    @property
    def id(self) -> bytes:
        """4 bytes that signatures name the key by."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


class SigningKey:
    """A named private key. `sign` may be called by any thread at once."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not is_name(name):
            raise NoteInvalid(f"{name!r} cannot name a key: no spaces, no plus, not empty")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._seed = seed
        self.verifier = VerifierKey(name, self._private.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Reads what `secret` gives. Raises NoteInvalid."""
        parts = text.strip().split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
            raise NoteInvalid("the signing key is not in the form `PRIVATE+KEY+name+hash+base64`")
        data = unbase64(parts[4], "the signing key")
        if len(data) != 33 or data[:1] != _ED25519:
            raise NoteInvalid("the signing key is not an Ed25519 key")
        key = cls(parts[2], data[1:])
        if key.verifier.id.hex() != parts[3]:
            raise NoteInvalid("the signing key does not have the id it states")
        return key

    def secret(self) -> str:
        """The key as text, for a file only its owner may read."""
        key = self.verifier
        return f"PRIVATE+KEY+{key.name}+{key.id.hex()}+{base64.b64encode(_ED25519 + self._seed).decode()}"

    def sign(self, text: str) -> str:
        """`text`, which must end in a newline, as a signed note."""
        signature = base64.b64encode(self.verifier.id + self._private.sign(text.encode())).decode()
        return f"{text}\n— {self.verifier.name} {signature}\n"


def open_note(note: str, key: VerifierKey) -> str:
    """The text of a note that `key` signed; signatures of other keys are passed over. Raises NoteInvalid."""
    text, signatures = _split(note)
    for name, data in signatures:
        if name == key.name and data[:4] == key.id:
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(data[4:], text.encode())
            except InvalidSignature:
                raise NoteInvalid(f"the signature of {name} does not match the note") from None
            return text
    raise NoteInvalid(f"the note is not signed by {key.name}+{key.id.hex()}")


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    text, separator, tail = note.rpartition("\n\n")
    clean = all(c >= " " or c == "\n" for c in note)
    if not separator or not tail.endswith("\n") or not clean or len(note) > _LARGEST:
        raise NoteInvalid("the text is not a signed note")
    return text + "\n", [_signature(line) for line in tail[:-1].split("\n")]


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    data = unbase64(encoded, "a signature of the note")
    if dash != "—" or not is_name(name) or len(data) < 5:
        raise NoteInvalid("a signature line of the note is malformed")
    return name, data


def is_name(name: str) -> bool:
    """True for what may name a key: not empty, no white space, no plus sign."""
    return bool(name) and "+" not in name and not any(c.isspace() for c in name)


def unbase64(text: str, what: str) -> bytes:
    """Strict base64. Raises NoteInvalid naming `what`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid(f"{what} is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise NoteInvalid(f"{what} is not in the one spelling base64 allows")
    return data
