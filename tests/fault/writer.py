"""Appends from several threads until it is killed; prints each acknowledgement after it was given.

python writer.py FOLDER ROUND     prints `SEQ LEAF_HASH ID` per line, and `head SIZE ROOT` per signature
"""

from __future__ import annotations

import sys
from itertools import count
from threading import Lock, Thread

from airworthy.record.store import Draft
from airworthy.storage.sqlite import open_store
from contract.samples import decision, judged, sealed

THREADS = 6


def main(folder: str, round_: int) -> None:
    store = open_store(folder)
    saying = Lock()

    def say(line: str) -> None:
        with saying:
            print(line, flush=True)

    def work(thread: int) -> None:
        for i in count(round_ * 10_000_000 + thread * 1_000_000):
            drafts = [sealed(i), judged(i), Draft(record=decision(i))][: 1 + i % 3]
            for receipt, draft in zip(store.append(drafts), drafts, strict=True):
                say(f"{receipt.seq} {receipt.leaf_hash.hex()} {draft.record.id}")

    def sign() -> None:
        while True:
            head = store.checkpoint()
            say(f"head {head.size} {head.root.hex()}")

    threads = [Thread(target=work, args=(i,), daemon=True) for i in range(THREADS)] + [Thread(target=sign, daemon=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
