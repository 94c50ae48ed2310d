"""What the tests compare with. Run `python tests/charter/golden.py` to write it anew, and read it before committing."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

from airworthy.charter.load import examine
from airworthy.charter.reference import reference
from airworthy.charter.schema import schema_text
from airworthy.claim.catalogue import BY_ID
from airworthy.cli import check
from airworthy.cli.console import Console

ROOT = Path(__file__).parents[2]
VALID = sorted((ROOT / "tests/charter/valid").glob("*.yaml"))
BROKEN = sorted((ROOT / "tests/broken/charters").glob("*.yaml"))
REFERENCE = ROOT / "docs/reference/charter.md"
KEYS = "<!-- from here on made from the model -->\n"


def printed(file: Path) -> str:
    """What `airworthy check` prints for one charter, its place spelt as the bare file name."""
    charter, found = examine(file.read_bytes(), file.name, BY_ID)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(out):
        check.show(Console(), check.Report(file.name, charter, found))
    out.seek(0)
    return out.read()


def expected() -> dict[Path, str]:
    """Every file that is made, with its text."""
    written, _, _ = REFERENCE.read_text(encoding="utf-8").partition(KEYS)
    return {
        ROOT / "docs/reference/charter.schema.json": schema_text(),
        REFERENCE: written + KEYS + "\n" + reference(),
        **{file.with_suffix(".txt"): printed(file) for file in BROKEN},
    }


if __name__ == "__main__":
    for file, text in expected().items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {file.relative_to(ROOT)}\n")
