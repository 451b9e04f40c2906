"""Keys that were committed to, as the ledger of marks proves it. No secret of theirs is opened for this."""

import os
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from stillwatch.console.trace.folders import names_in, read_part
from stillwatch.errors import FailedProof, InvalidInput, MissingData, StillwatchError, UnreadableSource
from stillwatch.ledger.book import entry_at, opening_of
from stillwatch.ledger.entry import Kind, is_of
from stillwatch.ledger.head import Head, head_of
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.proofs import inclusion_path
from stillwatch.ledger.tables import HEADS, LEDGER_TABLES
from stillwatch.store.database import open_database, reading
from stillwatch.trace.keys.commitments import read_commitments
from stillwatch.trace.mark.options import Scheme

__all__ = [
    "COMMITMENTS",
    "MOST_COMMITMENTS",
    "Epoch",
    "Recorded",
    "epoch_at",
    "epochs_in",
    "holds_root",
    "ledger_of",
    "newest_head",
]

COMMITMENTS: Final = "commitments.txt"
MOST_COMMITMENTS: Final = 64 << 20
_MOST_CHECKED: Final = 4 << 20
_MOST_SCHEME: Final = 1 << 16
_MOST_IDS: Final = 1 << 30
_CHUNK: Final = 1 << 20
_LEDGER: Final = "ledger.db"
_SCHEME: Final = "scheme.toml"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the ledger holds of an epoch, proved to be in it.

    n_keys      Of accounts, campaigns, canaries, and what all share.
    root        Of the tree of their commitments, hexadecimal.
    n_steps     Hashes from the entry up to the head's root.
    head        The newest that was signed.
    """

    at: datetime
    by: str
    n_keys: int
    root: str
    n_steps: int
    head: Head


@dataclass(frozen=True, slots=True)
class Epoch:
    """A period of use.

    tokenizer   Hash of the tokenizer; empty when it was not noted.
    n_accounts, n_campaigns     Ids whose keys were committed to; None when this service may not read them.
    entry       Index of the ledger's entry.
    recorded    None when the ledger does not prove it.
    wrong       Why, or what else is damaged.
    """

    name: str
    scheme: Scheme | None = None
    tokenizer: str = ""
    n_accounts: int | None = None
    n_campaigns: int | None = None
    entry: int | None = None
    recorded: Recorded | None = None
    wrong: str = ""


def epochs_in(folder: Path) -> list[str]:
    """Names of epochs, the last one in the alphabet first.

    Raises      UnreadableSource when the folder cannot be looked at.
    """
    place = folder / "epochs"
    return sorted(names_in(place), reverse=True) if place.is_dir() else []


@contextmanager
def ledger_of(folder: Path) -> Iterator[Connection]:
    """The ledger of marks, for reading.

    Raises      MissingData when the folder has none; UnreadableSource when it cannot be read.
    """
    path = folder / _LEDGER
    if not path.is_file():
        message = f"{folder} holds no ledger of marks: `stillwatch trace keys new` makes one"
        raise MissingData(message)
    engine = open_database(path, LEDGER_TABLES)
    try:
        with reading(engine).begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        message = f"the ledger {path} cannot be read: {type(error).__name__}"
        raise UnreadableSource(message) from error
    finally:
        engine.dispose()


def newest_head(connection: Connection) -> Head | None:
    """Head of the ledger that was signed last; its signature is not looked at, as the key is not opened for it."""
    signed = connection.execute(select(HEADS.c.head).order_by(HEADS.c.size.desc()).limit(1)).scalar()
    return None if signed is None else head_of(signed)


def epoch_at(connection: Connection, folder: Path, name: str, head: Head | None) -> Epoch:
    """One epoch; what is wrong with it is told in it.

    head        What its entry is proved against, as `newest_head` has it.
    Raises      MissingData when there is none of that name.
    """
    base = folder / "epochs"
    try:
        told = tomllib.loads(read_part(base, name, _SCHEME, _MOST_SCHEME).decode())
        entry, scheme = _entry(told), _scheme(told)
    except (UnreadableSource, InvalidInput, TypeError, ValueError, RecursionError):
        return Epoch(name, wrong=f"its {_SCHEME} is damaged")
    hashed = told.get("tokenizer_sha256")
    n_accounts, n_campaigns = (_n_ids(base / name / f"{kind}.txt") for kind in ("accounts", "campaigns"))
    recorded, wrong = None, ""
    try:
        recorded = _recorded(connection, name, entry, head)
    except (StillwatchError, KeyError, TypeError, ValueError) as error:
        wrong = str(error) if isinstance(error, StillwatchError) else "the ledger’s entry has not its form"
    tokenizer = hashed if isinstance(hashed, str) else ""
    return Epoch(name, scheme, tokenizer, n_accounts, n_campaigns, entry, recorded, wrong)


def holds_root(folder: Path, name: str, root: str) -> bool | None:
    """Whether the list of commitments has that root; None when it is too long to say so on a page, or not there."""
    path = folder / "epochs" / name / COMMITMENTS
    try:
        told = path.stat(follow_symlinks=False)
    except OSError:
        return None
    if not stat.S_ISREG(told.st_mode) or told.st_size > _MOST_CHECKED:
        return None
    return _root(path, told.st_mtime_ns, told.st_size) == root


@lru_cache(64)
def _root(path: Path, _changed: int, _size: int) -> str:
    try:
        return read_commitments(path).root.hex()
    except StillwatchError:
        return "damaged"


def _entry(told: dict[str, Any]) -> int:
    entry = told.get("entry")
    if type(entry) is not int or entry < 0:
        message = "it does not say which entry of the ledger committed to its keys"
        raise InvalidInput(message)
    return entry


def _scheme(told: dict[str, Any]) -> Scheme:
    return Scheme(**{one.name: told[one.name] for one in fields(Scheme) if one.name in told})


def _recorded(connection: Connection, name: str, index: int, head: Head | None) -> Recorded:
    """The entry of an epoch, with its place in the ledger proved against the newest head.

    Raises      FailedProof, MissingData or InvalidInput when it is not proved.
    """
    entry, document = entry_at(connection, index), opening_of(connection, index)
    if entry.kind is not Kind.MARK_KEYS:
        message = f"entry {index} of the ledger is of another kind"
        raise FailedProof(message)
    if document is None:
        message = f"the document of entry {index} is gone"
        raise MissingData(message)
    told = document.document
    if not is_of(entry, document) or told["epoch"] != name:
        message = f"entry {index} of the ledger commits to something else"
        raise FailedProof(message)
    if head is None:
        message = "no head of the ledger was signed"
        raise MissingData(message)
    path = tuple(inclusion_path(connection, index, head.size))
    check_proof(Proof(entry, head.size, path), head)
    return Recorded(entry.time, entry.actor, int(told["keys"]), str(told["root"]), len(path), head)


def _n_ids(path: Path) -> int | None:
    """Lines of a file of ids; the ids themselves are not kept."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode) or told.st_size > _MOST_IDS:
            return None
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))
