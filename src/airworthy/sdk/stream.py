"""Outputs in, decisions out as they come: bounded in flight, and nothing that was taken is ever dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from airworthy.sdk.decision import Decision
from airworthy.sdk.output import Output

T = TypeVar("T")

Decide = Callable[[Output[T]], Awaitable[Decision[T]]]
Outputs = AsyncIterable[Output[T]] | Iterable[Output[T]]


async def stream(outputs: Outputs[T], decide: Decide[T], in_flight: int) -> AsyncIterator[Decision[T]]:
    """Decisions in the order they are made.

    At most `in_flight` outputs are taken and not yet handed to the consumer, so a slow consumer slows the source. When
    the consumer stops, what was taken is still decided, and recorded, before this ends.
    """
    belt = _Belt(decide, in_flight)
    feeding = asyncio.create_task(belt.feed(outputs))
    try:
        while (made := await belt.made.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made
            belt.room.release()
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, *belt.deciding, return_exceptions=True)


class _Belt(Generic[T]):
    """Takes outputs while there is room, decides each in a task of its own."""

    def __init__(self, decide: Decide[T], in_flight: int) -> None:
        self._decide = decide
        self.room = asyncio.Semaphore(in_flight)
        self.made: asyncio.Queue[Decision[T] | Exception | None] = asyncio.Queue()  # None: there is no more
        self.deciding: set[asyncio.Task[None]] = set()

    async def feed(self, outputs: Outputs[T]) -> None:
        try:
            await self._take_all(outputs)
            await asyncio.gather(*self.deciding)
            self.made.put_nowait(None)
        except Exception as error:  # of the source: the consumer hears of it after what was decided
            self.made.put_nowait(error)

    async def _take_all(self, outputs: Outputs[T]) -> None:
        source = aiter(outputs if isinstance(outputs, AsyncIterable) else _each(outputs))
        while True:
            await self.room.acquire()
            try:
                output = await anext(source)
            except StopAsyncIteration:
                return
            # INVARIANT: no await between taking an output and having its task, so that stopping loses none.
            task = asyncio.create_task(self._decided(output))
            self.deciding.add(task)
            task.add_done_callback(self.deciding.discard)

    async def _decided(self, output: Output[T]) -> None:
        try:
            self.made.put_nowait(await self._decide(output))
        except Exception as error:  # a mistake in one output: it ends the stream, at the consumer
            self.made.put_nowait(error)


async def _each(outputs: Iterable[Output[T]]) -> AsyncIterator[Output[T]]:
    for output in outputs:
        yield output
