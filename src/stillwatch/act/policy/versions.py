"""Versions of policies as they were signed; what was changed after it was signed is no version."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hmac import compare_digest
from typing import Final

from sqlalchemy import Connection, func, select

from stillwatch.act.policy.book import Signer, opened_row
from stillwatch.act.policy.cases import run_cases
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.tables import VERSIONS
from stillwatch.errors import FailedProof, InvalidInput, MissingData
from stillwatch.signing.keys import Keys
from stillwatch.signing.stamp import stamp, time_of
from stillwatch.store.conflict import insert_if_new

__all__ = [
    "Version",
    "add_version",
    "find_version",
    "latest_versions",
    "load_version",
    "n_versions",
    "version_added",
    "versions",
]

_VERSION: Final = "version"
_PREFIX: Final = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True)
class Version:
    """A version in the database."""

    version: str
    name: str
    added_at: datetime
    added_by: str


def add_version(connection: Connection, policy: Policy, signer: Signer) -> bool:
    """Sign a policy and keep it, in the caller's transaction; whether it is new.

    Raises      InvalidInput when a case of it fails; FailedProof when the version is there and was changed.
    """
    failing = [outcome.case.name for outcome in run_cases(policy) if not outcome.passes]
    if failing:
        message = f"policy {policy.name} fails its own cases: {', '.join(failing[:10])}; see stillwatch policy test"
        raise InvalidInput(message)
    at = stamp(signer.now)
    row: dict[str, object] = {
        "version": policy.version,
        "name": policy.name,
        "text": policy.text,
        "added_at": at,
        "signed": {},
    }
    if not insert_if_new(connection, VERSIONS, row):
        load_version(connection, policy.version, signer.keys)
        return False
    told = signer.record(
        connection,
        _VERSION,
        {
            "version": policy.version,
            "name": policy.name,
            "text_sha256": _digest(policy.text),
            "added_at": at,
            "by": signer.by,
        },
    )
    connection.execute(VERSIONS.update().where(VERSIONS.c.version == policy.version).values(signed=told))
    return True


def load_version(connection: Connection, version: str, keys: Keys) -> Policy:
    """Policy of a version, read from its text again.

    Raises      MissingData when there is none; FailedProof when text, name or signature do not fit.
    """
    row = connection.execute(select(VERSIONS).where(VERSIONS.c.version == version)).one_or_none()
    if row is None:
        message = f"no policy {version[:12]}; stillwatch policy list shows all"
        raise MissingData(message)
    told = opened_row(row.signed, _VERSION, keys)
    fits = (told["version"], told["name"], told["added_at"]) == (version, row.name, row.added_at)
    if not fits or not compare_digest(told["text_sha256"], _digest(row.text)):
        message = f"policy {version[:12]} was changed after it was signed"
        raise FailedProof(message)
    policy = _read(row.text, row.name)
    if policy.version != version:
        message = f"policy {version[:12]} no longer reads as it did when it was signed: add its file again"
        raise FailedProof(message)
    return policy


def find_version(connection: Connection, start: str) -> str:
    """The version that starts so.

    Raises      InvalidInput when it is no version or several start so; MissingData when none does.
    """
    if not _PREFIX.fullmatch(start):
        message = "a version must be 6 to 64 hexadecimal digits"
        raise InvalidInput(message)
    wanted = select(VERSIONS.c.version).where(VERSIONS.c.version.startswith(start, autoescape=True)).limit(2)
    found: Sequence[str] = connection.execute(wanted).scalars().all()
    if not found:
        message = f"no policy {start}; stillwatch policy list shows all"
        raise MissingData(message)
    if len(found) > 1:
        message = f"several versions start with {start}: give more digits"
        raise InvalidInput(message)
    return found[0]


def versions(connection: Connection, keys: Keys) -> list[Version]:
    """All versions, the first that was added first.

    Raises      FailedProof when a row was changed.
    """
    rows = connection.execute(select(VERSIONS.c.signed).order_by(VERSIONS.c.added_at, VERSIONS.c.version)).scalars()
    return [_version(row, keys) for row in rows]


def latest_versions(connection: Connection, keys: Keys, start: int, most: int) -> list[tuple[str, Version | None]]:
    """Versions, the last that was added first, from the one at that place on; None for one that was changed since."""
    order = (VERSIONS.c.added_at.desc(), VERSIONS.c.version)
    rows = connection.execute(select(VERSIONS.c.version, VERSIONS.c.signed).order_by(*order).offset(start).limit(most))
    found: list[tuple[str, Version | None]] = []
    for row in rows:
        try:
            told = _version(row.signed, keys)
        except FailedProof:
            found.append((row.version, None))
        else:
            found.append((row.version, told if told.version == row.version else None))
    return found


def n_versions(connection: Connection) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(VERSIONS)).scalar_one()


def version_added(connection: Connection, version: str, keys: Keys) -> Version:
    """Who added a version, and when.

    Raises      MissingData when there is none; FailedProof when its row was changed.
    """
    signed = connection.execute(select(VERSIONS.c.signed).where(VERSIONS.c.version == version)).scalar()
    if signed is None:
        message = f"no policy {version[:12]}"
        raise MissingData(message)
    return _version(signed, keys)


def _version(signed: object, keys: Keys) -> Version:
    told = opened_row(signed, _VERSION, keys)
    return Version(told["version"], told["name"], time_of(told["added_at"]), told["by"])


@lru_cache(maxsize=64)
def _read(text: str, name: str) -> Policy:
    """The same text is the same policy: reading compiles all its expressions."""
    return read_policy(text, name)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
