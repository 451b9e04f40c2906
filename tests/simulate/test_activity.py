"""Sessions, conversations and turns of people."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.simulate.activity import act, habits


@given(counts=st.lists(st.integers(1, 40), min_size=1, max_size=20), days=st.integers(1, 30), seed=st.integers(0, 99))
def test_activity_is_complete(counts: list[int], days: int, seed: int) -> None:
    """Everybody acts as often as stated, inside the window, in numbered sessions and conversations."""
    rng = np.random.default_rng(seed)
    activity = act(rng, habits(rng, np.array(counts, np.int64), float(days)), float(days))
    assert np.bincount(activity.person, minlength=len(counts)).tolist() == counts
    assert activity.time_s.min() >= 0.0
    assert set(np.diff(activity.session, prepend=-1).tolist()) <= {0, 1}
    assert set(np.diff(activity.conversation, prepend=-1).tolist()) <= {0, 1}
    for talk in range(int(activity.conversation[-1]) + 1):
        mine = activity.conversation == talk
        assert activity.turn[mine].tolist() == list(range(1, int(mine.sum()) + 1))
        assert len(set(activity.person[mine].tolist())) == 1


def test_sessions_of_a_person_are_in_order() -> None:
    """The sessions of a person follow one another, so that an old conversation can be taken up."""
    rng = np.random.default_rng(1)
    activity = act(rng, habits(rng, np.full(50, 60, np.int64), 14.0), 14.0)
    start = np.flatnonzero(np.diff(activity.session, prepend=-1))
    same = activity.person[start][1:] == activity.person[start][:-1]
    later = np.diff(activity.time_s[start]) >= 0.0
    assert later[same].mean() > 0.99


def test_weekends_are_quieter() -> None:
    """People who do not work at weekends hardly act then."""
    rng = np.random.default_rng(2)
    person = habits(rng, np.full(200, 30, np.int64), 14.0)
    person.weekend[:] = 0.0
    person.first_day[:] = 0.0
    day = act(rng, person, 14.0).time_s // 86_400 % 7
    assert np.isin(day, (5, 6)).mean() < 0.12
