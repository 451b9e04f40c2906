"""``stillwatch audit``: what is on record of all that the service decided, verified, shown and exported."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.service_home import SettingsAt, home

if TYPE_CHECKING:
    from stillwatch.act.audit.trail import Recorded

__all__ = ["audit"]

audit = typer.Typer(help="Verify, show and export what is on record of decisions.", no_args_is_help=True)

KeptAt = Annotated[Path | None, typer.Option("--head", help="Heads from before: the ledger must continue them.")]
KeyAt = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help="Public key of the service, as you have it from elsewhere (JWK or a set).",
        show_default="the service's own",
    ),
]


@audit.command("verify")
def verify(head: KeptAt = None, key: KeyAt = None, settings: SettingsAt = None, as_json: AsJson = False) -> None:
    """Recompute the whole ledger, hold every document and decision against it; a failure names the first bad one."""
    from stillwatch.act.audit.database import looking
    from stillwatch.act.audit.verify import verify as verified
    from stillwatch.ledger.export import heads_in
    from stillwatch.signing.keys import keys_of, read_keys

    with home(settings) as opened, looking(opened.engine) as connection:
        keys = read_keys(key) if key else keys_of([opened.key.verify_key])
        found = verified(connection, heads_in(head) if head else (), keys)
    ledger = found.ledger
    told = {
        "entries": ledger.size,
        "root": ledger.root.hex(),
        "heads": ledger.n_heads,
        "signatures_verified": ledger.is_signed,
        "key_was_given": key is not None,
        "kinds": dict(sorted(ledger.kinds.items())),
        "documents": found.n_documents,
        "decisions": found.n_decisions,
        "decisions_unproved": found.n_unproved,
    }
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"good: {ledger.size:,} entries under {ledger.n_heads:,} heads, root {ledger.root.hex()}")
    typer.echo(
        f"  {found.n_documents:,} documents fit their entries, {ledger.size - found.n_documents:,} are forgotten"
    )
    typer.echo(f"  {found.n_decisions:,} decisions stand as recorded, {found.n_unproved:,} have no document any more")
    if key is None:
        typer.echo("signatures are of the key that lies with the service: give one from elsewhere with --key")


@audit.command("show")
def show(
    decision: Annotated[str | None, typer.Option(help="Only what is on record of this decision, by its id.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind: decision, policy, ...")] = None,
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many entries, the last ones.")] = 20,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Show the last entries and what they commit to; with --json one object a line."""
    from stillwatch.act.audit.database import looking
    from stillwatch.act.audit.trail import recorded
    from stillwatch.report.visible import visible

    with home(settings) as opened, looking(opened.engine) as connection:
        for one in recorded(connection, kind=kind, about=decision, last=last):
            typer.echo(json.dumps(_told(one), sort_keys=True) if as_json else visible(_line(one)))


@audit.command("export")
def export(
    out: Annotated[Path, typer.Option("--out", help="File to write, JSON lines: no account stands in it.")],
    documents: Annotated[
        Path | None,
        typer.Option(help="New file for what the entries commit to, accounts among it; only you may read it."),
    ] = None,
    settings: SettingsAt = None,
    as_json: AsJson = False,
) -> None:
    """Write the ledger to a file that anybody can verify with `stillwatch ledger verify`."""
    from stillwatch.act.audit.database import looking
    from stillwatch.act.audit.trail import write_documents
    from stillwatch.ledger.export import export as written

    with home(settings) as opened, looking(opened.engine) as connection:
        told: dict[str, Any] = {"out": str(out), "entries": written(connection, out)}
        if documents is not None:
            told |= {"documents_out": str(documents), "documents": write_documents(connection, documents)}
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{told['entries']:,} entries written to {out}")
    if documents is not None:
        typer.echo(f"{told['documents']:,} documents written to {documents}")


def _told(one: "Recorded") -> dict[str, Any]:
    return {**one.entry.told(), "document": one.document}


def _line(one: "Recorded") -> str:
    """Entry as one line: number, time, kind, who, and what the document says."""
    entry, document = one.entry, one.document
    start = f"{entry.index:>7}  {entry.time:%Y-%m-%d %H:%M:%S}  {entry.kind:<10} {entry.actor:<12}"
    if document is None:
        return f"{start} (forgotten)"
    said = [f"{name}={value}" for name, value in document.items() if name != "event" and value is not None]
    return " ".join([start, str(document.get("event", "")), *said]).rstrip()
