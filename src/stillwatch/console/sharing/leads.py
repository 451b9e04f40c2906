"""Local families that others' words point to: the member's own evidence, and their word beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import ColumnElement, Connection, func, select

from stillwatch.console.sharing.database import MOST
from stillwatch.console.sharing.out import Heard, heard_of
from stillwatch.share.node.tables import FINDINGS, OBJECTS

__all__ = ["Lead", "campaigns_in", "leads", "n_leads"]

_ELSEWHERE: Final = "0"
"""Family of the accounts that no family holds (`share.node.local`)."""
_COLUMNS: Final = ("family", "coordination_bits", "score_bits", "n_accounts", "n_exchanges", "campaign_id")


@dataclass(frozen=True, slots=True)
class Lead:
    """One family and one word of it.

    verdict         What the member's own scan calls the family's campaign; None when it calls it nothing.
    own_bits        The member's own score of it.
    match_bits      How well the other's word fits; it is no evidence.
    source          Grade of who says it; `information` that of what is said.
    origins         Independent origins that were proved, the originator included.
    campaign_id     Where the family stands in the newest index; None when it stands in no campaign, or has changed.
    """

    family: str
    indicator_id: str
    origin: str
    verdict: str | None
    coordination_bits: float
    own_bits: float
    n_accounts: int
    n_exchanges: int
    match_bits: float
    kinds: tuple[str, ...]
    source: str
    information: str
    origins: int
    is_withdrawn: bool
    heard: Heard
    campaign_id: str | None = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is no family at all: accounts that no family holds."""
        return self.family == _ELSEWHERE


def n_leads(connection: Connection, *, is_withdrawn: bool | None = None, indicator_id: str = "") -> int:
    """How many there are, as `leads` chooses."""
    chosen = _chosen(indicator_id, is_withdrawn=is_withdrawn)
    return int(connection.execute(select(func.count()).select_from(FINDINGS).where(*chosen)).scalar_one())


def leads(
    connection: Connection,
    index: Path,
    start: int = 0,
    most: int = MOST,
    *,
    is_withdrawn: bool | None = None,
    indicator_id: str = "",
) -> list[Lead]:
    """A page, those of most own evidence first, then those that match best.

    index           Of the node, which says in what campaign a family is.
    is_withdrawn    Only those whose word was taken back, or was not; None for both.
    """
    own, word = FINDINGS.c.local["score_bits"].as_float(), FINDINGS.c.word["match_bits"].as_float()
    wanted = (
        select(FINDINGS, OBJECTS.c.origin)
        .outerjoin(OBJECTS, OBJECTS.c.object_id == "indicator--" + FINDINGS.c.indicator_id)
        .where(*_chosen(indicator_id, is_withdrawn=is_withdrawn))
        .order_by(own.desc(), word.desc(), FINDINGS.c.family, FINDINGS.c.indicator_id)
    )
    rows = connection.execute(wanted.limit(most).offset(start)).all()
    heard = heard_of(connection, [row.indicator_id for row in rows])
    known = campaigns_in(index, {row.family: row.local for row in rows})
    return [_lead(row, heard.get(row.indicator_id, Heard()), known.get(row.family)) for row in rows]


def campaigns_in(index: Path, families: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Campaigns of families, as far as the newest index has a family of that number and the same evidence.

    An index that a scan has replaced since numbers its families anew: no family is better than a wrong one.

    families    Own evidence by number.
    """
    try:
        rows = pq.read_table(index / "families.parquet", columns=list(_COLUMNS)).sort_by("family")
    except (OSError, pa.ArrowException, KeyError):
        return {}
    found: dict[str, str] = {}
    for name, local in families.items():
        at = int(name) - 1 if name.isdecimal() else -1
        if not 0 <= at < len(rows):
            continue
        row = rows.slice(at, 1).to_pylist()[0]
        same = all(row[column] == local.get(column) for column in _COLUMNS[1:-1])
        if same and row["campaign_id"]:
            found[name] = row["campaign_id"]
    return found


def _chosen(indicator_id: str, *, is_withdrawn: bool | None) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if is_withdrawn is not None:
        chosen.append(FINDINGS.c.withdrawn.is_(is_withdrawn))
    if indicator_id:
        chosen.append(FINDINGS.c.indicator_id == indicator_id)
    return chosen


def _lead(row: Any, heard: Heard, campaign_id: str | None) -> Lead:  # noqa: ANN401 - a row
    local, word = row.local, row.word
    grades = word.get("confidence") or {}
    return Lead(
        family=row.family,
        indicator_id=row.indicator_id,
        origin=row.origin or "",
        verdict=local["verdict"],
        coordination_bits=local["coordination_bits"],
        own_bits=local["score_bits"],
        n_accounts=local["n_accounts"],
        n_exchanges=local["n_exchanges"],
        match_bits=float(word.get("match_bits") or 0.0),
        kinds=tuple(word.get("tag_kinds") or ()),
        source=grades.get("source", "F"),
        information=grades.get("information", "6"),
        origins=word.get("origins", 1),
        is_withdrawn=row.withdrawn,
        heard=heard,
        campaign_id=campaign_id,
    )
