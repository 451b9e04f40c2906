"""Places in a staged roll-out: even, stable, secret."""

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from tests.act.decide.made import facts

from stillwatch.act.decide.stream import Stream, place_of, stream_of
from stillwatch.model.decision import Request

KEY = bytes(range(32))


def test_places_are_even() -> None:
    """Ten thousand streams against the uniform distribution."""
    places = [place_of(Stream(f"c-{n % 7}", f"account {n}"), KEY) for n in range(10_000)]
    assert kstest(places, "uniform").pvalue > 0.01


@given(st.text(), st.text(), st.binary(min_size=16, max_size=64))
def test_a_place_is_stable_and_in_range(campaign: str, account: str, key: bytes) -> None:
    """Whatever ids there are, lone surrogates among them."""
    stream = Stream(campaign, account)
    assert 0 <= place_of(stream, key) < 1
    assert place_of(stream, key) == place_of(Stream(campaign, account), key)


def test_ids_cannot_run_into_one_another_and_the_key_counts() -> None:
    """Where the campaign ends is part of the name; another installation has another order."""
    assert place_of(Stream("ab", "c"), KEY) != place_of(Stream("a", "bc"), KEY)
    assert place_of(Stream("a", "b"), KEY) != place_of(Stream("a", "b"), KEY[::-1])


def test_a_request_is_of_its_accounts_stream() -> None:
    """Or of none."""
    assert stream_of(Request("a-1"), facts("c-1")) == Stream("c-1", "a-1")
    assert stream_of(Request("a-1"), facts(None)) is None
