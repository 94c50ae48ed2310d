"""Answers to whoever waits for an append."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from airworthy.base.errors import StoreError
from airworthy.record.store import Receipt
from airworthy.storage.answer import Answer, Wait

RECEIPTS = (Receipt("log", 7, bytes(32)),)


def test_a_wait_ends_with_the_receipts() -> None:
    wait = Wait()
    with ThreadPoolExecutor(1) as caller:
        result = caller.submit(wait.result)
        assert not wait.done()
        wait.set_result(RECEIPTS)
        assert result.result(30) == RECEIPTS


def test_a_wait_raises_what_the_append_failed_with() -> None:
    wait = Wait()
    wait.set_exception(StoreError("the disk failed"))
    with pytest.raises(StoreError, match="the disk failed"):
        wait.result()


def test_a_wait_that_was_answered_stays_so_after_its_caller_took_the_answer() -> None:
    """Whoever shuts the store asks: an acknowledged entry must not be taken back."""
    wait = Wait()
    wait.set_result(RECEIPTS)
    assert wait.done()
    wait.result()
    assert wait.done()


def test_an_answer_cannot_be_called_back() -> None:
    answer: Answer[int] = Answer()
    assert not answer.cancel()
    answer.set_result(1)
    assert answer.result(0) == 1
