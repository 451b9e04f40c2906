"""``stillwatch ledger``: what anybody can check of the forum's ledger, with files alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.json_file import read_object
from stillwatch.cli.options import AsJson
from stillwatch.errors import MissingData, UnreadableSource

if TYPE_CHECKING:
    from stillwatch.signing.keys import Keys

__all__ = ["ledger"]

ledger = typer.Typer(help="Verify the forum's ledger and what is said to be in it, offline.", no_args_is_help=True)

LedgerAt = Annotated[Path, typer.Argument(metavar="FILE", help="Exported ledger, JSON lines.")]
HeadAt = Annotated[Path, typer.Option("--head", help="Head of the ledger, or a file with several, one a line.")]
KeptAt = Annotated[Path | None, typer.Option("--head", help="Heads from before: the ledger must continue them.")]
KeyAt = Annotated[Path | None, typer.Option("--key", help="Public key of the forum (JWK or a set of them).")]
OutAt = Annotated[Path | None, typer.Option("--out", help="File to write.", show_default="standard output")]


@ledger.command("verify")
def verify(file: LedgerAt, head: KeptAt = None, key: KeyAt = None, as_json: AsJson = False) -> None:
    """Recompute the whole ledger and hold it against its signed heads; a failure names the first bad entry."""
    from stillwatch.ledger.audit import audit
    from stillwatch.ledger.export import heads_in

    found = audit(file, heads_in(head) if head else (), _keys(key))
    told = {
        "entries": found.size,
        "root": found.root.hex(),
        "heads": found.n_heads,
        "signatures_verified": found.is_signed,
        "kinds": dict(sorted(found.kinds.items())),
    }
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"good: {found.size:,} entries under {found.n_heads:,} heads, root {found.root.hex()}")
    for kind, count in sorted(found.kinds.items()):
        typer.echo(f"  {kind:<18} {count:>9,}")
    if not found.is_signed:
        typer.echo("signatures were not verified: give the forum's public key with --key")


@ledger.command("head")
def head_of(file: LedgerAt, out: OutAt = None) -> None:
    """Write the last head of a ledger: keep it, and the forum can never again tell another story."""
    from stillwatch.ledger.export import heads_in

    _put(heads_in(file)[-1], out)


@ledger.command("prove")
def prove(
    file: LedgerAt,
    entry: Annotated[int, typer.Option(min=0, help="Index of the entry.")],
    out: OutAt = None,
) -> None:
    """Write a proof that an entry is in the ledger, for whoever has only its last head."""
    from stillwatch.ledger.audit import prove as proven
    from stillwatch.ledger.export import heads_in
    from stillwatch.ledger.head import head_of as read

    _put(proven(file, entry, read(heads_in(file)[-1]).size).told(), out)


@ledger.command("check")
def check(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="What `prove` wrote.")],
    head: HeadAt,
    key: KeyAt = None,
    as_json: AsJson = False,
) -> None:
    """Check a proof against a head."""
    from stillwatch.ledger.export import heads_in
    from stillwatch.ledger.head import head_of as read
    from stillwatch.ledger.head import verify_head
    from stillwatch.ledger.proof import Proof, check_proof

    keys = _keys(key)
    told = Proof.of(read_object(proof))
    fitting = [found for found in heads_in(head) if read(found).size == told.size]
    if not fitting:
        msg = f"{head} holds no head of {told.size} entries, for which the proof is"
        raise MissingData(msg)
    check_proof(told, read(fitting[0]) if keys is None else verify_head(fitting[0], keys))
    if as_json:
        typer.echo(json.dumps({"entry": told.entry.told(), "size": told.size, "signatures_verified": bool(keys)}))
        return
    found = told.entry
    typer.echo(f"good: entry {found.index} ({found.kind}, {found.time:%Y-%m-%d %H:%M:%S} UTC) is in the ledger")
    if keys is None:
        typer.echo("the head's signature was not verified: give the forum's public key with --key")


@ledger.command("export")
def export(
    database: Annotated[str, typer.Argument(metavar="DATABASE", help="The forum's database: URL, or a SQLite file.")],
    out: Annotated[Path, typer.Option("--out", help="File to write, JSON lines.")],
    as_json: AsJson = False,
) -> None:
    """Write the ledger of a database to a file that anybody can verify."""
    from stillwatch.ledger.export import export as written
    from stillwatch.ledger.tables import LEDGER_TABLES
    from stillwatch.store.database import open_database

    if "://" not in database and not Path(database).is_file():
        msg = f"there is no database {database}"
        raise MissingData(msg)
    with open_database(database, LEDGER_TABLES).begin() as connection:
        count = written(connection, out)
    typer.echo(json.dumps({"out": str(out), "entries": count}) if as_json else f"{count:,} entries written to {out}")


def _keys(path: Path | None) -> "Keys | None":
    from stillwatch.signing.keys import read_keys

    return read_keys(path) if path else None


def _put(told: Mapping[str, Any], out: Path | None) -> None:
    text = json.dumps(told, sort_keys=True)
    if out is None:
        typer.echo(text)
        return
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as wrong:
        msg = f"cannot write {out}: {type(wrong).__name__}"
        raise UnreadableSource(msg) from wrong
