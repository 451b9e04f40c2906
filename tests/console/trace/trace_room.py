"""A console with reports and keys to look at."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.console.conftest import NOW, Rig, rig_of

from stillwatch.model.trace_report import TraceReport
from stillwatch.report.traced.bundle import trace_bundle
from stillwatch.report.traced.json import to_json
from stillwatch.signing.keys import SigningKey
from stillwatch.trace.home import Epoch, TraceHome
from stillwatch.trace.mark.options import Scheme

__all__ = ["add_epoch", "leave_report", "with_trace"]


def with_trace(rig: Rig, reports: Path | None = None, keys: Path | None = None) -> Rig:
    """The same console with these settings."""
    told = replace(rig.home.settings.console, reports=reports, trace=keys)
    home = replace(rig.home, settings=replace(rig.home.settings, console=told))
    return rig_of(home, lambda: NOW)


def leave_report(place: Path, report: TraceReport, key: SigningKey | None = None) -> bytes:
    """What `stillwatch trace ... --out` leaves; bytes of the JSON.

    key     That signs a bundle; None for no bundle.
    """
    place.mkdir(parents=True)
    data = (json.dumps(to_json(report), indent=1) + "\n").encode()
    (place / "report.json").write_bytes(data)
    if key is not None:
        (place / "bundle.zip").write_bytes(trace_bundle(report, key))
    return data


def add_epoch(home: TraceHome, name: str, n_accounts: int, n_campaigns: int = 0) -> None:
    """Commit to the keys of an epoch."""
    accounts = tuple(f"acct-{i}" for i in range(n_accounts))
    campaigns = tuple(f"c-{i}" for i in range(n_campaigns))
    home.add_epoch(Epoch(name, Scheme(delta=2.0), "ab" * 32, accounts, campaigns, 0), "ada", NOW - timedelta(days=1))
