"""A bundle of evidence for counsel: findings, hashes of exchanges, who did what, signed, and the same bytes again.

Nothing in it depends on when it is made: for one state of the case, the ledger and the findings there is one sequence
of bytes. To make one is on record; to make one with texts is on record with its reason, before anything is written.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection, select

from stillwatch.act.appeals.answering import appeals_of
from stillwatch.act.appeals.notice import notices_of
from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.cases.case import Case
from stillwatch.act.cases.changes import Hand, happened
from stillwatch.act.cases.commitment import canonical_row, commitment_of, salt_of
from stillwatch.act.cases.extract import About, extract
from stillwatch.act.cases.lookup import case_at, events_of
from stillwatch.act.cases.readme import readme
from stillwatch.act.decide.stream import Stream
from stillwatch.act.plain_text import plain_text
from stillwatch.act.policy.tables import VERSIONS
from stillwatch.act.secret import ServiceSecret
from stillwatch.errors import InvalidInput
from stillwatch.ledger.book import head, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.head import signed_head, verify_head
from stillwatch.signing import standalone
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.signing.refused import Refused
from stillwatch.signing.stamp import stamp

__all__ = ["MOST_BYTES", "Disclosure", "Evidence", "export_case"]

MOST_BYTES: Final = 1 << 30
"""Largest bundle, some six million exchanges; the format and whoever reads it hold it in memory."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the findings say of the campaign, and where its exchanges are.

    campaigns   The findings as JSON, of this campaign only.
    streams     Table `STREAM` of the campaign.
    exchanges   Table `FINDING_EXCHANGE` of the campaign.
    rows        The exchanges as they are kept, rows of `EXCHANGE`, in any order; others are passed over.
    about       Versions of the program and of the calibration.
    """

    campaigns: str
    streams: pa.Table
    exchanges: pa.Table
    rows: Callable[[], Iterable[Mapping[str, Any]]]
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """That texts are handed out, and why.

    reason      At least 20 characters; it is kept with the case, and the ledger commits to it.
    only        Ids of the exchanges whose texts are; None for all of the campaign.
    """

    reason: str = field(repr=False)
    only: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Make the reason plain."""
        object.__setattr__(self, "reason", plain_text(self.reason, "reason", least=20, most=4000))


def export_case(
    hand: Hand, name: str, evidence: Evidence, secret: ServiceSecret, disclosure: Disclosure | None = None
) -> bytes:
    """Bundle of a case; that it was made is recorded in the caller's transaction, to be committed before it is written.

    Raises      MissingData when there is no such case; InvalidInput when an exchange to be disclosed is not among those
                of the campaign that are kept, or the bundle would be too large.
    """
    case = case_at(hand.connection, name)
    hashes, openings = _hashed(evidence, secret, disclosure)
    files = _files(hand, case, evidence, hashes, openings)
    if sum(map(len, files.values())) > MOST_BYTES:
        message = f"a bundle must have at most {MOST_BYTES >> 20} MiB; give the exchanges to others in parts"
        raise InvalidInput(message)
    bundle = standalone.zip_bytes(_signed(files, case, hand.trail.key))
    facts = {"sha256": hashlib.sha256(bundle).hexdigest(), "with_text": disclosure is not None}
    happened(hand, case.case_id, "exported", facts, disclosure.reason if disclosure else None)
    if disclosure is not None:
        told = {"event": "disclosed", "case": case.case_id, "exchanges": sorted(openings)}
        hand.trail.record(hand.connection, Kind.DISCLOSURE, hand.by, told, hand.now)
    return bundle


def _hashed(
    evidence: Evidence, secret: ServiceSecret, disclosure: Disclosure | None
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Lines of exchanges.jsonl and of openings.jsonl, by id, in order of the ids."""
    told = evidence.exchanges.select(["exchange_id", "account_id"]).to_pylist()
    hashes = {one["exchange_id"]: {**one, "sha256": None} for one in sorted(told, key=lambda one: one["exchange_id"])}
    openings = {}
    for row in evidence.rows():
        exchange_id = row["exchange_id"]
        if exchange_id not in hashes:
            continue
        salt, text = salt_of(secret, exchange_id), canonical_row(row)
        hashes[exchange_id]["sha256"] = commitment_of(salt, text)
        if disclosure is not None and (disclosure.only is None or exchange_id in disclosure.only):
            openings[exchange_id] = {"exchange_id": exchange_id, "salt": salt.hex(), "row": text}
    missing = set() if disclosure is None else (disclosure.only or frozenset()) - openings.keys()
    if missing:
        message = f"{len(missing)} exchanges to be disclosed are not kept, or not of this campaign: {min(missing)[:64]}"
        raise InvalidInput(message)
    return hashes, dict(sorted(openings.items()))


def _files(
    hand: Hand,
    case: Case,
    evidence: Evidence,
    hashes: Mapping[str, Mapping[str, Any]],
    openings: Mapping[str, Mapping[str, Any]] | None,
) -> dict[str, bytes]:
    """Everything but the manifest, in order."""
    connection, key = hand.connection, hand.trail.key
    state = _head(connection, key, hand.now)
    document, about = _case_document(connection, case)
    jwk = key.verify_key.jwk()
    facts = {
        "case": case.case_id,
        "version": str(evidence.about.get("stillwatch", "")),
        "verdict": case.verdict.value,
        "n_accounts": f"{evidence.streams.num_rows:,}",
        "n_exchanges": f"{len(hashes):,}",
        "n_hashed": f"{sum(one['sha256'] is not None for one in hashes.values()):,}",
        "key": key.key_id,
    }
    files = {
        "README.txt": readme(facts, len(openings) if openings else None).encode(),
        "about.json": _json(evidence.about),
        "case.json": _json(document),
        "campaigns.json": evidence.campaigns.encode(),
        "streams.jsonl": _lines(evidence.streams.sort_by("account_id").to_pylist()),
        "exchanges.jsonl": _lines(hashes.values()),
        "openings.jsonl": _lines(openings.values()) if openings else b"",
        "policies.jsonl": _lines(_policies(connection, about.policies)),
        "ledger.jsonl": _lines(extract(connection, about, state["size"])),
        "head.json": _json(state),
        standalone.KEY: _json(jwk),
        standalone.PEM: standalone.pem_of(jwk),
        "verify.py": inspect.getsource(standalone).encode(),
    }
    return {name: data for name, data in files.items() if data or name != "openings.jsonl"}


def _head(connection: Connection, key: SigningKey, now: datetime) -> dict[str, Any]:
    """Signed state of the ledger; where the one that is kept was signed by an earlier key, one by this key."""
    kept = sign_head(connection, key, now)
    try:
        verify_head(kept, keys_of([key.verify_key]))
    except Refused:
        return signed_head(head(connection, now), key)
    return kept


def _case_document(connection: Connection, case: Case) -> tuple[dict[str, Any], About]:
    """case.json, and what the ledger is asked about. An appeal's own words are not in it: they may quote prompts."""
    campaigns = (case.case_id, *case.also_known_as)
    notices = notices_of(connection, campaigns)
    appeals = appeals_of(connection, APPEALS.c.campaign_id.in_(campaigns))
    about = About(
        campaigns=frozenset(campaigns),
        appeals=frozenset(appeal.appeal_id for appeal in appeals),
        decisions=frozenset(notice.decision_id for notice in notices),
        policies=frozenset(notice.policy_version for notice in notices),
    )
    told = [_plain(asdict(one), leave_out=("statement", "contact")) for one in appeals]
    for line, appeal in zip(told, appeals, strict=True):
        line["statement_sha256"] = hashlib.sha256(appeal.statement.encode()).hexdigest()
    return {
        "case": _plain(asdict(case)),
        "events": [_plain(asdict(event)) for event in events_of(connection, case)],
        "decisions": [_plain(asdict(notice)) for notice in notices],
        "appeals": told,
    }, about


def _policies(connection: Connection, versions: Iterable[str]) -> list[dict[str, Any]]:
    wanted = select(VERSIONS).where(VERSIONS.c.version.in_(sorted(versions))).order_by(VERSIONS.c.version)
    return [dict(row) for row in connection.execute(wanted).mappings()]


def _plain(told: Mapping[str, Any], leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    def plain(value: object) -> object:
        if isinstance(value, datetime):
            return stamp(value)
        if isinstance(value, Stream):
            return value._asdict()
        return value.value if isinstance(value, Enum) else value

    return {name: plain(value) for name, value in told.items() if name not in leave_out}


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, indent=1, sort_keys=True, default=_spelled).encode() + b"\n"


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, sort_keys=True, default=_spelled).encode() + b"\n" for row in rows)


def _spelled(value: object) -> str:
    if isinstance(value, datetime):
        return stamp(value)
    message = f"no JSON for {type(value).__name__}"
    raise TypeError(message)


def _signed(files: Mapping[str, bytes], case: Case, key: SigningKey) -> dict[str, bytes]:
    """The files, and their manifest with its signature."""
    listed = [
        {"name": name, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    ]
    told = {"format": standalone.CASE, "format_version": 1, "case": case.case_id, "key": key.key_id, "files": listed}
    manifest = _json(told)
    return {**files, standalone.MANIFEST: manifest, standalone.SIGNATURE: key.sign(manifest)}
