"""What the findings and the stored traffic say of a case: what goes into its bundle of evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.act.cases.bundle import Evidence
from stillwatch.act.cases.case import Case
from stillwatch.errors import MissingData
from stillwatch.ingest import ingest, installation_salt
from stillwatch.model.calibration import Calibration
from stillwatch.report import read_findings
from stillwatch.report.json import to_json

__all__ = ["evidence_of"]


def evidence_of(case: Case, findings_in: Path, logs: Sequence[str | Path]) -> Evidence:
    """Evidence of one campaign, and of those that became part of it.

    logs        Files, folders or patterns in which its exchanges are kept.
    Raises      MissingData when the findings hold nothing of it; as `read_findings`.
    """
    findings = read_findings(findings_in)
    names = [case.case_id, *case.also_known_as]
    campaigns = tuple(one for one in findings.campaigns if one.campaign_id in names)
    if not campaigns:
        message = f"{findings_in} holds nothing of the campaign {case.case_id}; name its findings with --findings"
        raise MissingData(message)
    exchanges = _of(findings.exchanges, names)
    about = {
        "stillwatch": findings.version,
        "reference": findings.reference,
        "is_default_reference": findings.is_default_reference,
        "bar_bits": findings.bar_bits,
        "calibration": None if findings.calibration is None else _plain(findings.calibration),
    }
    return Evidence(
        campaigns=to_json(replace(findings, campaigns=campaigns)),
        streams=_of(findings.streams, names),
        exchanges=exchanges,
        rows=lambda: _rows(logs, exchanges["exchange_id"].combine_chunks()),
        about=about,
    )


def _of(table: pa.Table, names: list[str]) -> pa.Table:
    return table.filter(pc.is_in(table["campaign_id"], value_set=pa.array(names, pa.string())))


def _plain(calibration: Calibration) -> dict[str, Any]:
    """As JSON takes it."""
    times = {name: getattr(calibration, name) for name in ("created_at", "first", "last")}
    told = {name: dict(value) if isinstance(value, Mapping) else value for name, value in asdict(calibration).items()}
    return told | {name: time and time.isoformat() for name, time in times.items()}


def _rows(logs: Sequence[str | Path], wanted: pa.Array) -> Iterable[Mapping[str, Any]]:
    """Exchanges out of logs, read as a scan reads them, so that ids are the same."""
    for batch in ingest(list(logs), salt=installation_salt()).batches():
        yield from batch.filter(pc.is_in(batch.column("exchange_id"), value_set=wanted)).to_pylist()
