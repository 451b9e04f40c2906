"""Options of campaigns, and how they are written."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.simulate.options import KEYS, POLICIES, Options, read_specs

KINDS = ("slow-drip", "relay-mixed", "one-per-account")


def test_every_option_has_a_key() -> None:
    """What the API takes the command line takes."""
    assert list(KEYS) == [f.name for f in dataclasses.fields(Options)]


def test_a_full_spec() -> None:
    """All keys at once."""
    (spec,) = read_specs(
        ["relay-mixed:cover=10,policy=idle,payment_group=40,lifetime_days=3,pivot_day=6,accounts=60,per_account=3.5"],
        KINDS,
        14.0,
    )
    assert spec.kind == "relay-mixed"
    assert spec.options == Options(60, 3.5, 10.0, "idle", 40, 3.0, 6.0)


@given(
    options=st.builds(
        Options,
        accounts=st.none() | st.integers(1, 200_000),
        per_account=st.none() | st.floats(1.0, 1e6),
        cover=st.none() | st.floats(0.0, 30.0),
        policy=st.none() | st.sampled_from(POLICIES),
        payment_group=st.none() | st.integers(1, 200_000),
        lifetime_days=st.none() | st.floats(0.05, 365.0),
        pivot_day=st.none() | st.floats(0.0, 13.0),
    )
)
def test_what_is_written_is_read(options: Options) -> None:
    """Any options survive being written as a spec."""
    given_ = {k: v for k, v in dataclasses.asdict(options).items() if v is not None}
    text = "slow-drip" + (":" + ",".join(f"{k}={v!r}".replace("'", "") for k, v in given_.items()) if given_ else "")
    assert read_specs([text], KINDS, 14.0)[0].options == options


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nobody", "campaigns must be among slow-drip, relay-mixed, one-per-account; got 'nobody'"),
        ("slow-drip:", "must be KEY=VALUE"),
        ("slow-drip:accounts", "'accounts' must be KEY=VALUE with a key among accounts, per_account"),
        ("slow-drip:size=3", "'size' must be KEY=VALUE"),
        ("slow-drip:accounts=-1", "accounts must be a whole number from 1 to 200,000, got '-1'"),
        ("slow-drip:accounts=2.5", "accounts must be a whole number"),
        ("slow-drip:accounts=1,accounts=2", "accounts is given twice"),
        ("slow-drip:cover=31", "cover must be a number from 0 to 30, got '31'"),
        ("slow-drip:cover=nan", "cover must be a number"),
        ("slow-drip:per_account=inf", "per_account must be a number"),
        ("slow-drip:policy=random", "policy must be one of uniform, idle, quotas, sticky, got 'random'"),
        ("slow-drip:pivot_day=14", "pivot_day must be less than days=14, got 14"),
        ("one-per-account:per_account=2", "per_account must be 1, got 2"),
    ],
)
def test_bad_specs_are_refused(text: str, said: str) -> None:
    """What is wrong is named with what is allowed."""
    with pytest.raises(InvalidInput) as caught:
        read_specs([text], KINDS, 14.0)
    assert said in str(caught.value)


def test_every_problem_at_once() -> None:
    """One message lists everything that is wrong in all specs."""
    with pytest.raises(InvalidInput) as caught:
        read_specs(["slow-drip:cover=x,policy=y", "nobody"], KINDS, 14.0)
    assert all(word in str(caught.value) for word in ("cover must", "policy must", "nobody"))
