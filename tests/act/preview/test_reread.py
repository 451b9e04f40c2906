"""Recorded previews read back: the same, without whom they were about."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.preview.made import LADDER, judged, world

from stillwatch.act.policy.previews import Preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.figures import Previewed
from stillwatch.act.preview.preview import previewed
from stillwatch.act.preview.record import recorded
from stillwatch.act.preview.reread import reread

NOW = datetime(2026, 11, 27, tzinfo=UTC)
POLICY = read_policy(LADDER, "ladder")


def kept(found: Previewed) -> Preview:
    """A preview as the database gives it back."""
    told = recorded(found, NOW)
    return replace(told, figures=json.loads(json.dumps(dict(told.figures))))


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_it_is_what_it_was(seed: int) -> None:
    """All figures come back; hard cases, single campaigns and free labels do not."""
    found = previewed(judged(*world(seed), POLICY))
    again = reread(kept(found), POLICY)
    assert again is not None
    whole = tuple(replace(one, found_at=None) for one in found.effects[:1])
    names = {one.name for one in again.breakdowns}
    assert again == replace(
        found,
        hardest=(),
        failed=(),
        effects=whole,
        breakdowns=tuple(one for one in found.breakdowns if one.name in names),
    )
    assert names == {"verdict", "tenure", "verified level", "spend band", "region"}


@pytest.mark.parametrize("figures", [{}, {"traffic": 7}, {"traffic": {"exchanges": 1, "users": 2}}])
def test_figures_of_another_form_are_none(figures: dict[str, object]) -> None:
    """What an older or newer program wrote is not guessed at."""
    told = kept(previewed(judged(*world(1), POLICY)))
    assert reread(replace(told, figures=figures), POLICY) is None
    assert reread(replace(told, figures={**told.figures, "rules": [{"rule": None, "action": "hit"}]}), POLICY) is None
