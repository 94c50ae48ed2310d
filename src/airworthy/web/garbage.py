"""Looking for garbage in cycles, rarely: a request lets go of nearly all it made without, and others wait meanwhile.

Measured at 32 clients (`bench/over_http.py`): a quarter of the CPU of a decision, two thirds of its 99th percentile.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (20_000, 20, 100)  # new objects to a look at the young, looks to the next older; Python's own: 700, 10, 10


@contextmanager
def rarely_collected() -> Iterator[None]:
    """What was made before is not looked through any more, what is made meanwhile less often."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
