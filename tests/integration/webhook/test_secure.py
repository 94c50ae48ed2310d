"""Over TLS: the connection goes to the address that was checked, the certificate is held against the name."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from airworthy.integration.webhook import post
from integration.webhook.receiver import Receiver
from integration.webhook.test_address import leading_to

NAME = "hooks.example.com"


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A certificate for NAME that this machine believes; gives the server's side of it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate, whole = tmp_path / "certificate.pem", tmp_path / "whole.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    whole.write_bytes(secret + certificate.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    post.trusted.cache_clear()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(whole)
    yield server
    post.trusted.cache_clear()


@pytest.fixture
def secure(trusted):
    one = Receiver(trusted)
    yield one
    one.close()


def test_a_certificate_for_the_name_is_believed_at_the_address_that_was_checked(world, secure):
    endpoint = world.add(f"https://{NAME}:{secure.port}/hook", allow_private=True)
    world.record(1)
    world.run(resolve=leading_to("127.0.0.1"))
    assert world.outbox.counts(endpoint.id)["delivered"] == 1
    assert secure.got[0].headers["host"] == f"{NAME}:{secure.port}"


def test_a_certificate_for_another_name_is_refused(world, secure):
    endpoint = world.add(f"https://other.example.com:{secure.port}/hook", allow_private=True)
    world.record(1)
    world.run(resolve=leading_to("127.0.0.1"))
    (due,) = world.outbox.claim(endpoint.id, world.clock.now() + 10_000_000, 1)
    assert "CERTIFICATE_VERIFY_FAILED" in due.status
    assert secure.got == []
