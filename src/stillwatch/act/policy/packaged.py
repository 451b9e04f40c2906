"""Policies that come along, to start from."""

from importlib.resources import files
from typing import Final

from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.read import read_policy
from stillwatch.errors import MissingData

__all__ = ["PACKAGED", "packaged"]

PACKAGED: Final = ("default", "strict")


def packaged(name: str) -> Policy:
    """One of them.

    Raises      MissingData for another name.

    >>> packaged("default").name
    'default'
    """
    if name not in PACKAGED:
        message = f"no policy {name} comes along; there are {', '.join(PACKAGED)}"
        raise MissingData(message)
    path = files("stillwatch.act.policy") / "policies" / f"{name}.toml"
    return read_policy(path.read_text(encoding="utf-8"), f"{name}.toml")
