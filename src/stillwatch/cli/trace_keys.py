"""``stillwatch trace keys``: the secrets behind marks, committed to before their use, disclosed one at a time."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.json_file import read_object
from stillwatch.cli.options import AsJson
from stillwatch.cli.service_home import By, now
from stillwatch.cli.telling import tell
from stillwatch.errors import InvalidInput, UnreadableSource

__all__ = ["EpochName", "KeysAt", "keys", "write_private"]

keys = typer.Typer(help="Make, commit to and disclose the keys of marks.", no_args_is_help=True)

KeysAt = Annotated[
    Path, typer.Option("--keys", metavar="FOLDER", envvar="STILLWATCH_TRACE", help="Folder that `trace keys new` made.")
]
EpochName = Annotated[str, typer.Option("--epoch", help="Period of use, such as 2026-12.")]


@keys.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make; it must hold no keys yet.")],
    as_json: AsJson = False,
) -> None:
    """Make a folder with a master secret, a key that signs, and a ledger."""
    from stillwatch.trace.home import TraceHome

    made = TraceHome.create(folder)
    told = {"folder": str(folder), "key": made.signer.key_id}
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{folder}: reports will be signed with {made.signer.key_id}; publish this name")
    typer.echo("whoever reads master.secret can forge every mark: keep a copy where few can")


@keys.command()
def commit(
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    by: By,
    accounts: Annotated[Path, typer.Option(help="Ids of accounts, one a line.")],
    campaigns: Annotated[
        Path | None, typer.Option(help="Ids of campaigns whose streams are marked for students.")
    ] = None,
    tokenizer: Annotated[Path | None, typer.Option(help="The model's tokenizer.json: its hash is noted.")] = None,
    account_width: Annotated[int, typer.Option(help="Tokens that the account layer looks back.")] = 4,
    campaign_width: Annotated[int, typer.Option(help="Tokens that the campaign layer looks back.")] = 2,
    gamma: Annotated[float, typer.Option(help="Share of green tokens.")] = 0.5,
    delta: Annotated[float, typer.Option(help="Nats added to a green token.")] = 1.0,
    global_share: Annotated[float, typer.Option(help="Share of contexts of the global key: a screen.")] = 0.0,
    symbol_share: Annotated[float, typer.Option(help="Share of contexts of code words: for millions.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Commit to the keys of an epoch in the ledger, before any of them is used."""
    from stillwatch.trace.home import Epoch, TraceHome, read_ids
    from stillwatch.trace.mark.options import Scheme
    from stillwatch.trace.tokenizers.file import TokenizerFile

    home = TraceHome(keys_at)
    scheme = Scheme(account_width, campaign_width, gamma, delta, global_share, symbol_share)
    made_with = TokenizerFile.open(tokenizer).sha256 if tokenizer else None
    ids = tuple(read_ids(accounts)), tuple(read_ids(campaigns)) if campaigns else ()
    made = Epoch(epoch, scheme, made_with, *ids, entry=0)
    entry = home.add_epoch(made, by, now())
    found = home.commitments(made)
    told = {"epoch": epoch, "keys": len(found.digests), "root": found.root.hex(), "entry": entry.index}
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"committed to {len(found.digests):,} keys of epoch {epoch}, entry {entry.index} of the ledger")
    typer.echo(f"root {found.root.hex()}")
    typer.echo("give the ledger's head to somebody else today: a later one cannot contradict it")


@keys.command("list")
def list_epochs(*, keys_at: KeysAt, as_json: AsJson = False) -> None:
    """List the epochs, what their marks are made with, and for how many."""
    from stillwatch.trace.home import TraceHome

    home = TraceHome(keys_at)
    found = [home.epoch(name) for name in home.epochs()]
    rows = [
        {"epoch": one.name, "accounts": len(one.accounts), "campaigns": len(one.campaigns), "entry": one.entry}
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        tell(row, as_json=False)
    if not rows:
        typer.echo("no epochs")


@keys.command()
def settings(
    *, keys_at: KeysAt, epoch: EpochName, out: Annotated[Path, typer.Option("--out", help="File to write.")]
) -> None:
    """Write the settings of an engine's plugin for an epoch: its scheme, and where the secrets lie."""
    from stillwatch.trace.home import TraceHome

    home = TraceHome(keys_at)
    write_private(out, json.dumps(home.engine_settings(home.epoch(epoch)), indent=1))
    typer.echo(f"{out}: name it in STILLWATCH_MARK_SETTINGS where the engine starts")
    typer.echo("the engine needs master.secret and tags.secret, the gateway tags.secret alone")


@keys.command("head")
def head_of(
    *, keys_at: KeysAt, out: Annotated[Path | None, typer.Option("--out", help="File to write.")] = None
) -> None:
    """Write the signed head of the ledger: whoever has it can check every later disclosure."""
    from stillwatch.ledger.book import sign_head
    from stillwatch.trace.home import TraceHome

    home = TraceHome(keys_at)
    with home.ledger() as connection:
        told = json.dumps(sign_head(connection, home.signer, now()), sort_keys=True)
    if out is None:
        typer.echo(told)
        return
    _write(out, told, mode=0o644)


@keys.command("open")
def open_key(
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    by: By,
    out: Annotated[Path, typer.Option("--out", help="File to write, for its owner only; there must be none.")],
    account: Annotated[str | None, typer.Option(help="Whose key.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Or which campaign's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Disclose one key with its proofs, on the record. Whoever has it can forge its mark: retire the epoch."""
    from stillwatch.trace.home import TraceHome
    from stillwatch.trace.keys.key import Purpose

    if (account is None) == (campaign is None):
        message = "name either --account or --campaign"
        raise InvalidInput(message)
    if out.exists():
        message = f"--out must be a new file, {out} exists"
        raise InvalidInput(message)
    home = TraceHome(keys_at)
    purpose = Purpose.ACCOUNT if account is not None else Purpose.CAMPAIGN
    found = home.epoch(epoch)
    key = home.keeper.key(purpose, account if account is not None else str(campaign), epoch)
    told = home.disclose(found, key, by, now())
    write_private(out, json.dumps(told, sort_keys=True))
    tell({"out": str(out), "commitment": key.commitment, "entry": found.entry}, as_json=as_json)


@keys.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `open` wrote.")],
    key: Annotated[Path | None, typer.Option("--key", help="Public key of the ledger's maker, from elsewhere.")] = None,
    before: Annotated[
        datetime | None, typer.Option(help="The commitment must be older, UTC: when the suspect was made.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a disclosed key offline: commitment, place among its epoch's, the ledger's entry, and its time."""
    from stillwatch.signing.keys import read_keys
    from stillwatch.signing.stamp import stamp
    from stillwatch.trace.keys.opening import verify_opening

    time = before.replace(tzinfo=UTC) if before is not None else None
    found = verify_opening(read_object(file), read_keys(key) if key else None, time)
    told = {
        "purpose": found.key.purpose.value,
        "for": found.key.for_id,
        "epoch": found.key.epoch,
        "committed_at": stamp(found.committed_at),
        "signature_verified": found.is_signed,
    }
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"good: the key of {told['purpose']} {told['for']}, epoch {told['epoch']}")
    typer.echo(f"it was committed to {found.committed_at:%Y-%m-%d %H:%M:%S} UTC")
    if not found.is_signed:
        typer.echo("the head's signature was not verified: give the public key with --key")


def write_private(out: Path, text: str) -> None:
    """Write a new file that only its owner may read.

    Raises  UnreadableSource when it cannot be written, or is there already.
    """
    _write(out, text, mode=0o600)


def _write(out: Path, text: str, mode: int) -> None:
    import os

    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as wrong:
        message = f"cannot write {out}: {wrong.strerror or type(wrong).__name__}"
        raise UnreadableSource(message) from wrong
