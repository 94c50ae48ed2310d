"""A receiver of webhooks: a real HTTP server in a thread, and the world one test needs around it."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import msgspec
from standardwebhooks import Webhook

from airworthy.base.clock import FixedClock, SystemClock
from airworthy.integration.webhook.deliver import Deliverer
from airworthy.integration.webhook.endpoint import Endpoint, Endpoints, new_secret
from airworthy.integration.webhook.outbox import Outbox
from airworthy.storage.sqlite import open_store
from contract.samples import mixed


class Got(msgspec.Struct, frozen=True):
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def data(self):
        return msgspec.json.decode(self.body)["data"]

    def verified(self, secret):
        return Webhook(secret).verify(self.body, self.headers)


class Receiver:
    """Answers `status` to everything, `statuses` first where there are any; while `hangs`, answers nothing."""

    def __init__(self, tls=None):
        self.got: list[Got] = []
        self.status, self.statuses, self.location = 204, [], ""
        self.hangs, self.released = False, Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self):
        return self._server.server_port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook?team=a"

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(receiver):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(Got({name.lower(): value for name, value in self.headers.items()}, body))
                if receiver.hangs:
                    receiver.released.wait()
                    return
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else receiver.status)
                if receiver.location:
                    self.send_header("location", receiver.location)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        return Handler


class World:
    """A log in a folder, an outbox, a clock that stands still at the time of the test, and the way to send."""

    def __init__(self, folder):
        self.folder = folder
        self.clock = FixedClock(SystemClock().now())
        self.random = Seeded()
        self.log = open_store(folder)
        self.outbox = Outbox(folder)
        self.endpoints = Endpoints(folder)

    def add(self, url, *, kinds=(), allow_private=False, id=""):
        endpoint = Endpoint(
            id=id or self.random.bytes(4).hex(),
            url=url,
            kinds=kinds,
            allow_private=allow_private,
            secrets=(new_secret(self.random),),
            made=self.clock.now(),
            since=self.log.size(),
        )
        self.endpoints.add(endpoint)
        return endpoint

    def record(self, n):
        self.log.append(mixed(n, self.log.size()))

    def deliverer(self, **more):
        return Deliverer(self.log, self.outbox, self.endpoints, clock=self.clock, random=self.random, **more)

    def run(self, **more):
        return self.deliverer(**more).run_due(self.clock.now())

    def reopened(self):
        """As after a crash: what is durable is all there is."""
        self.outbox.close()
        self.outbox = Outbox(self.folder)

    def close(self):
        self.outbox.close()
        self.log.close()


class Seeded:
    """The same bytes in every run."""

    def __init__(self, seed=7):
        self._next = seed

    def bytes(self, n):
        self._next = (self._next * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**512
        return self._next.to_bytes(64, "little")[8 : 8 + n]
