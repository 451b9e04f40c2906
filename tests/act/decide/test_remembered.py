"""What is remembered of streams, against a list: in bounded memory, and fairly between campaigns."""

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.act.decide.remembered import Remembered
from stillwatch.act.decide.stream import Stream

CAME = st.lists(st.tuples(st.sampled_from("cdef"), st.integers(0, 12)), max_size=120)


@given(CAME, st.integers(1, 9))
def test_as_a_list_has_it(came: list[tuple[str, int]], most: int) -> None:
    """Who is forgotten is the oldest of a campaign that has the most, and nobody is while there is room."""
    known, expected = Remembered[int](most), dict[Stream, int]()
    for value, (campaign, account) in enumerate(came):
        stream = Stream(campaign, str(account))
        forgotten = known.keep(stream, value)
        expected.pop(stream, None)
        expected[stream] = value
        if len(expected) <= most:
            assert forgotten is None
        else:
            assert forgotten is not None
            sizes = {one: sum(s.campaign_id == one for s in expected) for one in "cdef"}
            assert sizes[forgotten.campaign_id] == max(sizes.values())
            assert forgotten == next(s for s in expected if s.campaign_id == forgotten.campaign_id)
            del expected[forgotten]
        assert {s: known.get(s) for s in expected} == expected
        assert (len(known), known.count(campaign)) == (
            len(expected),
            sum(s.campaign_id == campaign for s in expected),
        )


@given(CAME)
def test_a_campaign_within_its_share_loses_nobody(came: list[tuple[str, int]]) -> None:
    """Of four campaigns and forty places, ten of one stay whatever the others bring."""
    known = Remembered[int](40)
    for n in range(10):
        known.keep(Stream("small", str(n)), n)
    for n in range(200):
        known.keep(Stream("large", str(n)), n)
    for campaign, account in came:
        known.keep(Stream(campaign[0] if campaign in "cd" else "large", f"other {account}"), 0)
    assert [known.get(Stream("small", str(n))) for n in range(10)] == list(range(10))


def test_of_campaigns_of_one_stream_the_oldest_goes() -> None:
    """Ten thousand of them leave the last hundred, and nothing else."""
    known = Remembered[int](100)
    for n in range(10_000):
        known.keep(Stream(str(n), "a"), n)
    assert len(known) == len(known._values) == 100
    assert set(known._of_size) == {1}
    assert known.get(Stream("9900", "a")) == 9900
    assert known.get(Stream("9899", "a")) is None
