"""A whole decision in this process, durable before it is told, beside a bare group-commit writer of the same bytes.

    python bench/gateway.py [--decisions 6000] [--rounds 3] [--profile]

The peer is that of `bench/appends.py`: one thread that writes whatever queued, a blob a decision, a future for every
caller; it is handed the very bytes our log keeps of one decision. Ours also checks what was asked, evaluates rules,
gate and draws, records, signs a permit, seals what was asked under a key of its own, hashes, tiles and indexes. Rates
are of wall time, and the disk's; CPU is of this process, every thread of it. Then where the CPU of one decision goes,
step by step, each alone and many times (best of several). `--profile` lists what the writing and the deciding thread
spend most on.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from appends import Measured, Peer, append_leaf, flush_ms, fresh, run
from claims import APP, ask, certified, charter_in, opened, written

from airworthy.base.clock import SystemClock
from airworthy.decision.route import decide
from airworthy.exchange.ask import Ask
from airworthy.record.store import Content, Draft
from airworthy.service.gateway import Gateway
from airworthy.service.live.checked import check
from airworthy.service.live.deciding import permitted
from airworthy.service.live.tell import tell
from airworthy.storage.sqlite import open_reader

BARE, RECORDED, ACTED = "bare group commit", "recorded, told `fallback`", "acted on, under a permit"
MOST_CPU, LEAST_RATE = 1.6, 0.6  # of the bare writer, at 64 callers
CALLERS = (1, 64)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--decisions", type=int, default=6_000, help="at 64 callers; a lone one makes a tenth")
    parser.add_argument("--rounds", type=int, default=3, help="taken in turn; medians are shown")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        charter = charter_in(folder)
        print(f"fdatasync of 4 KiB here: {flush_ms(folder):.2f} ms")
        for callers in CALLERS:
            n = options.decisions if callers > 1 else options.decisions // 10
            found = [measured(folder, charter, callers, n) for _ in range(options.rounds)]
            show(found, callers, n)
        data = worked_on(folder, charter)
        with closing(opened(data, charter)) as gateway:
            breakdown(gateway)
            if options.profile:
                profiled(gateway)


def measured(folder: Path, charter: Path, callers: int, n: int) -> dict[str, Measured]:
    """One round of the peers and of ours, in turn, so that a change of the machine's mood meets all of them."""
    found: dict[str, Measured] = {}
    for name, data in ((RECORDED, fresh(str(folder))), (ACTED, worked_on(folder, charter))):
        blob = bytes_of_one(data, charter)
        with closing(Peer(fresh(str(folder)))) as peer:
            found[f"{BARE}, {len(blob):,} bytes"] = run(partial(append_leaf, peer, [blob] * n), callers, n)
        with closing(opened(data, charter)) as gateway:
            found[name] = run(partial(submit, gateway, asks("claim", n)), callers, n)
    return found


def worked_on(folder: Path, charter: Path) -> Path:
    """A log whose gate is open."""
    data = fresh(str(folder)) / "data"
    certified(data, charter)
    return data


def bytes_of_one(data: Path, charter: Path) -> bytes:
    """What the log keeps of one decision, and of the permit where it gives one."""
    with closing(opened(data, charter)) as gateway:
        (told,) = gateway.submit(asks("first", 1), APP).result()
    with closing(open_reader(data)) as reader:
        return b"".join(written(reader, told.id))


def asks(name: str, n: int) -> list[Ask]:
    now = SystemClock().now()
    made = [ask(f"{name}/{i:06}", now) for i in range(n)]
    gc.freeze()  # what waits to be asked is no garbage of whoever answers
    return made


def submit(gateway: Gateway, made: list[Ask], i: int) -> object:
    return gateway.submit([made[i]], APP).result()


def show(rounds: list[dict[str, Measured]], callers: int, n: int) -> None:
    """Medians; ours beside the peer of the same bytes and the same round."""
    print(f"{callers} callers, {n:,} decisions")
    bare = ""
    for name in rounds[0]:
        bare = name if name.startswith(BARE) else bare
        rate, cpu, p99 = (statistics.median(one[name][i] for one in rounds) for i in range(3))
        of_rate, of_cpu = (statistics.median(one[name][i] / one[bare][i] for one in rounds) for i in range(2))
        beside = f"{rate:8,.0f}/s {of_rate:5.2f} of it   {cpu:7.1f} us CPU {of_cpu:5.2f} times"
        print(f"  {name:32} {beside}   p99 {p99:6.2f} ms")
        if callers > 1 and name != bare:
            kept = "kept  " if of_cpu <= MOST_CPU and of_rate >= LEAST_RATE else "BROKEN"
            print(f"  {kept} at most {MOST_CPU:g} times its CPU, at least {LEAST_RATE:.0%} of its rate")


def breakdown(gateway: Gateway) -> None:
    """CPU microseconds of each step of one acted decision."""
    print("one decision that is acted on, step by step; microseconds CPU")
    found = [(what, best(work)) for what, work in steps(gateway)]
    for what, us in found:
        print(f"  {what:52} {us:7.1f} us  {us / sum(one for _, one in found):5.0%}")


def steps(gateway: Gateway) -> Iterator[tuple[str, Callable[[], object]]]:
    """The steps of `Deciding.submit` and of the thread that writes, each with what it needs at hand."""
    core, deciding = gateway._core, gateway._deciding
    one, now = ask("step/1", SystemClock().now()), core.now()
    checked = check(one, core.points)
    case, point = core.cases["claims"], checked.point
    policy, request = point.policy(case.standing(now)), deciding._request(checked, now)
    found = decide(request, policy)
    made = deciding._made(checked, found, policy, request, case, now, None)
    prepare = core.store._committer._prepare  # type: ignore[attr-defined]
    sealed = Draft(record=made, subject=one.subject, contents=(Content("ask", "work", checked.body),))
    permit = lambda: permitted(core, case, point, made.id, one.subject, one.output, "policy", now)  # noqa: E731
    yield "check: names, schema, canonical form", lambda: check(one, core.points)
    yield "asked before? the log is looked up", lambda: deciding._again(checked)
    yield "decide: rules, confidence, gate, draws, reasons", lambda: decide(deciding._request(checked, now), policy)
    yield "record of it", lambda: deciding._made(checked, found, policy, request, case, now, None)
    yield "permit: terms, Ed25519, its record", permit
    yield "tell: words, confidence, guarantee", lambda: tell(made, one, point, url="")
    yield "seal, of the decision", lambda: prepare(sealed)
    yield "seal, of the permit", partial(prepare, permit()[1])


def best(work: Callable[[], object], *, times: int = 500, repeats: int = 7) -> float:
    """Microseconds CPU of one call, best of `repeats`."""
    found = []
    for _ in range(repeats):
        started = time.thread_time()
        for _ in range(times):
            work()
        found.append((time.thread_time() - started) / times * 1e6)
    return min(found)


def profiled(gateway: Gateway, n: int = 3_000) -> None:
    """What the thread that decides spends most on; the profiler itself makes calls look dearer than they are."""
    made = asks("profiled", n)
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    futures = [gateway.submit([one], APP) for one in made[: n // 2]]
    profile.disable()
    for future in futures:
        future.result()
    pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
