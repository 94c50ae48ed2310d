"""SQL by name: each `.sql` file is a list of statements under `-- name:` lines."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements(engine: str, file: str) -> dict[str, str]:
    """The statements of `sql/<engine>/<file>.sql`."""
    text = (files("airworthy.storage") / "sql" / engine / f"{file}.sql").read_text("utf-8")
    parts = _NAME.split(text)[1:]
    return dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
