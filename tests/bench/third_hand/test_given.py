"""People who were given the same list: who takes up what, when, and a relay's routers."""

from dataclasses import replace

import numpy as np
import pytest

from stillwatch.bench.third_hand.clock import DAY_US, HOUR_US
from stillwatch.bench.third_hand.exercises import Visits, assigned, goals
from stillwatch.bench.third_hand.kinds import KINDS, Kind
from stillwatch.bench.third_hand.relay import ROUTERS, restocked, routed
from stillwatch.bench.third_hand.spinning import draw_keys
from stillwatch.bench.third_hand.timetable import taken_up

GIVEN = tuple(k for k in KINDS if k.asks)
END_US = 21 * DAY_US


def kind(name: str) -> Kind:
    """Row of the table."""
    return next(k for k in KINDS if k.name == name)


@pytest.mark.parametrize("row", GIVEN, ids=lambda k: k.name)
@pytest.mark.parametrize("seed", range(4))
def test_everybody_takes_up_something_of_the_list(row: Kind, seed: int) -> None:
    """People stand together, nobody is left out, and there are about as many visits as were asked for."""
    accounts, each = 40, 50
    visits = assigned(np.random.default_rng(seed), row, accounts, accounts * each)
    assert (np.diff(visits.person) >= 0).all()
    assert set(visits.person.tolist()) == set(range(accounts))
    assert visits.item.max() < visits.questions
    assert 0.4 * accounts * each < len(visits.person) < 1.4 * accounts * each
    if not row.panel:
        assert row.given[0] <= visits.questions <= row.given[1]


def test_a_panel_judges_the_same_answers() -> None:
    """Each answer is judged by all of one panel and by nobody else, as often by each."""
    row = replace(kind("judge-fleet"), panel=(4,))
    visits = assigned(np.random.default_rng(1), row, 40, 2400)
    panels = {tuple(np.unique(visits.person[visits.item == i])) for i in range(visits.questions)}
    assert sorted(j for panel in panels for j in panel) == list(range(40))
    assert {len(panel) for panel in panels} == {4}


@pytest.mark.parametrize("row", GIVEN, ids=lambda k: k.name)
def test_times_stay_in_the_span(row: Kind) -> None:
    """Every way of taking up a list keeps to the window, and sittings belong to one person."""
    for how in row.rhythm:
        rng = np.random.default_rng(3)
        visits = assigned(rng, row, 30, 600)
        times, sitting = taken_up(rng, how, visits, 5 * DAY_US, END_US)
        assert len(times) == len(sitting) == len(visits.person)
        assert times.min() >= 5 * DAY_US
        assert times.max() <= END_US
        whose = {(s, p) for s, p in zip(sitting.tolist(), visits.person.tolist(), strict=True)}
        assert len(whose) == len(set(sitting.tolist()))


def test_a_lab_lasts_two_hours() -> None:
    """All of a group sit in the same two hours, each exercise sheet in a lab of its own."""
    person, item = np.repeat(np.arange(60), 12), np.tile(np.arange(12), 60)
    visits = Visits(person, item, np.zeros(720, np.int64), 12)
    times, sitting = taken_up(np.random.default_rng(4), "labs", visits, 0, END_US)
    lasting = [np.ptp(times[sitting == s]) for s in np.unique(sitting)]
    assert np.mean(np.array(lasting) <= 2 * HOUR_US) > 0.9
    assert len(np.unique(times // (HOUR_US // 2))) < 0.2 * END_US / (HOUR_US // 2)


def test_a_task_keeps_its_facts_in_other_words() -> None:
    """Wordings of one task differ; the numbers in them do not."""
    listed = goals(np.random.default_rng(5), 12)
    for i in range(len(listed)):
        texts = listed.text(np.full(50, i), draw_keys(np.arange(50), 6)).to_pylist()
        assert len(set(texts)) > 8
        numbers = [frozenset(w for w in t.replace("-", " ").split() if w.isdigit()) for t in texts]
        assert len(frozenset().union(*numbers)) <= 2


@pytest.mark.parametrize("how", ROUTERS)
def test_routers_use_all_keys(how: str) -> None:
    """Every key carries something; who sticks, sticks."""
    rng = np.random.default_rng(7)
    person = rng.integers(0, 400, 4000)
    sitting = person * 8 + rng.integers(0, 8, 4000)
    key = routed(rng, how, person, sitting, (20, 1))
    counts = np.bincount(key, minlength=20)
    assert len(counts) == 20
    assert counts.min() > 0
    stuck = {"customer": person, "conversation": sitting}.get(how)
    if stuck is not None:
        assert len(set(zip(stuck.tolist(), key.tolist(), strict=True))) == len(set(stuck.tolist()))


def test_fronts_share_keys_or_have_their_own() -> None:
    """With several shops both happen, and keys of their own are never mixed."""
    apart = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        person = rng.integers(0, 300, 3000)
        key = routed(rng, "request", person, person, (24, 3))
        apart.append(bool((key % 3 == person % 3).all()))
    assert {True, False} == set(apart)


def test_keys_are_bought_before_they_are_needed() -> None:
    """A batch is opened within an hour, before the first of it is used."""
    first = np.sort(np.random.default_rng(8).integers(0, END_US, 90))
    opened = restocked(np.random.default_rng(9), first)
    assert (opened < first).all()
    assert len(np.unique(opened // HOUR_US)) < 45
