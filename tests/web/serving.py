"""A server over the small gateway, in a process of its own: `python serving.py FOLDER [delay_s]`.

Prints its address and key, and at its end `closed N`, how often the gateway was closed.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from airworthy.base.clock import SystemClock
from airworthy.base.ids import SystemRandom
from airworthy.web.address import listen, url_of
from airworthy.web.host import host
from airworthy.web.hosting import Hosting, Limits
from web.fakes import FakeGateway

if __name__ == "__main__":
    folder, delay_s = Path(sys.argv[1]), float(sys.argv[2])
    gateway = FakeGateway()
    gateway.delay_s = delay_s
    bound = listen("127.0.0.1", 0)
    how = Hosting(folder=folder, url=url_of(bound, "127.0.0.1", is_tls=False), environment="test", limits=Limits())
    ready = lambda: print(how.url, flush=True)  # noqa: E731
    host(gateway, bound, how, sink=sys.stderr, clock=SystemClock(), random=SystemRandom(), ready=ready)
    print(f"decided {len(gateway.by_id)} closed {gateway.closed}", flush=True)
