"""Where an endpoint may lead, and where it must not."""

from __future__ import annotations

import asyncio

import pytest

from airworthy.base.errors import AirworthyError
from airworthy.integration.webhook.address import AddressRefused, check_url, reachable
from airworthy.integration.webhook.admission import admitted, led_astray
from integration.webhook.receiver import Seeded


def leading_to(*addresses):
    async def resolve(host, port):
        return addresses

    return resolve


def reached(url, *addresses, allow_private=False):
    return asyncio.run(reachable(url, allow_private=allow_private, resolve=leading_to(*addresses)))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://10.0.0.8/hook",
        "ftp://example.com/",
        "example.com/hook",
        "https://",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://exa..mple.com/",
        "https://[::1/",
        "file:///etc/passwd",
        "https://example.com/a b",
        "https://example.com\\@10.0.0.1/",
        "https://exa\nmple.com/",
    ],
)
def test_what_is_no_encrypted_url_of_a_server_is_refused(url):
    with pytest.raises(AirworthyError) as refused:
        check_url(url)
    assert refused.value.diagnostics[0].code == "W001"


@pytest.mark.parametrize("url", ["https://example.com/hook?a=1", "http://localhost:8080/", "http://[::1]:80/"])
def test_https_is_asked_for_except_on_this_machine(url):
    check_url(url)


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "127.0.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "::ffff:0:10.0.0.1",
        "::127.0.0.1",
        "::10.0.0.1",
        "::8.8.8.8",
        "3fff::1",
        "5f00::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::",
        "64:ff9b:1::808:808",
        "64:ff9b:1:ffff::10.0.0.1",
        "fec0::1",
        "feff:ffff::1",
        "192.0.0.1",
        "192.0.0.8",
        "192.0.0.9",
        "::ffff:192.0.0.10",
        "198.18.0.1",
        "240.0.0.1",
        "2001:db8::1",
        "100::1",
        "2001:0:0:0:0:0:80ff:fffe",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_refused_unless_allowed(address):
    with pytest.raises(AddressRefused):
        reached("https://example.com/", address)
    with pytest.raises(AddressRefused):
        reached("https://example.com/", "93.184.216.34", address)
    assert reached("https://example.com/", address, allow_private=True) == (address,)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_public_addresses_are_reached(address):
    assert reached("https://example.com/", address) == (address,)


def test_localhost_that_leads_elsewhere_is_refused():
    assert reached("http://localhost/", "::1", "127.0.0.1")
    with pytest.raises(AddressRefused):
        reached("http://localhost/", "10.0.0.1")


def test_a_name_pointed_into_the_network_later_is_refused_at_the_sending(world, receiver):
    """It led to a public address when it was added; now it leads to this machine, where somebody listens."""
    endpoint = world.add(f"https://hooks.example.com:{receiver.port}/")
    world.record(1)
    world.run(resolve=leading_to("127.0.0.1"))
    assert receiver.got == []
    (due,) = world.outbox.claim(endpoint.id, world.clock.now() + 10_000_000, 1)
    assert due.status == "`hooks.example.com` leads to 127.0.0.1, which is not a public address"


def test_the_second_address_is_tried_where_the_first_refuses(world, receiver):
    world.add(f"http://localhost:{receiver.port}/")
    world.record(1)
    world.run(resolve=leading_to("127.0.0.2", "127.0.0.1"))
    assert len(receiver.got) == 1
    assert receiver.got[0].headers["host"] == f"localhost:{receiver.port}"


def test_a_name_that_leads_nowhere_now_is_noted_and_not_refused():
    async def nowhere(host, port):
        raise OSError("no such name")

    made = admitted("https://a.example/", kinds=(), allow_private=False, since=0, now=0, random=Seeded())
    (note,) = led_astray(made, resolve=nowhere)
    assert (note.code, note.severity) == ("W007", "warning")
