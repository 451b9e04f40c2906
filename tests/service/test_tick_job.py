"""Lines between a ticker and its process say what was said."""

import dataclasses
from pathlib import Path

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.service.tick_job import Failure, TickJob, answer_line, answer_of, job_line, job_of
from stillwatch.watch import Tick, WatchOptions


def test_there_and_back() -> None:
    """A job, a tick and a failure are the same after they went through a pipe, a line each."""
    options = WatchOptions(12, 60, Path("accounts"), "hashed", "1GB", 2, Path("reference"), (Path("a"), Path("b")), 7)
    assert all(getattr(options, one.name) != one.default for one in dataclasses.fields(options))
    job = TickJob(Path("logs"), Path("state"), Path("out"), options)
    done = Tick("mark", 5, "now", 1, 2, 3, 4, (1, 2), "then", 0.5, {"read": 0.1}, "index-000001 abc", is_idle=True)
    assert job_of(job_line(job).removesuffix(b"\n")) == job
    for answer in (done, Failure("InvalidInput", "two\nlines")):
        assert answer_line(answer).count(b"\n") == 1
        assert answer_of(answer_line(answer)) == answer


@pytest.mark.parametrize("line", [b"", b"nothing", b"[]", b"{}", b'{"tick": {}}', b'{"failure": {"x": 1}}', b"\xff"])
def test_what_is_no_line_of_ours(line: bytes) -> None:
    """It is refused, and nothing of it is repeated."""
    for read in (job_of, answer_of):
        with pytest.raises(InvalidInput, match=f"a line of {len(line)} bytes"):
            read(line)
