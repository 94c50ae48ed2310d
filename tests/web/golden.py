"""The API document, made from the code. Run `python tests/web/golden.py` to write it anew, and read it."""

from __future__ import annotations

import sys
from pathlib import Path

from airworthy.web.openapi import document

FILE = Path(__file__).parents[2] / "docs/reference/openapi.json"

if __name__ == "__main__" and (not FILE.exists() or FILE.read_bytes() != document()):
    FILE.write_bytes(document())
    sys.stdout.write("wrote docs/reference/openapi.json\n")
