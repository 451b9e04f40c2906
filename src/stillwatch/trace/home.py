"""Where a provider keeps what marks need: the master secret, the key that signs, the ledger, epochs and their scheme.

::

    FOLDER/
      master.secret           every key of every epoch comes from it; for its owner only
      tags.secret             what gateway and engine share; no mark can be made or found with it
      signing.key             signs the ledger's heads and reports
      ledger.db               commitments to keys, and their disclosures
      epochs/NAME/
        scheme.toml           widths, strengths, shares, and the tokenizer's hash
        accounts.txt          ids whose keys were committed to, one a line; for its owner only
        campaigns.txt         the same for campaigns
        commitments.txt       what was committed to; may be published
"""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.ledger.book import Event, append, entry_at, sign_head
from stillwatch.ledger.entry import Entry, Kind
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database
from stillwatch.trace.keys.commitments import Commitments, commit, read_commitments, record, write_commitments
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import MarkKey, Purpose
from stillwatch.trace.keys.opening import opening
from stillwatch.trace.leak.scoring import KeyTable
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.served.secret import IndexSecret

__all__ = ["Epoch", "TraceHome", "read_ids"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES: Final = 1 << 30
_LONGEST_ID: Final = 300
_ENTRY: Final = "entry"


@dataclass(frozen=True, slots=True)
class Epoch:
    """A period of use: what its marks are made with, and for whom.

    tokenizer   Hash of the tokenizer; None when it was not noted.
    entry       Index of the ledger's entry that committed to the keys.
    """

    name: str
    scheme: Scheme
    tokenizer: str | None
    accounts: tuple[str, ...]
    campaigns: tuple[str, ...]
    entry: int


class TraceHome:
    """An open folder.

    Raises      MissingData when the folder is none; UnreadableSource when a file of it is damaged or open to others.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keeper = KeyKeeper.open(folder / "master.secret")
        self.signer = SigningKey.load(folder / "signing.key")
        self._engine: Engine = open_database(folder / "ledger.db", LEDGER_TABLES)

    @classmethod
    def create(cls, folder: Path) -> Self:
        """A new folder with new secrets.

        Raises      InvalidInput when there are secrets already: to overwrite them would lose every mark.
        """
        folder.mkdir(parents=True, exist_ok=True)
        KeyKeeper.create(folder / "master.secret")
        KeyKeeper.create(folder / "tags.secret")
        SigningKey.generate().save(folder / "signing.key")
        return cls(folder)

    @contextmanager
    def ledger(self) -> Iterator[Connection]:
        """A transaction of the ledger."""
        with self._engine.begin() as connection:
            yield connection

    def add_epoch(self, epoch: Epoch, by: str, now: datetime) -> Entry:
        """Commit to the keys of an epoch, before any of them is used.

        epoch       Its `entry` is not looked at.
        Raises      InvalidInput when the epoch is there already, its name or an id cannot be used, or there are none.
        """
        if not _NAME.fullmatch(epoch.name):
            message = f"an epoch's name must be 1 to 64 of letters, digits, . _ -, got {epoch.name!r}"
            raise InvalidInput(message)
        place = self.folder / "epochs" / epoch.name
        if place.exists():
            message = f"epoch {epoch.name} is there already: keys that were committed to are not changed"
            raise InvalidInput(message)
        made = commit(self._keys(epoch))
        place.mkdir(parents=True)
        with self.ledger() as connection:
            entry = record(connection, made, by, self.signer, now)
        write_commitments(made, place / "commitments.txt")
        _write_private(place / "accounts.txt", epoch.accounts)
        _write_private(place / "campaigns.txt", epoch.campaigns)
        _write_scheme(place / "scheme.toml", epoch, entry.index)
        return entry

    def epoch(self, name: str) -> Epoch:
        """An epoch by its name.

        Raises      MissingData when there is none, with those that there are; UnreadableSource when it is damaged.
        """
        place = self.folder / "epochs" / name
        if not _NAME.fullmatch(name) or not (place / "scheme.toml").is_file():
            known = ", ".join(self.epochs()) or "none"
            message = f"there is no epoch {name!r}; there are: {known}"
            raise MissingData(message)
        told = _read_scheme(place / "scheme.toml")
        scheme = Scheme(**{field.name: told[field.name] for field in fields(Scheme) if field.name in told})
        tokenizer = told.get("tokenizer_sha256")
        return Epoch(
            name,
            scheme,
            tokenizer if isinstance(tokenizer, str) and _HEX.fullmatch(tokenizer) else None,
            tuple(read_ids(place / "accounts.txt")),
            tuple(read_ids(place / "campaigns.txt")),
            int(told[_ENTRY]),
        )

    def epochs(self) -> list[str]:
        """Names of all epochs, in order."""
        return sorted(path.parent.name for path in (self.folder / "epochs").glob("*/scheme.toml"))

    def account_keys(self, epoch: Epoch) -> list[MarkKey]:
        """Keys of its accounts, in their order."""
        return self.keeper.keys(Purpose.ACCOUNT, epoch.accounts, epoch.name)

    def campaign_keys(self, epoch: Epoch) -> list[MarkKey]:
        """Keys of its campaigns, in their order."""
        return self.keeper.keys(Purpose.CAMPAIGN, epoch.campaigns, epoch.name)

    def shared_keys(self, epoch: Epoch) -> tuple[MarkKey, MarkKey]:
        """The global key and the key of all symbols."""
        return self.keeper.key(Purpose.GLOBAL, "", epoch.name), self.keeper.key(Purpose.SYMBOL, "", epoch.name)

    def index_secret(self, epoch: str) -> IndexSecret:
        """Secret of an epoch's index of served outputs."""
        return self.keeper.of_master(lambda master: IndexSecret.of(master, epoch))

    def table(self, epoch: Epoch) -> KeyTable:
        """Keys of all accounts as a search takes them."""
        shared = self.shared_keys(epoch) if epoch.scheme.has_slots else None
        return KeyTable(epoch.accounts, self.account_keys(epoch), epoch.scheme, shared)

    def engine_settings(self, epoch: Epoch) -> dict[str, Any]:
        """What an engine's plugin is set up with (`stillwatch.trace.engines.settings`)."""
        scheme = {field.name: getattr(epoch.scheme, field.name) for field in fields(Scheme)}
        secrets = {name: str((self.folder / f"{name}.secret").resolve()) for name in ("master", "tags")}
        return {**secrets, "scheme": scheme, "untagged": "refuse"}

    def committed_at(self, epoch: Epoch) -> datetime:
        """When the ledger recorded the commitments to its keys.

        Raises      MissingData when the ledger has no such entry.
        """
        with self.ledger() as connection:
            return entry_at(connection, epoch.entry).time

    def commitments(self, epoch: Epoch) -> Commitments:
        """What was committed to.

        Raises      As `read_commitments`.
        """
        return read_commitments(self.folder / "epochs" / epoch.name / "commitments.txt")

    def disclose(self, epoch: Epoch, key: MarkKey, by: str, now: datetime) -> dict[str, Any]:
        """A key with its proofs, and the disclosure in the ledger. Whoever has it can forge its mark.

        Raises      MissingData when the key was not committed to.
        """
        made = self.commitments(epoch)
        made.path(key.commitment)
        document = {"event": "mark key disclosed", "purpose": key.purpose.value, "commitment": key.commitment}
        with self.ledger() as connection:
            append(connection, Event(Kind.DISCLOSURE, by, document, now))
            head = sign_head(connection, self.signer, now)
            return opening(connection, key, made, epoch.entry, head)

    def _keys(self, epoch: Epoch) -> list[MarkKey]:
        canaries = self.keeper.keys(Purpose.CANARY, epoch.campaigns, epoch.name)
        return [*self.account_keys(epoch), *self.campaign_keys(epoch), *canaries, *self.shared_keys(epoch)]


def read_ids(path: Path) -> list[str]:
    """Ids of a file, one a line; blank lines count for nothing.

    Raises      MissingData when there is no file; UnreadableSource when it is no text; InvalidInput for an id that is
                too long or there twice, with its line.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8-sig")
    except FileNotFoundError as error:
        message = f"there is no file {path}"
        raise MissingData(message) from error
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read {path}: {type(error).__name__}"
        raise UnreadableSource(message) from error
    known: dict[str, int] = {}
    for n, line in enumerate(text.split("\n"), 1):
        one = line.strip()
        if len(one) > _LONGEST_ID:
            message = f"an id must have at most {_LONGEST_ID} characters, got {len(one)} ({path}:{n})"
            raise InvalidInput(message)
        if one in known:
            message = f"an id must be there once, that of line {known[one]} comes again ({path}:{n})"
            raise InvalidInput(message)
        if one:
            known[one] = n
    return list(known)


def _write_private(path: Path, ids: Iterable[str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(one + "\n" for one in ids)


def _write_scheme(path: Path, epoch: Epoch, entry: int) -> None:
    lines = [f"{field.name} = {getattr(epoch.scheme, field.name)}" for field in fields(Scheme)]
    lines += [f'tokenizer_sha256 = "{epoch.tokenizer}"'] if epoch.tokenizer else []
    path.write_text("\n".join([*lines, f"{_ENTRY} = {entry}"]) + "\n", encoding="utf-8")


def _read_scheme(path: Path) -> dict[str, Any]:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"cannot read {path}: {type(error).__name__}"
        raise UnreadableSource(message) from error
    if type(told.get(_ENTRY)) is not int:
        message = f"{path} does not say which entry of the ledger committed to its keys"
        raise UnreadableSource(message)
    return told
