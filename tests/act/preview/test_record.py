"""Previews as they are recorded: signed, read back, and with nobody's name in them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.act.preview.made import LADDER, Told, blocks, judged, row, stream, world

from stillwatch.act.policy.book import Signer
from stillwatch.act.policy.previews import last_preview, record_preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.versions import add_version
from stillwatch.act.preview.judge import Terms
from stillwatch.act.preview.preview import previewed
from stillwatch.act.preview.record import plain, recorded
from stillwatch.errors import InvalidInput
from stillwatch.service.tables import SERVICE_TABLES
from stillwatch.signing.keys import SigningKey
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_a_preview_is_kept_and_read_back(tmp_path: Path) -> None:
    """Version, window, digest, shares and figures come back as they were, from a signed row."""
    policy = read_policy(LADDER, "ladder")
    rows, told = world(4)
    found = recorded(previewed(judged(rows, told, policy)), NOW)
    signer = Signer(SigningKey.generate(), "ada", NOW)
    engine = open_database(tmp_path / "service.db", SERVICE_TABLES)
    with engine.begin() as connection:
        add_version(connection, policy, signer)
        number = record_preview(connection, found, signer)
        kept = last_preview(connection, policy.version, signer.keys)
    engine.dispose()
    assert kept is not None
    assert kept[0] == number
    assert (kept[1].digest, kept[1].window_start, kept[1].window_end) == (
        found.digest,
        found.window_start,
        found.window_end,
    )
    assert kept[1].shares == pytest.approx(found.shares)
    assert json.loads(json.dumps(kept[1].figures)) == json.loads(json.dumps(found.figures))


def test_nobody_is_named_in_what_is_kept() -> None:
    """No account, organisation, campaign, model or programme stands in the figures, the hard cases included."""
    told = Told(streams=stream("account-secret"))
    rows = [row("account-secret", i, 0, organisation_id="org-secret", model="model-secret") for i in range(5)]
    found = previewed(judged(rows, told, blocks()))
    assert "account-secret" in json.dumps(plain(found))
    text = json.dumps(recorded(found, NOW).figures)
    assert "secret" not in text
    assert "campaign-" not in text


def test_a_stage_is_not_recorded() -> None:
    """What counts is whom a policy touches rolled out to everybody."""
    found = previewed(judged([row("a", 0, 0)], Told(streams=stream("a")), blocks(), Terms(stage=0.1)))
    with pytest.raises(InvalidInput, match="10%"):
        recorded(found, NOW)
    assert recorded(replace(found, stage=1.0), NOW).version == found.version
