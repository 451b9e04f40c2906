"""Both grades of another's indicator, as this node has them: of who says it, by audits; of what is said, by count.

The originator's own grades are not its to tell, so that they are not read. Nothing here reaches a verdict: a grade
changes what an analyst looks at first.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, insert, select, update

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import Confidence, InformationGrade, SignalKind, SourceGrade
from stillwatch.share.node.heard import Heard, heard_of
from stillwatch.share.node.proved import opened_entry, proved_kinds
from stillwatch.share.node.tables import FINDINGS, KEYS, OBJECTS
from stillwatch.share.node.trust_tables import GRADES
from stillwatch.share.stix.ids import stix_id
from stillwatch.share.trust.benign import pooled_rate
from stillwatch.share.trust.credibility import Against, information_grade, weigh
from stillwatch.signing.keys import Keys, VerifyKey, keys_of

__all__ = ["NOT_KNOWN", "Get", "Grade", "Grading", "known_grade"]

NOT_KNOWN: Final = Confidence(SourceGrade.F, InformationGrade.SIX)
Get = Callable[[str], dict[str, Any] | None]
"""Path -> what the forum tells there; None when there is nothing for this member."""
_OWN_BITS: Final = 2.0
"""What the member's own scan counts when it calls a matched family a harvest: as a source of grade B, no more, as how
far it passes its bar is not in the index."""
_FORUM: Final = "forum"
_MOST_PARTNERS: Final = 2
_CAREFUL: Final = {grade: rank for rank, grade in enumerate("EDCBAF")}


@dataclass(frozen=True, slots=True)
class Grade:
    """What a word is worth.

    origins     Independent origins that were proved, the originator included: 1 to 3.
    entries     Places in the ledger that prove them.
    """

    confidence: Confidence
    origins: int
    entries: tuple[int, ...]


def known_grade(grades: Mapping[SignalKind, SourceGrade], kinds: Collection[SignalKind]) -> SourceGrade:
    """The worst that is known of a source for some kinds; F when nothing is.

    >>> grades = {SignalKind.BAND: SourceGrade.B, SignalKind.TLS: SourceGrade.D}
    >>> known_grade(grades, [SignalKind.BAND, SignalKind.PAYMENT]).value, known_grade(grades, SignalKind).value
    ('B', 'D')
    """
    return min((grades.get(kind, SourceGrade.F) for kind in kinds), key=_CAREFUL.__getitem__, default=SourceGrade.F)


@dataclass(frozen=True, slots=True)
class _Matched:
    """What the node's own findings say of an indicator: who published it, which kinds matched, its own evidence."""

    originator: str
    kinds: tuple[SignalKind, ...]
    local_bits: float


class Grading:
    """Grades of one node.

    engine  Database with `NODE_TABLES`.
    get     Asks the forum.
    """

    def __init__(self, member_id: str, engine: Engine, get: Get) -> None:
        self._member_id, self._engine, self._get = member_id, engine, get

    def grade(self, indicator_id: str) -> Grade | None:
        """Ask for an indicator's origins and its sources' grades, check the proofs, and keep what follows.

        Returns     None when the node has no finding of it, or the forum nothing to tell: then nothing changes.
        Raises      What asking raises.
        """
        with self._engine.begin() as connection:
            matched, heard = _matched(connection, indicator_id), heard_of(connection, indicator_id)
        told = None if matched is None else self._get(f"/corroboration/{indicator_id}")
        if matched is None or told is None:
            return None
        partners, entries = self._partners(told, indicator_id, matched.originator, heard)
        found = self._weighed(matched, partners, heard)
        made = Grade(found, 1 + len(partners), tuple(sorted(entries)))
        with self._engine.begin() as connection:
            _keep(connection, indicator_id, made)
        return made

    def due(self, most: int) -> list[str]:
        """Indicators with findings that stand, to be graded again: reveals and audits come later than words."""
        chosen = select(FINDINGS.c.indicator_id).where(FINDINGS.c.withdrawn.is_(False)).distinct().limit(most)
        with self._engine.begin() as connection:
            return list(connection.execute(chosen).scalars())

    def beside(self, indicator_id: str) -> list[str]:
        """An indicator, and the others that point to the same families of the member's: probably one operation."""
        with self._engine.begin() as connection:
            mine = select(FINDINGS.c.family).where(FINDINGS.c.indicator_id == indicator_id)
            chosen = select(FINDINGS.c.indicator_id).where(FINDINGS.c.family.in_(mine), FINDINGS.c.withdrawn.is_(False))
            return sorted({*connection.execute(chosen).scalars(), indicator_id})

    def _partners(
        self, told: Mapping[str, Any], indicator_id: str, originator: str, heard: Heard
    ) -> tuple[dict[str, frozenset[SignalKind]], frozenset[int]]:
        """Partners whose proof holds, with the kinds of what they have in common, and the entries of the proofs."""
        partners: dict[str, frozenset[SignalKind]] = {}
        entries: set[int] = set()
        named = told.get("partners")
        rate = pooled_rate(list(heard.rates.values()))
        for one in named[:_MOST_PARTNERS] if isinstance(named, list) else ():
            asked: set[int] = set()
            try:
                keys = self._forum_keys()
                kinds = proved_kinds(one, indicator_id, originator, self._entry_at(indicator_id, keys, asked), rate)
            except (FailedProof, InvalidInput):
                continue
            if kinds:
                partners[str(one["member"])] = kinds
                entries |= asked
        return partners, frozenset(entries)

    def _entry_at(self, indicator_id: str, keys: Keys, asked: set[int]) -> Callable[[int], Any]:
        def entry_at(index: int) -> Any:  # noqa: ANN401 - entry and document
            told = self._get(f"/corroboration/{indicator_id}/entries/{index}")
            asked.add(index)
            return opened_entry(told or {}, index, keys)

        return entry_at

    def _weighed(self, matched: _Matched, partners: Mapping[str, frozenset[SignalKind]], heard: Heard) -> Confidence:
        """Both grades; what the member itself knows counts by its own evidence, not once more as a partner."""
        source = known_grade(self._grades(matched.originator), matched.kinds)
        origins = [(matched.originator, source)]
        origins += [(m, known_grade(self._grades(m), kinds)) for m, kinds in partners.items() if m != self._member_id]
        known = {matched.originator, *partners, self._member_id}
        looked = {member: share for member, share in heard.looked.items() if member not in known}
        opinions = {m: known_grade(self._grades(m), matched.kinds) for m in heard.objectors - known}
        return Confidence(source, information_grade(weigh(origins, Against(looked, opinions), matched.local_bits)))

    def _grades(self, member_id: str) -> dict[SignalKind, SourceGrade]:
        told = (self._get(f"/grades/{member_id}") or {}).get("grades")
        try:
            return {SignalKind(kind): SourceGrade(grade) for kind, grade in dict(told or {}).items()}
        except (TypeError, ValueError):
            return {}

    def _forum_keys(self) -> Keys:
        """The key of the forum's ledger as it was pinned at first sight: a ledger under another proves nothing."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(KEYS.c.jwk).where(KEYS.c.member_id == _FORUM)).scalars()
            known = keys_of(VerifyKey.of(jwk) for jwk in rows)
        if known:
            return known
        key = VerifyKey.of(self._get("/ledger/key") or {})
        with self._engine.begin() as connection:
            connection.execute(insert(KEYS).values(member_id=_FORUM, key_id=key.key_id, jwk=key.jwk()))
        return keys_of([key])


def _matched(connection: Connection, indicator_id: str) -> _Matched | None:
    here = OBJECTS.c.object_id == stix_id("indicator", indicator_id)
    originator = connection.execute(select(OBJECTS.c.origin).where(here)).scalar()
    findings = connection.execute(
        select(FINDINGS.c.local, FINDINGS.c.word).where(
            FINDINGS.c.indicator_id == indicator_id, FINDINGS.c.withdrawn.is_(False)
        )
    ).all()
    if originator is None or not findings:
        return None
    kinds = {kind for row in findings for kind in row.word["tag_kinds"]}
    is_own = any(row.local["verdict"] == Verdict.HARVEST.value for row in findings)
    told = tuple(kind for kind in SignalKind if kind.value in kinds)
    return _Matched(originator, told, _OWN_BITS if is_own else 0.0)


def _keep(connection: Connection, indicator_id: str, made: Grade) -> None:
    """Keep a grade, and write it into the word of every finding of the indicator; own evidence is not touched."""
    confidence = {name: grade.value for name, grade in asdict(made.confidence).items()}
    row = {"indicator_id": indicator_id, **confidence, "origins": made.origins, "entries": list(made.entries)}
    connection.execute(delete(GRADES).where(GRADES.c.indicator_id == indicator_id))
    connection.execute(insert(GRADES), row)
    here = FINDINGS.c.indicator_id == indicator_id
    for family, word in connection.execute(select(FINDINGS.c.family, FINDINGS.c.word).where(here)).all():
        graded = {**word, "confidence": confidence, "origins": made.origins}
        connection.execute(update(FINDINGS).where(here, FINDINGS.c.family == family).values(word=graded))
