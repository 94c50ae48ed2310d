"""`airworthy try` on a million rows of Parquet and a hundred thousand of CSV: seconds and memory of the whole command.

Beside it a peer that only reads the file (pyarrow), and the physical limit: its bytes once, from a warm cache.
Run: python bench/first_look.py
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

MOST_SECONDS, MOST_BYTES = 60, 1_000_000_000
ASKED = ["--output", "predicted", "--truth", "actual", "--score", "confidence", "--time", "decided_at"]
READS = {
    ".parquet": "import sys, pyarrow.parquet as pq; pq.read_table(sys.argv[1])",
    ".csv": "import sys, pyarrow.csv as c; c.read_csv(sys.argv[1])",
}


def synthetic(rows: int) -> pa.Table:
    """Outputs of twenty classes that are as often right as their score says, over twenty weeks, in eight groupings."""
    rng = np.random.default_rng(30)
    score = rng.beta(4, 1.3, rows)
    truth = rng.integers(0, 20, rows)
    said = np.where(rng.random(rows) < score, truth, (truth + 1) % 20)
    words = np.array([f"class {i}" for i in range(20)])
    start = np.datetime64("2026-01-01T00:00:00", "us")
    at = start + np.sort(rng.integers(0, 20 * 7 * 86_400, rows)).astype("timedelta64[s]")
    groups = {f"group {i}": np.array([f"g{k}" for k in range(25)])[rng.integers(0, 25, rows)] for i in range(8)}
    return pa.table({"predicted": words[said], "actual": words[truth], "confidence": score, "decided_at": at, **groups})


def measured(*command: str) -> tuple[float, int]:
    """(seconds, peak bytes) of a command. Peaks are of the largest child so far, so run the small ones first."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def reading(file: Path) -> float:
    """Seconds to read the file's bytes."""
    started = time.perf_counter()
    file.read_bytes()
    return time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, missed = Path(name), False
        small, large = folder / "log.csv", folder / "log.parquet"
        pyarrow.csv.write_csv(synthetic(100_000), small)
        pq.write_table(synthetic(1_000_000), large)
        print(f"{'log':<16}{'rows':>10}{'bytes':>13}{'try, s':>9}{'peak, MB':>10}{'reads, s':>10}{'bytes, s':>10}")
        for file, rows in ((small, 100_000), (large, 1_000_000)):
            page = str(folder / "page.html")
            peer, _ = measured(sys.executable, "-c", READS[file.suffix], str(file))
            spent, peak = measured(sys.executable, "-m", "airworthy.cli.main", "try", str(file), *ASKED, "--page", page)
            size = file.stat().st_size
            figures = f"{size:>13,}{spent:>9.1f}{peak / 1e6:>10.0f}{peer:>10.2f}{reading(file):>10.3f}"
            print(f"{file.name:<16}{rows:>10,}{figures}")
            missed |= spent > MOST_SECONDS or peak > MOST_BYTES
    sys.exit(f"missed: {MOST_SECONDS} s and {MOST_BYTES / 1e6:.0f} MB" if missed else 0)


if __name__ == "__main__":
    main()
