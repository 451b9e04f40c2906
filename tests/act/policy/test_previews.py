"""Previews as they are kept."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from tests.act.policy.made import KEYS, MUCH, NOW, SMALL, policy_of, preview_of, rule_text, signer, writing

from stillwatch.act.policy.previews import (
    last_preview,
    last_previews,
    preview_numbered,
    previews_of,
    record_preview,
)
from stillwatch.act.policy.tables import PREVIEWS
from stillwatch.act.policy.versions import add_version
from stillwatch.errors import FailedProof, InvalidInput, MissingData

LEAST = {**MUCH, "exchanges": 1_000, "organisations": 300}
POLICY, OTHER = policy_of(rule_text()), policy_of(rule_text("other"))


def test_the_latest_counts(engine: Engine) -> None:
    """Of several previews of a version the last one comes back whole; other versions have their own."""
    later = preview_of(POLICY, {**SMALL, "traffic": 0.5}, NOW + timedelta(hours=1))
    with writing(engine) as connection:
        for policy in (POLICY, OTHER):
            add_version(connection, policy, signer())
        for preview in (preview_of(POLICY), later, preview_of(OTHER)):
            record_preview(connection, preview, signer())
        assert last_preview(connection, POLICY.version, KEYS) == (2, later)
        assert last_preview(connection, OTHER.version, KEYS) == (3, preview_of(OTHER))


def test_none(engine: Engine) -> None:
    """A version without a preview has none, and a preview without a version is refused."""
    with writing(engine) as connection:
        assert last_preview(connection, POLICY.version, KEYS) is None
        with pytest.raises(MissingData, match="add it first"):
            record_preview(connection, preview_of(POLICY), signer())


@pytest.mark.parametrize(
    "shares", [{}, {"traffic": 0.1}, {**SMALL, "tenured": 1.1}, {**SMALL, "tenured": float("nan")}]
)
def test_shares_must_be_told(engine: Engine, shares: dict[str, float]) -> None:
    """A preview that leaves out what limits are held against is none."""
    with writing(engine) as connection:
        add_version(connection, POLICY, signer())
        with pytest.raises(InvalidInput, match="must tell the shares"):
            record_preview(connection, preview_of(POLICY, shares), signer())


def test_a_changed_preview_is_refused(engine: Engine) -> None:
    """Smaller shares written into the row do not verify, nor does the preview of another version."""
    with writing(engine) as connection:
        for policy in (POLICY, OTHER):
            add_version(connection, policy, signer())
        record_preview(connection, preview_of(POLICY, {**SMALL, "traffic": 0.9}), signer())
        record_preview(connection, preview_of(OTHER), signer())
        signed = connection.execute(select(PREVIEWS.c.signed).where(PREVIEWS.c.number == 1)).scalar_one()
        other = connection.execute(select(PREVIEWS.c.signed).where(PREVIEWS.c.number == 2)).scalar_one()
        first = PREVIEWS.update().where(PREVIEWS.c.number == 1)
        connection.execute(first.values(signed={**signed, "shares": SMALL}))
        with pytest.raises(FailedProof):
            last_preview(connection, POLICY.version, KEYS)
        connection.execute(first.values(signed=other))
        with pytest.raises(FailedProof, match="was changed"):
            last_preview(connection, POLICY.version, KEYS)


@pytest.mark.parametrize("figures", [{}, {"traffic": 7}, {"traffic": {"exchanges": "many"}}, {"traffic": {}}])
def test_what_is_not_told_was_not_seen(figures: dict[str, object]) -> None:
    """A preview that does not say how much traffic there was shows nothing."""
    preview = replace(preview_of(POLICY), figures=figures)
    assert preview.shows_nothing == "it saw 0 exchanges, and must see 1,000"
    assert preview.is_thin == "it saw 0 organisations, and should see 300"


def test_how_much_traffic_is_enough() -> None:
    """A thousand exchanges to show anything; 300 organisations and a day to carry more than the first stage."""
    whole = preview_of(POLICY)
    assert (whole.shows_nothing, whole.is_thin) == (None, None)
    day = replace(whole, window_start=NOW - timedelta(days=1), figures={"traffic": LEAST})
    assert (day.shows_nothing, day.is_thin) == (None, None)
    assert replace(day, figures={"traffic": {**LEAST, "exchanges": 999}}).shows_nothing is not None
    assert replace(day, figures={"traffic": {**LEAST, "organisations": 299}}).is_thin is not None
    short = replace(day, window_start=NOW - timedelta(hours=23, minutes=30))
    assert (short.shows_nothing, short.is_thin) == (None, "it saw 23.5 hours of traffic, and should see a day")


def test_figures_must_be_json(engine: Engine) -> None:
    """What is signed can be read by everybody."""
    with writing(engine) as connection:
        add_version(connection, POLICY, signer())
        with pytest.raises(InvalidInput):
            record_preview(connection, replace(preview_of(POLICY), figures={"n": float("inf")}), signer())


def test_any_preview_can_be_had(engine: Engine) -> None:
    """By its number with who made it, those of a version, and the last of several versions."""
    with writing(engine) as connection:
        for policy in (POLICY, OTHER):
            add_version(connection, policy, signer())
        for by, policy in (("ada", POLICY), ("bea", OTHER), ("cara", POLICY)):
            record_preview(connection, preview_of(policy), signer(by))
        found = preview_numbered(connection, 2, KEYS)
        assert (found.number, found.by, found.preview) == (2, "bea", preview_of(OTHER))
        assert [one.number for one in previews_of(connection, POLICY.version, KEYS, 10)] == [3, 1]
        assert [one.number for one in previews_of(connection, POLICY.version, KEYS, 1)] == [3]
        last = last_previews(connection, [POLICY.version, OTHER.version, "none"], KEYS)
        assert {version: one and one.number for version, one in last.items()} == {POLICY.version: 3, OTHER.version: 2}
        third = PREVIEWS.update().where(PREVIEWS.c.number == 3)
        signed = connection.execute(select(PREVIEWS.c.signed).where(PREVIEWS.c.number == 3)).scalar_one()
        connection.execute(third.values(signed={**signed, "shares": {**SMALL, "tenured": 0.5}}))
        assert last_previews(connection, [POLICY.version], KEYS) == {POLICY.version: None}
        connection.execute(third.values(signed=signed))
        assert last_previews(connection, [POLICY.version], KEYS) == {POLICY.version: last[POLICY.version]}
        with pytest.raises(MissingData, match="no preview 9"):
            preview_numbered(connection, 9, KEYS)


def test_how_long_one_may_rest_on_it() -> None:
    """Seven days to the moment, and not before it was made."""
    preview = preview_of(POLICY)
    assert preview.is_fresh(NOW)
    assert preview.is_fresh(NOW + timedelta(days=7))
    assert not preview.is_fresh(NOW + timedelta(days=7, microseconds=1))
    assert not preview.is_fresh(NOW - timedelta(microseconds=1))
