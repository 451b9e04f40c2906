"""``stillwatch evaluator``: hold half a key and evaluate blinded values for the members of the exchange."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from stillwatch.cli.listening import check_listening

__all__ = ["evaluator"]

_MOST: Final = 256
"""Connections at a time: members' nodes, and few of them."""

Database = Annotated[
    str, typer.Option(metavar="URL", help="What members have spent: sqlite:///PATH or postgresql://...")
]
Keys = Annotated[Path, typer.Option(help="File of the secret keys, apart from the database; made at first use.")]
MembersAt = Annotated[Path, typer.Option(help="Names and token hashes of the members, a line each.")]
ListenAt = Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to listen; beyond this machine only with TLS.")]
Certificate = Annotated[Path | None, typer.Option(help="TLS certificate, PEM.", show_default="no TLS")]
CertificateKey = Annotated[Path | None, typer.Option(help="Key of the certificate, PEM.", show_default="no TLS")]


def evaluator(
    *,
    db: Database,
    keys: Keys,
    members: MembersAt,
    listen: ListenAt = "127.0.0.1:8461",
    tls_cert: Certificate = None,
    tls_key: CertificateKey = None,
    epoch_days: Annotated[int, typer.Option(min=1, max=366, help="Days of an epoch, the same at both.")] = 7,
    grace_days: Annotated[int, typer.Option(min=0, max=366, help="Days a key answers after its epoch.")] = 2,
) -> None:
    """Evaluate blinded values under half a key, count them by member, and prove every answer."""
    from stillwatch.ledger.tables import LEDGER_TABLES
    from stillwatch.share.evaluator import METER_TABLES, Keyring, Members, Meter, evaluator_app
    from stillwatch.share.evaluator.ledger_api import budget_ledger_routes
    from stillwatch.share.evaluator.recording import budget_recorder
    from stillwatch.signing.keys import SigningKey
    from stillwatch.store.database import open_database
    from stillwatch.web.listen import Listen
    from stillwatch.web.log import log_to_standard_error
    from stillwatch.web.server import Tls, server_of

    place = Listen.of(listen)
    check_listening(place.host, tls_cert, tls_key)
    authenticate = Members(members)
    engine = open_database(db, METER_TABLES)
    LEDGER_TABLES.create_all(engine)
    signing = keys.with_suffix(".signing")
    if not signing.exists():
        SigningKey.generate().save(signing)
    key = SigningKey.load(signing)
    record, ledger = budget_recorder(engine, key), budget_ledger_routes(engine, key, authenticate)
    with Keyring(keys, epoch_days, grace_days) as keyring:
        app = evaluator_app(keyring, Meter(engine), authenticate, on_spent=record, ledger=ledger)
        typer.echo(f"evaluator: {'https' if tls_cert else 'http'}://{listen}, epochs of {epoch_days} days", err=True)
        log_to_standard_error("stillwatch.evaluator", level=logging.WARNING)
        tls = Tls(tls_cert, tls_key) if tls_cert and tls_key else None
        server_of(app, replace(place, most=_MOST), tls).run()
    engine.dispose()
