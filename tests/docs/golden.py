"""Reference pages made from the code. Run `python tests/docs/golden.py` to write them anew, and read them."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from pathlib import Path
from types import UnionType
from typing import Literal, Union, get_args, get_origin

import msgspec
import typer

from airworthy.claim.catalogue import CATALOGUE, PILLARS, QUESTION, Spec
from airworthy.claim.readiness import MEASURES
from airworthy.cli.main import app
from airworthy.record import codec
from airworthy.record.envelope import Record, kind

ROOT = Path(__file__).parents[2]
SIDES = {"at_most": "at most", "at_least": "at least", "above": "above", "within": "within ±"}


def claims() -> str:
    """docs/reference/claims.md"""
    head = """\
        # Claims

        What must be true before a use case may run at a stage. A claim is `proven` when the whole interval of what
        was measured lies on the allowed side of its limit, `refuted` when it lies beyond, and `undecided` otherwise:
        always with a reason and what it would take. Where nothing was measured it is undecided; missing evidence is
        never a pass.

        A charter sets limits under `claims:` and may name more stages that need a claim. It cannot take one away.
        Whoever set a limit is named beside it; `catalogue` where nobody did.

        Made from the catalogue: `python tests/docs/golden.py`.
        """
    parts = [textwrap.dedent(head)]
    for pillar in PILLARS:
        parts.append(f"\n## {pillar.capitalize()}\n\n{QUESTION[pillar]}\n")
        parts += [_claim(spec) for spec in CATALOGUE if spec.pillar == pillar]
    return "".join(parts)


def _claim(spec: Spec) -> str:
    said = " ".join(inspect.getdoc(MEASURES[spec.claim]).split())
    limit = "the charter's error budget" if spec.limit is None else _limit(spec)
    return (
        f"\n### {spec.claim}\n\n{spec.title}. {said}\n\n"
        f"- limit: {SIDES[spec.side]} {limit}\n- level: {100 * spec.level:g} %\n- needed at: {', '.join(spec.stages)}\n"
        f"- while it is not proven: {spec.action} ({spec.who})\n"
    )


def _limit(spec: Spec) -> str:
    return f"{100 * spec.limit:g} {'%' if spec.unit == 'share' else 'points'}"


def commands() -> str:
    """docs/reference/cli.md"""
    head = """\
        # Commands

        Every answer fits 80 columns, and every command takes `--json` where it has an answer. What we refuse is told
        with a code, its place and help, and ends with 2.

        Made from the commands' own help: `python tests/docs/golden.py`.
        """
    parts = [textwrap.dedent(head)]
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            parts += [_command(f"{name} {sub}", one) for sub, one in command.commands.items()]
        else:
            parts.append(_command(name, command))
    return "".join(parts)


def _command(name, command) -> str:
    words = [f"airworthy {name}", *(_usage(one) for one in command.params if one.param_type_name == "argument")]
    rows = [_option(one) for one in command.params if one.name != "help"]
    said = inspect.cleandoc(command.help or "")
    return f"\n## airworthy {name}\n\n    {' '.join(words)} [OPTIONS]\n\n{said}\n\n" + "".join(rows)


def _usage(one) -> str:
    word = one.metavar or one.name.upper()
    return word if one.required else f"[{word}]"


def _option(one) -> str:
    name = f"{one.opts[0]} {one.metavar or ''}".strip() if one.param_type_name == "option" else _usage(one)
    usual = one.default
    given = "" if usual in (None, False, "", (), ...) or callable(usual) else f" Usually `{usual}`."
    return f"- `{name}`: {one.help or ''}{given}\n"


def records() -> str:
    """docs/reference/records.md"""
    head = """\
        # Records

        What stands in the log: one JSON object an entry, in canonical form. `Ppm` is a share as an integer in parts per
        million, `Micros` a time as an integer in microseconds UTC. A leaf holds no personal data: people and work items
        appear as random `kref`s, content as commitments to what is sealed beside the log. Kinds and fields are only
        ever added.

        Made from the code: `python tests/docs/golden.py`.

        ## Every record

        """
    kinds = sorted(get_args(codec.AnyRecord), key=kind)
    parts = [textwrap.dedent(head), _fields(Record, set()), "\n## Kinds\n"]
    common = set(Record.__struct_fields__)
    parts += [f"\n### {kind(one)}\n\n{_summary(one)}\n\n{_fields(one, common)}" for one in kinds]
    parts.append("\n## Parts of records\n")
    parts += [f"\n### {one.__name__}\n\n{_summary(one)}\n\n{_fields(one, set())}" for one in _parts([Record, *kinds])]
    return "".join(parts)


def _summary(of: type) -> str:
    return inspect.cleandoc(of.__doc__ or "")


def _fields(of: type, without: set[str]) -> str:
    comments = {name: said for base in reversed(of.__mro__) for name, said in _comments(base).items()}
    rows = []
    for field in msgspec.structs.fields(of):
        if field.name in without:
            continue
        said = f": {comments[field.name]}" if field.name in comments else ""
        rows.append(f"- `{field.name}` ({_type(field.type)}){said}\n")
    return "".join(rows)


def _comments(of: type) -> dict[str, str]:
    """What stands behind each field in the source."""
    if not (isinstance(of, type) and issubclass(of, msgspec.Struct)) or of is msgspec.Struct:
        return {}
    return dict(re.findall(r"^    (\w+): [^#\n]*  # (.+)$", inspect.getsource(of), re.M))


def _type(of: object) -> str:
    """A type as one reads it, the same under every Python."""
    origin, inside = get_origin(of), get_args(of)
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in inside)
    if origin in (Union, UnionType):
        return " or ".join("nothing" if one is type(None) else _type(one) for one in inside)
    if origin is tuple:
        return f"list of {_type(inside[0])}"
    return {"str": "text", "int": "integer", "bool": "true or false"}.get(of.__name__, of.__name__)


def _parts(of: list[type]) -> list[type]:
    """Structs that stand inside records, by name."""
    found: dict[str, type] = {}
    todo = [field.type for one in of for field in msgspec.structs.fields(one)]
    while todo:
        one = todo.pop()
        todo += get_args(one)
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one.__name__ not in found:
            found[one.__name__] = one
            todo += [field.type for field in msgspec.structs.fields(one)]
    return [found[name] for name in sorted(found)]


PAGES = {"claims": claims, "cli": commands, "records": records}

if __name__ == "__main__":
    for name, make in PAGES.items():
        file, text = ROOT / f"docs/reference/{name}.md", make()
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {file.relative_to(ROOT)}\n")
