"""Bodies that are read together: each has its own answer, whatever the others are."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.collect.rows import SALT, exchange, ndjson

from stillwatch.model.reader import Record, Source
from stillwatch.service.collect.bodies import Body
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.formats import READERS, BodyFormat
from stillwatch.service.collect.gather import Gather, Taken
from stillwatch.service.collect.intake import Intake, IntakeRules
from stillwatch.service.collect.parcel import Outcome, Parcel
from stillwatch.service.collect.refusal import Refusal

NATIVE = BodyFormat.NATIVE
LINES = st.sampled_from(("good", "negative", "broken"))
ODD = st.sampled_from((b"\xff\xfe\x00", b"[1, 2", b"\x0a\xff\xff\xff", b"", b"{}"))
BODIES = st.one_of(
    st.lists(LINES, max_size=8).map(lambda kinds: (NATIVE, body_of(kinds))),
    st.tuples(st.sampled_from(list(BodyFormat)), ODD),
)


def body_of(kinds: list[str]) -> bytes:
    """Lines that are good, fail a check, or are no JSON."""
    made = {"good": {}, "negative": {"output_tokens": -1}}
    return b"".join(
        ndjson([exchange(f"{i}", time=1_700_000_000, **made[kind])]) if kind in made else b"{broken\n"
        for i, kind in enumerate(kinds)
    )


def intake() -> Intake:
    """One that takes the time of the lines."""
    return Intake(IntakeRules(SALT, rows=6, keep_days=36_500))


@given(st.lists(BODIES, min_size=1, max_size=6))
def test_together_as_alone(told: list[tuple[BodyFormat, bytes]]) -> None:
    """Read together, every body has the rows, the rows put aside, and the refusal that it has when it is read alone."""
    reader = intake()
    together = reader.read_together([Body(data, kind) for kind, data in told])
    n = 0
    for (kind, data), part in zip(told, together.parts, strict=True):
        if isinstance(part, Exception):
            with pytest.raises(Refusal) as refused:
                reader.read(data, kind)
            assert isinstance(part, Refusal)
            assert (part.status, str(part)) == (refused.value.status, str(refused.value))
            continue
        alone = reader.read(data, kind)
        assert together.parcel.rows.slice(part.start, part.stop - part.start).equals(alone.rows)
        assert part.aside.equals(alone.aside)
        n += part.n_received
    assert together.parcel.n_received == n


def test_a_reader_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body on which a reader fails in a way that nobody thought of costs the bodies beside it nothing."""

    class Failing:
        name, unit = "failing", "row"

        def recognises(self, _source: Source, /) -> bool:
            return True

        def read(self, _source: Source, /) -> Iterator[Record]:
            raise ZeroDivisionError

    monkeypatch.setitem(READERS, BodyFormat.LITELLM, Failing())
    good = Body(body_of(["good", "broken"]), NATIVE)
    parcel, parts = intake().read_together([good, Body(b"x", BodyFormat.LITELLM), good])
    assert isinstance(parts[1], ZeroDivisionError)
    assert [(part.start, part.stop, part.aside.num_rows) for part in (parts[0], parts[2])] == [(0, 1, 1), (1, 2, 1)]  # type: ignore[union-attr]
    assert (parcel.rows.num_rows, parcel.aside.num_rows) == (2, 2)


class Held:
    """A sink that answers when it is told to."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.answers: list[Future[Outcome]] = []

    def submit(self, parcel: Parcel) -> Future[Outcome]:
        self.parcels.append(parcel)
        self.answers.append(Future())
        return self.answers[-1]


def gathered(sink: Held, bounds: Bounds) -> Gather:
    """A gather before a sink."""
    return Gather(intake(), sink, bounds)


async def all_taken(gather: Gather, bodies: list[Body]) -> list[Taken | BaseException]:
    """Send them at once."""
    return await asyncio.gather(*(gather.take(body) for body in bodies), return_exceptions=True)


def test_those_that_wait_are_one_parcel() -> None:
    """Small bodies that wait are one parcel, large ones their own, and a refused one is in none."""
    sink, large = Held(), body_of(["good"] * 6)
    small = [Body(body_of(["good"]), NATIVE), Body(b"\xff\xfe", NATIVE), Body(body_of(["good", "negative"]), NATIVE)]
    bounds = Bounds(small_bytes=len(large) - 1)
    taken = asyncio.run(all_taken(gathered(sink, bounds), [*small, Body(large, NATIVE)]))
    assert sorted(parcel.n_received for parcel in sink.parcels) == [3, 6]
    assert isinstance(taken[1], Refusal)
    assert [one.share.n_received for one in taken if isinstance(one, Taken)] == [1, 2, 6]


def test_no_more_than_a_size_together() -> None:
    """What is read together has a bound of size."""
    sink, body = Held(), Body(body_of(["good"]), NATIVE)
    asyncio.run(all_taken(gathered(sink, Bounds(together_bytes=2 * len(body.data), gather_s=0)), [body] * 7))
    assert sum(parcel.n_received for parcel in sink.parcels) == 7
    assert max(parcel.n_received for parcel in sink.parcels) <= 3


def test_whoever_goes_away_takes_nothing_from_the_others() -> None:
    """Of two that wait for one parcel one goes away; the other hears what became of its own rows."""
    sink = Held()

    async def run() -> Outcome:
        gather = gathered(sink, Bounds())
        one, two = await asyncio.gather(*(gather.take(Body(body_of(["good"]), NATIVE)) for _ in range(2)))
        gone, stays = asyncio.create_task(one.outcome()), asyncio.create_task(two.outcome())
        await asyncio.sleep(0)
        gone.cancel()
        threading.Timer(0.01, sink.answers[0].set_result, [Outcome(2, 0, 0)]).start()
        return await stays

    assert asyncio.run(run()) == Outcome(1, 0, 0)


def test_a_sink_that_refuses() -> None:
    """When the sink takes nothing now, all of them are told so."""

    class Full(Held):
        def submit(self, _parcel: Parcel) -> Future[Outcome]:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "full", 2)

    taken = asyncio.run(all_taken(gathered(Full(), Bounds()), [Body(body_of(["good"]), NATIVE)] * 3))
    assert [str(one) for one in taken] == ["full"] * 3
