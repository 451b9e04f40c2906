"""Bodies read in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fixtures.opened import FIXTURES
from tests.service.collect.rows import SALT, exchange, ndjson
from tests.service.collect.test_intake import REAL

from stillwatch.service.collect.bodies import Body
from stillwatch.service.collect.clock import Clock
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.intake import Intake, IntakeRules, Together
from stillwatch.service.collect.parcel import Share
from stillwatch.service.collect.reading_apart import ReadingApart
from stillwatch.service.collect.reading_words import Unreadable
from stillwatch.service.collect.refusal import Refusal

RULES = IntakeRules(SALT, keep_days=3650, rows=20)
NOW = time.time()
DEADLY = b"this ends whoever reads it"
MORTAL = """
import os, sys
from stillwatch.service.collect import intake, reading_child
read = intake.Intake.read_together
def mortal(self, bodies):
    if any(b"this ends whoever reads it" in body.data for body in bodies):
        os._exit(9)
    return read(self, bodies)
intake.Intake.read_together = mortal
reading_child.main()
"""


class Side(NamedTuple):
    """Both ways of reading, by one clock."""

    apart: ReadingApart
    here: Intake

    def same(self, bodies: list[Body]) -> Together:
        """What both give, which is one thing."""
        there, here = self.apart.read_together(bodies), self.here.read_together(bodies)
        assert there.parcel.rows.equals(here.parcel.rows, check_metadata=True)
        assert there.parcel.aside.equals(here.parcel.aside)
        assert [told(part) for part in there.parts] == [told(part) for part in here.parts]
        return there


def told(part: Share | Exception) -> tuple[object, ...]:
    """A share or a refusal as plain values."""
    if isinstance(part, Share):
        return part.start, part.stop, part.aside.to_pylist()
    if isinstance(part, Refusal):
        return part.status, part.reason, part.retry_after_s
    return ("failed", str(part) if isinstance(part, Unreadable) else type(part).__name__)


@pytest.fixture(scope="module")
def side() -> Iterator[Side]:
    """One process, for all tests that do it no harm."""
    clock = Clock(lambda: NOW, lambda: 0.0)
    with ReadingApart(RULES, clock, 1) as apart:
        yield Side(apart, Intake(RULES, clock))


def native(*names: str) -> Body:
    """A body of these exchanges."""
    return Body(ndjson(exchange(name, time=NOW) for name in names), BodyFormat.NATIVE)


def apart_of(command: str, n_most: int = 1) -> ReadingApart:
    """Processes that run this program."""
    return ReadingApart(RULES, Clock(), n_most, (sys.executable, "-c", command))


@pytest.mark.parametrize(("kind", "name"), REAL, ids=[name for _, name in REAL])
def test_real_exports_are_read_as_in_this_process(side: Side, kind: BodyFormat, name: str) -> None:
    """Rows, rows put aside and shares, between two bodies of another kind."""
    side.same([native("a"), Body((FIXTURES / name).read_bytes(), kind), native("b", "c")])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(list(BodyFormat)), st.binary(max_size=200)), min_size=1, max_size=4))
def test_anything_is_read_as_in_this_process(side: Side, sent: list[tuple[BodyFormat, bytes]]) -> None:
    """Whatever is sent, refused and read together alike."""
    side.same([Body(data, kind) for kind, data in sent])


def test_the_refused_are_told_by_body(side: Side) -> None:
    """Too many rows are refused with the status and the words of this process; the others are kept."""
    together = side.same([native("a"), native(*(f"x{i}" for i in range(21))), native("b")])
    assert isinstance(together.parts[1], Refusal)
    assert together.parts[1].status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert together.parcel.rows["exchange_id"].to_pylist() == ["a", "b"]


def test_times_are_those_of_the_clock_here() -> None:
    """A clock that is years ahead decides what is too old, not the machine's."""
    now = [NOW]
    with ReadingApart(IntakeRules(SALT, keep_days=30), Clock(lambda: now[0], lambda: 0.0), 1) as apart:
        assert apart.read_together([native("a")]).parcel.rows.num_rows == 1
    later = Clock(lambda: NOW + 90 * 86_400, lambda: 0.0)
    with ReadingApart(IntakeRules(SALT, keep_days=30), later, 1) as apart:
        assert apart.read_together([native("a")]).parcel.aside.num_rows == 1


def test_a_process_that_was_killed_is_replaced(side: Side) -> None:
    """What it is asked next is answered by another."""
    (pid,) = side.apart.pids
    os.kill(pid, signal.SIGKILL)
    assert side.apart.read_together([native("a"), native("b")]).parcel.rows["exchange_id"].to_pylist() == ["a", "b"]
    assert side.apart.pids != [pid]


def test_a_body_that_kills_costs_the_others_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It alone is sent away, to come again later; the log has its size and nothing that is in it."""
    deadly = Body(DEADLY, BodyFormat.NATIVE)
    with apart_of(MORTAL) as apart:
        together = apart.read_together([native("a"), deadly, native("b")])
    assert together.parcel.rows["exchange_id"].to_pylist() == ["a", "b"]
    first, refused, last = together.parts
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.retry_after_s) == (HTTPStatus.SERVICE_UNAVAILABLE, 60)
    assert [(part.start, part.stop) for part in (first, last) if isinstance(part, Share)] == [(0, 1), (1, 2)]
    assert f"one of {len(DEADLY)} bytes, native" in caplog.text
    assert "whoever" not in caplog.text


@pytest.mark.parametrize("program", ["print('nonsense')", "import time; time.sleep(0.1)", "raise SystemExit(3)"])
def test_one_that_talks_nonsense_is_none(program: str) -> None:
    """Nothing of the body is kept, and nobody waits for ever."""
    with apart_of(program) as apart:
        (part,) = apart.read_together([native("a")]).parts
    assert isinstance(part, Refusal)


def test_it_dies_with_whoever_started_it(tmp_path: Path) -> None:
    """Also when that one is killed."""
    program = (
        "import sys, time\n"
        "from stillwatch.service.collect.clock import Clock\n"
        "from stillwatch.service.collect.intake import IntakeRules\n"
        "from stillwatch.service.collect.reading_apart import ReadingApart\n"
        "apart = ReadingApart(IntakeRules(b'salt'), Clock(), 1)\n"
        "print(apart.pids[0], flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=tmp_path) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    end = time.monotonic() + 60
    while time.monotonic() < end and Path(f"/proc/{pid}").exists() and _state(pid) != "Z":
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists() or _state(pid) == "Z"


def _state(pid: int) -> str:
    """One letter; Z for what has ended and nobody has asked after."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def test_a_secret_is_no_argument(side: Side) -> None:
    """The salt is in neither the arguments nor the surroundings of the process."""
    (pid,) = side.apart.pids
    told_to_all = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
    assert SALT not in told_to_all
    assert SALT.hex().encode() not in told_to_all
