"""Command line: parse, call, render. One file per command; heavy imports happen inside the commands.

Exit codes: 0 done, 1 a bug or another failure, 2 wrong usage or something named is missing, 3 ``--strict`` and some
rows were not accepted, 4 a file cannot be read, 5 a file of another version, 6 not enough memory, 7 no cluster, 8 a
signature, proof or ledger does not hold, 9 another party does not answer or declines, 130 interrupted.
"""

import sys
from typing import Annotated

import typer

import stillwatch.cli.forum_trust  # noqa: F401 - adds its commands to `forum`
from stillwatch import __version__
from stillwatch.cli.appeal import appeal
from stillwatch.cli.audit import audit
from stillwatch.cli.bench import bench
from stillwatch.cli.calibrate import calibrate
from stillwatch.cli.case import case
from stillwatch.cli.collect import collect
from stillwatch.cli.console import console
from stillwatch.cli.database import database
from stillwatch.cli.demo import demo
from stillwatch.cli.drill import drill
from stillwatch.cli.evaluator import evaluator
from stillwatch.cli.explain import explain
from stillwatch.cli.forum import forum
from stillwatch.cli.ledger import ledger
from stillwatch.cli.member import member
from stillwatch.cli.member_keys import keys
from stillwatch.cli.member_said import dispute, opinions, passed_over
from stillwatch.cli.policy import policy
from stillwatch.cli.reference import reference
from stillwatch.cli.rehearse import rehearse
from stillwatch.cli.rule import rule
from stillwatch.cli.scan import scan
from stillwatch.cli.score import score
from stillwatch.cli.score_windows import score_windows
from stillwatch.cli.serve import serve
from stillwatch.cli.share import share
from stillwatch.cli.simulate import simulate
from stillwatch.cli.token import token
from stillwatch.cli.trace import trace
from stillwatch.cli.transparency import transparency
from stillwatch.cli.user import user
from stillwatch.cli.watch import watch
from stillwatch.errors import StillwatchError

__all__ = ["app", "main"]

_OF_SHARE = frozenset(
    (
        "argon2",
        "cryptography",
        "httptools",
        "httpx",
        "joserfc",
        "opendp",
        "rbcl",
        "rfc8785",
        "sqlalchemy",
        "starlette",
        "uvicorn",
        "yaml",
    )
)
"""Modules of the extra `share`; whoever only scans need not have them."""
_OF_SERVE = frozenset(("alembic", "authlib", "cel", "prometheus_client", "python_multipart", "redis"))
"""Modules of the extra `serve` that the extra `share` has not."""
_OF_TRACE = frozenset(("tokenizers",))
"""Modules of the extra `trace` that the extra `share` has not."""

app = typer.Typer(
    name="stillwatch",
    help="Tell campaigns of model distillation in API traffic from heavy legitimate use.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (
    scan,
    watch,
    serve,
    console,
    collect,
    calibrate,
    explain,
    demo,
    simulate,
    score,
    score_windows,
    bench,
    evaluator,
    transparency,
    rehearse,
):
    app.command()(command)
for of_member in (dispute, keys, opinions, passed_over):
    member.command()(of_member)
groups = {
    "reference": reference,
    "share": share,
    "forum": forum,
    "member": member,
    "ledger": ledger,
    "audit": audit,
    "database": database,
    "policy": policy,
    "case": case,
    "appeal": appeal,
    "token": token,
    "user": user,
    "trace": trace,
    "rule": rule,
    "drill": drill,
}
for name, group in groups.items():
    app.add_typer(group, name=name)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stillwatch {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Tell campaigns of model distillation in API traffic from heavy legitimate use."""


def main() -> None:
    """Run the command line; a failure is one line on standard error and an exit code."""
    try:
        app()
    except StillwatchError as wrong:
        sys.stderr.write(f"error: {_one_line(wrong)}\n")
        raise SystemExit(wrong.exit_code) from wrong
    except ModuleNotFoundError as missing:
        module = (missing.name or "").partition(".")[0]
        if module not in _OF_SHARE | _OF_SERVE | _OF_TRACE:
            raise
        extra = "serve" if module in _OF_SERVE else "trace" if module in _OF_TRACE else "share"
        sys.stderr.write(
            f"error: this command needs the extra {extra}: pip install 'stillwatch[{extra}]' ({missing.name})\n"
        )
        raise SystemExit(2) from missing


def _one_line(wrong: StillwatchError) -> str:
    """Message without line breaks or characters that a terminal would obey."""
    from stillwatch.report.visible import visible

    return visible(" ".join(str(wrong).split()))
