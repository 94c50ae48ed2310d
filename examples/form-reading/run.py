"""`make run`: form-reading through pilot and shadow, the verdict, the report, and what to try next."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import stream

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT / ".airworthy" / "form-reading"
SHOWN = ROOT / "form-reading-report"  # the page and the outputs: not beside a log
AIRWORTHY = str(Path(sys.executable).parent / "airworthy")


def main() -> int:
    """Runs the example end to end; its exit code is 0 however the verdict comes out."""
    print("[1/3] form-reading: half a year of forms, simulated around real digit images", flush=True)
    stream.main(HERE / "forms.csv")
    charter, report = _shown(HERE / "charter.yaml"), _shown(SHOWN / "proof.html")
    SHOWN.mkdir(exist_ok=True)
    print("[2/3] through pilot and shadow, recorded in a log nobody can alter unseen\n", flush=True)
    done = _airworthy("backtest", charter, "--data", _shown(DATA), "--outputs", _shown(SHOWN / "forms.csv"))
    if done:
        return done
    print("\n[3/3] the verdict\n", flush=True)
    verdict = _airworthy("prove", charter, "--data", _shown(DATA), "--html", report)
    if verdict not in (0, 1, 3):
        return verdict
    print("\nopen the proof in a browser, or print it")
    print("\nnext, with your own log of AI outputs and what turned out to be true:")
    print("           .venv/bin/airworthy try LOG --output COLUMN --truth COLUMN --score COLUMN")
    print("or with the one just made:")
    print(f"           .venv/bin/airworthy try {_shown(SHOWN / 'forms.csv')} --output output --truth truth \\")
    print("             --score score --time decided_at --person person --segment channel \\")
    print("             --simulated 'the stream, the quality of the scans, dates and people'")
    return 0


def _airworthy(*arguments: str) -> int:
    return subprocess.run([AIRWORTHY, *arguments], cwd=ROOT, check=False).returncode


def _shown(path: Path) -> str:
    """The path as one would type it in the project's folder."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(ROOT))
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
