"""``stillwatch appeal check``: that an upheld appeal at the forum was carried out, with files alone."""

import json
from pathlib import Path
from typing import Annotated

import typer

from stillwatch.cli.json_file import read_object
from stillwatch.cli.options import AsJson

__all__ = ["check"]


def check(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="What `member appeal proof` wrote.")],
    key: Annotated[Path, typer.Option("--key", help="Public key of the forum (JWK or a set of them).")],
    as_json: AsJson = False,
) -> None:
    """Check which holders, by their names in the case, have said in the forum's ledger that the indicator is gone."""
    from stillwatch.share.appeals.removal import check_removal
    from stillwatch.signing.keys import read_keys

    found = check_removal(read_object(proof), read_keys(key))
    if as_json:
        told = {"indicator": found.indicator_id, "gone": sorted(found.gone), "missing": sorted(found.missing)}
        typer.echo(json.dumps({**told, "complete": found.is_complete}))
        return
    n_all = len(found.gone) + len(found.missing)
    typer.echo(
        f"good: indicator {found.indicator_id} was revoked; {len(found.gone)} of {n_all} holders have removed it"
    )
    for name in sorted(found.missing):
        typer.echo(f"  not yet: {name}")
