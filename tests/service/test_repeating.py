"""Work that is done again and again."""

import threading

from stillwatch.service.repeating import Repeating


class _Secret(Exception):  # noqa: N818 - a name that tells nothing
    """Its text may hold what somebody sent."""


def test_work_that_fails_is_told_and_done_again() -> None:
    """An error ends neither the thread nor the telling; what goes well again is no problem any more."""
    times, done, seen = 0, threading.Event(), threading.Event()

    def work() -> None:
        nonlocal times
        times += 1
        if times == 1:
            seen.set()
            raise _Secret
        if times == 3:
            done.set()

    with Repeating("trial", 0.01, work) as repeating:
        assert seen.wait(5)
        assert done.wait(5)
    assert repeating.problem is None


def test_the_problem_names_the_error_and_not_what_it_says() -> None:
    """The text of an error may hold what somebody sent."""
    failed = threading.Event()

    def work() -> None:
        failed.set()
        raise _Secret

    with Repeating("trial", 60, work) as repeating:
        assert failed.wait(5)
    assert repeating.problem == "_Secret"


def test_the_end_waits_for_the_work_that_is_being_done() -> None:
    """Nothing of a thread goes on after its block."""
    begun, ended = threading.Event(), False

    def work() -> None:
        nonlocal ended
        begun.set()
        threading.Event().wait(0.05)
        ended = True

    with Repeating("trial", 60, work):
        assert begun.wait(5)
    assert ended
