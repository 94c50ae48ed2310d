"""A stream of outputs: bounded, and nothing taken is dropped."""

from __future__ import annotations

import asyncio

import pytest

import airworthy
from airworthy.base.errors import BadInput
from sdk.claims import PAY, POINT


class Source:
    """Numbered outputs; remembers how many were taken."""

    def __init__(self, n, bad=-1):
        self.n, self.bad, self.taken = n, bad, 0

    async def __aiter__(self):
        while self.taken < self.n:
            self.taken += 1
            beside = {"attempt": 0} if self.taken == self.bad else {}
            yield airworthy.Output(f"claim/{self.taken}", PAY, **beside)


def test_every_output_gives_a_decision(gateway):
    async def subjects():
        return [decision.subject async for decision in gateway.astream(POINT, Source(100), in_flight=7)]

    assert sorted(asyncio.run(subjects())) == sorted(f"claim/{n}" for n in range(1, 101))


@pytest.mark.parametrize("kind", [list, iter], ids=["list", "iterator"])
def test_a_plain_iterable_is_taken_as_well(gateway, kind):
    outputs = kind([airworthy.Output(f"claim/{n}", PAY) for n in range(10)])

    async def subjects():
        return [decision.subject async for decision in gateway.astream(POINT, outputs, in_flight=3)]

    assert sorted(asyncio.run(subjects())) == [f"claim/{n}" for n in range(10)]


def test_a_slow_consumer_slows_the_source(gateway):
    source = Source(100)

    async def furthest_ahead():
        ahead, seen = 0, 0
        async for _ in gateway.astream(POINT, source, in_flight=4):
            for _ in range(20):
                await asyncio.sleep(0)
            ahead, seen = max(ahead, source.taken - seen), seen + 1
        return ahead

    assert asyncio.run(furthest_ahead()) <= 5  # four in flight, and the one just handed out


def test_when_the_consumer_stops_what_was_taken_is_still_decided(gateway):
    source = Source(1_000)

    async def some():
        stream = gateway.astream(POINT, source, in_flight=8)
        async for _ in stream:
            break
        await stream.aclose()

    asyncio.run(some())
    assert 1 <= source.taken <= 9
    assert len(gateway.decisions) == source.taken


def test_when_the_consumer_is_cancelled_what_was_taken_is_still_decided(gateway):
    source = Source(1_000)

    async def consume():
        async for _ in gateway.astream(POINT, source, in_flight=8):
            await asyncio.sleep(60)

    async def cancelled():
        task = asyncio.create_task(consume())
        while not gateway.decisions:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert len(gateway.decisions) == source.taken


def test_a_mistake_in_one_output_ends_the_stream_and_the_others_are_decided(gateway):
    source = Source(50, bad=10)

    async def all_of_it():
        async for _ in gateway.astream(POINT, source, in_flight=4):
            pass

    with pytest.raises(BadInput):
        asyncio.run(all_of_it())
    assert len(gateway.decisions) == source.taken - 1


def test_an_error_of_the_source_reaches_the_consumer(gateway):
    async def broken():
        yield airworthy.Output("claim/1", PAY)
        raise ValueError("the queue is gone")

    async def all_of_it():
        return [decision async for decision in gateway.astream(POINT, broken())]

    with pytest.raises(ValueError, match="the queue is gone"):
        asyncio.run(all_of_it())
    assert len(gateway.decisions) == 1


def test_an_empty_source_ends_at_once(gateway):
    async def all_of_it():
        return [decision async for decision in gateway.astream(POINT, Source(0))]

    assert asyncio.run(all_of_it()) == []
