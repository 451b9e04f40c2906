"""Long work: one after the other, seen by whoever began it, and never a reason for the console to fail."""

import logging
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.console.conftest import Rig

from stillwatch.console.jobs import Job, Jobs
from stillwatch.errors import InvalidInput
from stillwatch.web.problem import Problem

Tell = Callable[[str, int, int], None]


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    """With a thread that ends with the test."""
    made = Jobs()
    yield made
    made.close()
    made._hands.shutdown(wait=True)


def settled(jobs: Jobs) -> None:
    """Wait for everything that was begun: there is one thread."""
    jobs._hands.submit(int).result(timeout=30)


def test_work_tells_how_far_it_is_and_what_came_of_it(jobs: Jobs) -> None:
    """Stage by stage, then the page that shows it."""
    told, go_on = threading.Event(), threading.Event()

    def work(tell: Tell) -> str:
        tell("replaying", 3, 10)
        told.set()
        assert go_on.wait(30)
        return "/console/policies/1"

    job = jobs.begin("Preview", "ada", work)
    assert told.wait(30)
    assert (job.stage, job.done, job.total, job.is_over) == ("replaying", 3, 10, False)
    go_on.set()
    settled(jobs)
    assert (job.where, job.wrong, job.is_over) == ("/console/policies/1", None, True)


def test_nobody_else_sees_it(jobs: Jobs) -> None:
    """By its number, only who began it; no other number is anything."""
    job = jobs.begin("Preview", "ada", lambda _: "/x")
    assert jobs.of(job.number, "ada") is job
    assert jobs.of(job.number, "bea") is None
    assert jobs.of(job.number + 1, "ada") is None
    assert jobs.of(0, "ada") is None


def test_a_failure_of_ours_says_why(jobs: Jobs) -> None:
    """In its own words."""

    def work(_tell: Tell) -> str:
        message = "there is no traffic of that day"
        raise InvalidInput(message)

    job = jobs.begin("Preview", "ada", work)
    settled(jobs)
    assert (job.wrong, job.where) == ("there is no traffic of that day", None)


def test_any_other_failure_is_for_the_log(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    """The page says nothing of it; the next work is done."""

    def work(_tell: Tell) -> str:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR, "stillwatch.console"):
        job = jobs.begin("Preview", "ada", work)
        following = jobs.begin("Preview", "ada", lambda _: "/x")
        settled(jobs)
    assert "log says where" in str(job.wrong)
    assert "ZeroDivisionError" not in str(job.wrong)
    assert "work of the console failed: ZeroDivisionError" in caplog.messages
    assert following.where == "/x"


def test_too_much_work_waits(jobs: Jobs) -> None:
    """Eight at a time; when one is done there is room for one."""
    go_on = threading.Event()
    begun: list[Job] = [jobs.begin("Preview", "ada", lambda _: str(go_on.wait(30))) for _ in range(8)]
    with pytest.raises(Problem, match="too much work waits") as caught:
        jobs.begin("Preview", "bea", lambda _: "/x")
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "30")
    go_on.set()
    settled(jobs)
    assert all(job.is_over for job in begun)
    assert jobs.begin("Preview", "bea", lambda _: "/x").number == 9


def test_old_work_is_forgotten(jobs: Jobs) -> None:
    """The last hundred are known."""
    begun = []
    for _ in range(102):
        begun.append(jobs.begin("Preview", "ada", lambda _: "/x"))
        settled(jobs)
    assert [jobs.of(job.number, "ada") is None for job in begun] == [True] * 2 + [False] * 100


def test_the_page_of_work_is_its_owners(rig: Rig) -> None:
    """Another person, a number that is none, and work that was forgotten: there is no such page."""
    job = rig.console.jobs.begin("Preview <b>", "ada", lambda _: "/console/policies")
    settled(rig.console.jobs)
    page = rig.as_("ada").get(f"/console/jobs/{job.number}")
    assert page.status_code == 200
    assert "Preview &lt;b&gt;" in page.text
    for name, number in (("bea", str(job.number)), ("ada", "99"), ("ada", "x"), ("ada", "²"), ("ada", "9" * 5_000)):
        assert rig.as_(name).get(f"/console/jobs/{number}").status_code == 404
