"""What calibration learns from upheld appeals: streams that a person knows to be legitimate.

``vouched.txt`` is what ``stillwatch calibrate --vouched`` takes: families of these accounts are no longer disputed, and
have a vote in the next reference. ``legitimate.jsonl`` names campaign, account and exchanges, for whoever looks.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from stillwatch.act.appeals.appeal import Grounds
from stillwatch.act.appeals.tables import APPEALS, CLEARED
from stillwatch.act.decide.stream import Stream
from stillwatch.errors import UnreadableSource
from stillwatch.signing.stamp import stamp, time_of

__all__ = ["Label", "labels", "write_labels"]


@dataclass(frozen=True, slots=True)
class Label:
    """One stream that is legitimate, and on what grounds a person said so."""

    stream: Stream
    grounds: Grounds
    cleared_at: datetime


def labels(connection: Connection) -> list[Label]:
    """Every stream that was cleared, by account."""
    joined = CLEARED.join(APPEALS, CLEARED.c.appeal_id == APPEALS.c.appeal_id)
    columns = CLEARED.c.campaign_id, CLEARED.c.account_id, CLEARED.c.cleared_at, APPEALS.c.grounds
    wanted = select(*columns).select_from(joined).order_by(CLEARED.c.account_id, CLEARED.c.campaign_id)
    rows = connection.execute(wanted)
    return [Label(Stream(r.campaign_id, r.account_id), Grounds(r.grounds), time_of(r.cleared_at)) for r in rows]


def write_labels(found: Sequence[Label], exchanges: Mapping[Stream, Sequence[str]], folder: Path) -> int:
    """Write both files; how many accounts.

    exchanges   Ids of the exchanges of a stream, as far as findings still tell them.
    Raises      UnreadableSource when the folder cannot be written.
    """
    accounts = sorted({label.stream.account_id for label in found})
    lines = [_line(label, exchanges.get(label.stream, ())) for label in found]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vouched.txt").write_text("".join(f"{one}\n" for one in accounts), encoding="utf-8")
        (folder / "legitimate.jsonl").write_text("".join(lines), encoding="ascii")
    except OSError as error:
        message = f"cannot write to {folder}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    return len(accounts)


def _line(label: Label, exchanges: Sequence[str]) -> str:
    told = {
        **label.stream._asdict(),
        "grounds": label.grounds.value,
        "cleared_at": stamp(label.cleared_at),
        "exchanges": sorted(exchanges),
    }
    return json.dumps(told) + "\n"
