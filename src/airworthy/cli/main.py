"""The `airworthy` command."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import typer

from airworthy import __version__
from airworthy.base.diagnostic import Diagnostic, Place
from airworthy.base.errors import AirworthyError
from airworthy.cli import output
from airworthy.cli.backtest import backtest
from airworthy.cli.check import check
from airworthy.cli.console import Console, to_json
from airworthy.cli.diff import diff
from airworthy.cli.doctor import doctor
from airworthy.cli.govern import grant, release, revoke, stop
from airworthy.cli.init import init
from airworthy.cli.key import app as key_commands
from airworthy.cli.log import app as log_commands
from airworthy.cli.plan import plan_
from airworthy.cli.prove import prove_
from airworthy.cli.serve import serve
from airworthy.cli.trial import try_
from airworthy.cli.webhook import app as webhook_commands

USAGE_ERROR = 2
DEFECT, CANNOT_WRITE = 70, 74  # EX_SOFTWARE and EX_IOERR: never 1, which means refuted or damaged
INTERRUPTED, NOBODY_READS = 130, 141  # as a shell reports SIGINT and SIGPIPE
_RENAME = "rename the file or folder, or call it from inside its folder by another name"
_Misuse: type[Exception] = typer.BadParameter.__mro__[2]  # every wrong call, wherever this typer keeps its exceptions

app = typer.Typer(
    name="airworthy",
    help="Takes an AI use case from pilot to production, on proof. Start with: airworthy try LOG",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("try", short_help="a first look at a log of AI outputs and truths")(try_)
app.command("init", short_help="nine questions, one charter")(init)
app.command("check", short_help="every mistake in a charter at once")(check)
app.command("diff", short_help="what a change of charter costs")(diff)
app.command("plan", short_help="labels, weeks and hours before anything runs")(plan_)
app.command("backtest", short_help="a past log through pilot and shadow")(backtest)
app.command("prove", short_help="the verdict, the blocker, who does what")(prove_)
app.command("grant", short_help="let a use case run at a stage until a date")(grant)
app.command("revoke", short_help="take its grant away")(revoke)
app.command("stop", short_help="the stop switch")(stop)
app.command("release", short_help="let it go on; it takes two")(release)
app.add_typer(log_commands, name="log", short_help="the log: verify, show, export")
app.command("serve", short_help="the gateway over HTTP")(serve)
app.add_typer(key_commands, name="key", short_help="API keys: make, list, revoke")
app.add_typer(webhook_commands, name="webhook", short_help="signed webhooks: add, list, send, redrive")
app.command("doctor", short_help="what is wrong with this installation")(doctor)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        typer.echo(f"airworthy {__version__}")
        raise typer.Exit


def main() -> None:
    """Runs one command and ends with its exit code. Whatever stops it is printed with a code, never as a traceback.

    Exit 2 what we refuse, 70 a defect of ours, 74 the system cannot write, 130 interrupted, 141 nobody reads on.
    """
    _make_printable()
    code = _outcome()
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _forget_the_rest()
    sys.exit(code)


def _outcome() -> int:
    try:
        ended = app(standalone_mode=False)
        sys.stdout.flush()
        return ended if isinstance(ended, int) else 0
    except AirworthyError as error:
        return _show(error.diagnostics, USAGE_ERROR)
    except _Misuse as error:
        return _show_misuse(error)
    except UnicodeEncodeError:
        return _show([Diagnostic("U006", "a name that was typed is not UTF-8 text", help=_RENAME)], USAGE_ERROR)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit as end:
        return _left(end)
    except OSError as error:
        return NOBODY_READS if error.errno == errno.EPIPE else _show([_system(error)], CANNOT_WRITE)
    except Exception as error:  # the edge of the process: a defect must never look like a verdict
        return _show([_defect(error)], DEFECT)


def _make_printable() -> None:
    """No name can stop an answer, and a standard output that is closed takes it in silence."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # lives as long as the process
    with suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _show(found: Sequence[Diagnostic], code: int) -> int:
    """Prints what was found, as JSON where JSON was asked for; returns `code`."""
    with suppress(OSError):
        if "--json" in sys.argv:
            typer.echo(to_json({"error": output.as_json(found)}))
        else:
            output.show(Console(error=True), found)
    return code


def _show_misuse(error: Exception) -> int:
    if "--json" not in sys.argv:
        error.show()  # type: ignore[attr-defined]
        return USAGE_ERROR
    said = str(error.format_message()).strip().rstrip(".")  # type: ignore[attr-defined]
    return _show([Diagnostic("U005", said[:1].lower() + said[1:], help="run it with --help")], USAGE_ERROR)


def _left(end: SystemExit) -> int:
    """The exit code of whoever called `sys.exit`; our libraries do so when nobody reads what they print."""
    if isinstance(end.__context__, BrokenPipeError):
        return NOBODY_READS
    return end.code if isinstance(end.code, int) else DEFECT if end.code else 0


def _forget_the_rest() -> None:
    """What is still to be flushed goes nowhere, or Python would complain once more on its way out."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _system(error: OSError) -> Diagnostic:
    sentence = f"the system refused: {(error.strerror or str(error)).lower()}"
    place = Place(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else None
    return Diagnostic("U007", sentence, place, "make room, or check who may read and write there")


def _defect(error: Exception) -> Diagnostic:
    *_, last = traceback.extract_tb(error.__traceback__)
    first, *_ = str(error).splitlines() or [""]
    sentence = f"a defect of ours stopped this: {type(error).__name__}: {first}".removesuffix(": ")
    return Diagnostic("X001", sentence, Place(Path(last.filename).name, last.lineno or 0), "tell us, with this message")


if __name__ == "__main__":
    main()
