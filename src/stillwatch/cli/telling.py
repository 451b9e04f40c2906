"""How commands of the exchange print: a line of names and values, or of JSON."""

import json
from collections.abc import Mapping
from typing import Any

import typer

from stillwatch.errors import InvalidInput

__all__ = ["check_refused", "tell"]


def tell(told: Mapping[str, Any], *, as_json: bool) -> None:
    """One line."""
    typer.echo(json.dumps(told) if as_json else "  ".join(f"{name}: {value}" for name, value in told.items()))


def check_refused(refused: Mapping[str, str]) -> None:
    """Say so when the forum did not take all of a publication.

    Raises  InvalidInput with the first reason.
    """
    if refused:
        message = f"the forum refused {len(refused)} objects: {next(iter(refused.values()))}"
        raise InvalidInput(message)
