"""What the tests compare with. Run `python tests/data/golden.py` to write it anew, and read it before committing."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

import msgspec

from airworthy.base.errors import BadInput
from airworthy.cli import output
from airworthy.cli.console import Console
from airworthy.data.question import Answered, Question, answer
from airworthy.data.table import read

FOLDER = Path(__file__).parents[1] / "broken/logs"
LOGS = sorted(file for file in FOLDER.iterdir() if file.suffix != ".txt")
WORKS = [file for file in LOGS if file.name.startswith("works-")]
BROKEN = [file for file in LOGS if file not in WORKS]

ASKED = Question(output="said", truth="truth", score="score", time="at")
OTHERS = {
    "tolerance-on-words.csv": msgspec.structs.replace(ASKED, tolerance=0.5),
    "loss-above-one.csv": Question(output="said", loss="score"),
    "items-score-in-words.csv": msgspec.structs.replace(ASKED, item="team"),
    "segment-of-many.csv": msgspec.structs.replace(ASKED, segments=("team",)),
}


def question(file: Path) -> Question:
    """What is asked of `file`."""
    return OTHERS.get(file.name, ASKED)


def asked(file: Path) -> Answered:
    """The answer of `file` to its question."""
    return answer(read(file), question(file))


def golden(file: Path) -> Path:
    """Where the message about `file` is kept."""
    return file.with_name(file.name + ".txt")


def printed(file: Path) -> str:
    """What the terminal says about a broken log, its place spelt as the bare file name."""
    try:
        asked(file)
    except BadInput as error:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with redirect_stdout(out):
            output.show(Console(), error.diagnostics)
        out.seek(0)
        return out.read().replace(str(file), file.name)
    return "nothing to say\n"


if __name__ == "__main__":
    for file in BROKEN:
        golden(file).write_text(printed(file), encoding="utf-8")
        sys.stdout.write(f"== {file.name}\n{printed(file)}")
