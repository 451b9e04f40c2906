"""Previews that were made of a version: without a fresh one nothing is activated."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Row, Text, cast, func, insert, select

from stillwatch.act.policy.book import Signer, next_number, opened_row
from stillwatch.act.policy.limits import names
from stillwatch.act.policy.tables import PREVIEWS, VERSIONS
from stillwatch.errors import FailedProof, InvalidInput, MissingData
from stillwatch.signing.keys import Keys, VerifyKey
from stillwatch.signing.stamp import stamp, time_of

__all__ = [
    "LEAST_EXCHANGES",
    "LEAST_ORGANISATIONS",
    "LEAST_SPAN",
    "MOST_AGE",
    "Preview",
    "Recorded",
    "last_preview",
    "last_previews",
    "preview_numbered",
    "previews_of",
    "record_preview",
]

MOST_AGE: Final = timedelta(days=7)
"""Traffic of an older preview is not today's."""
LEAST_EXCHANGES: Final = 1_000
"""Fewer show nothing: of what touches one exchange in a hundred 300 show at least one (95 %, the rule of three), and
exchanges come in threes and more of one account."""
LEAST_ORGANISATIONS: Final = 300
"""So many show at least one of what touches one organisation in a hundred, as likely."""
LEAST_SPAN: Final = timedelta(days=1)
"""Whoever works by night, and what runs once a day, is in a day of traffic and in no shorter time."""
_PREVIEW: Final = "preview"
_MOST_REMEMBERED: Final = 256
_ROWS: Final = select(PREVIEWS.c.number, PREVIEWS.c.version, cast(PREVIEWS.c.signed, Text).label("signed"))


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a version would have touched, rolled out to everybody.

    window_start, window_end    First and last exchange that was looked at.
    digest      SHA-256 of the traffic, 64 hexadecimal digits.
    shares      traffic, organisations and tenured: shares, 0 to 1, that get more than observe.
    figures     Whatever else the preview counted; JSON without prompts, accounts and addresses. `traffic` holds how
                many exchanges and organisations there were: without it there were none.

    References  Hanley and Lippman-Hand (1983), JAMA 249, 1743-1745: none of n seen leaves at most 3 / n, at 95 %.
    """

    version: str
    window_start: datetime
    window_end: datetime
    digest: str
    shares: Mapping[str, float]
    figures: Mapping[str, Any]
    at: datetime

    @property
    def shows_nothing(self) -> str | None:
        """Why nothing may rest on it; None when something may."""
        n = self._count("exchanges")
        return None if n >= LEAST_EXCHANGES else f"it saw {n:,} exchanges, and must see {LEAST_EXCHANGES:,}"

    @property
    def is_thin(self) -> str | None:
        """Why no more than the first stage may rest on it alone; None when all may."""
        span, n = self.window_end - self.window_start, self._count("organisations")
        if span < LEAST_SPAN:
            return f"it saw {span.total_seconds() / 3600:.1f} hours of traffic, and should see a day"
        return None if n >= LEAST_ORGANISATIONS else f"it saw {n:,} organisations, and should see {LEAST_ORGANISATIONS}"

    def is_fresh(self, now: datetime) -> bool:
        """Whether anything may still rest on it."""
        return timedelta(0) <= now - self.at <= MOST_AGE

    def _count(self, what: str) -> int:
        traffic = self.figures.get("traffic")
        found = traffic.get(what) if isinstance(traffic, Mapping) else None
        return found if isinstance(found, int) else 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A preview in the database.

    by          Person who made it.
    """

    number: int
    by: str
    preview: Preview


def record_preview(connection: Connection, preview: Preview, signer: Signer) -> int:
    """Keep a preview, in the caller's transaction; its number.

    Raises      MissingData when the version was not added; InvalidInput when a share is missing or none.
    """
    if set(preview.shares) != set(names()) or not all(0 <= share <= 1 for share in preview.shares.values()):
        message = f"a preview must tell the shares {', '.join(names())}, each 0 to 1"
        raise InvalidInput(message)
    known = connection.execute(select(VERSIONS.c.version).where(VERSIONS.c.version == preview.version)).scalar()
    if known is None:
        message = f"no policy {preview.version[:12]}; add it first: stillwatch policy add FILE"
        raise MissingData(message)
    number = next_number(connection, PREVIEWS, signer.now)
    told = signer.record(
        connection,
        _PREVIEW,
        {
            "number": number,
            "version": preview.version,
            "window_start": stamp(preview.window_start),
            "window_end": stamp(preview.window_end),
            "digest": preview.digest,
            "shares": dict(preview.shares),
            "figures": dict(preview.figures),
            "at": stamp(preview.at),
            "by": signer.by,
        },
    )
    row = {"number": number, "version": preview.version, "at": stamp(preview.at), "signed": told}
    connection.execute(insert(PREVIEWS).values(row))
    return number


def last_preview(connection: Connection, version: str, keys: Keys) -> tuple[int, Preview] | None:
    """The latest preview of a version with its number; None when there is none.

    Raises      FailedProof when its row was changed.
    """
    found = previews_of(connection, version, keys, 1)
    return (found[0].number, found[0].preview) if found else None


def preview_numbered(connection: Connection, number: int, keys: Keys) -> Recorded:
    """A preview.

    Raises      MissingData when there is none; FailedProof when its row was changed.
    """
    row = connection.execute(_ROWS.where(PREVIEWS.c.number == number)).one_or_none()
    if row is None:
        message = f"there is no preview {number}"
        raise MissingData(message)
    return _proved(row, keys)


def previews_of(connection: Connection, version: str, keys: Keys, most: int) -> list[Recorded]:
    """Previews of a version, the last one first.

    Raises      FailedProof when a row was changed.
    """
    wanted = _ROWS.where(PREVIEWS.c.version == version).order_by(PREVIEWS.c.number.desc()).limit(most)
    return [_proved(row, keys) for row in connection.execute(wanted)]


def last_previews(connection: Connection, versions: Collection[str], keys: Keys) -> dict[str, Recorded | None]:
    """The latest preview of each version that has one; None for one that was changed after it was signed."""
    last = select(func.max(PREVIEWS.c.number)).where(PREVIEWS.c.version.in_(versions)).group_by(PREVIEWS.c.version)
    rows = connection.execute(_ROWS.where(PREVIEWS.c.number.in_(last)))
    return {row.version: _verified(row.number, row.version, row.signed, tuple(keys.items())) for row in rows}


def _proved(row: Row[tuple[int, str, str]], keys: Keys) -> Recorded:
    """Raises FailedProof when the row was changed."""
    found = _verified(row.number, row.version, row.signed, tuple(keys.items()))
    if found is None:
        message = f"preview {row.number} was changed after it was signed"
        raise FailedProof(message)
    return found


@lru_cache(_MOST_REMEMBERED)
def _verified(number: int, version: str, signed: str, keys: tuple[tuple[str, VerifyKey], ...]) -> Recorded | None:
    """A preview of the text of its row: what was verified once is so as long as no character of it is another."""
    try:
        told = opened_row(json.loads(signed), _PREVIEW, dict(keys))
    except FailedProof:
        return None
    if (told["version"], told["number"]) != (version, number):
        return None
    window = time_of(told["window_start"]), time_of(told["window_end"])
    preview = Preview(version, *window, told["digest"], told["shares"], told["figures"], time_of(told["at"]))
    return Recorded(number, told["by"], preview)
