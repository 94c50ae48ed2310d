"""The `airworthy` command."""

from __future__ import annotations

import sys

import typer

from airworthy import __version__
from airworthy.base.errors import AirworthyError
from airworthy.cli import output
from airworthy.cli.backtest import backtest
from airworthy.cli.check import check
from airworthy.cli.console import Console
from airworthy.cli.diff import diff
from airworthy.cli.doctor import doctor
from airworthy.cli.init import init
from airworthy.cli.log import app as log_commands
from airworthy.cli.plan import plan_
from airworthy.cli.prove import prove_
from airworthy.cli.trial import try_

USAGE_ERROR = 2

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
app.add_typer(log_commands, name="log", short_help="the log: verify, show, export")
app.command("doctor", short_help="what is wrong with this installation")(doctor)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        typer.echo(f"airworthy {__version__}")
        raise typer.Exit


def main() -> None:
    """Runs one command. What we refuse is printed with code, place and help, and ends with exit 2."""
    try:
        app()
    except AirworthyError as error:
        output.show(Console(error=True), error.diagnostics)
        sys.exit(USAGE_ERROR)


if __name__ == "__main__":
    main()
