"""Long work: how far it is, and where to look at what came of it. Only who began it sees it."""

from typing import Final

from starlette.responses import Response

from stillwatch.console.page import Page, look
from stillwatch.console.visit import Visit
from stillwatch.errors import MissingData
from stillwatch.report.sentences import stage

__all__ = ["PAGES"]

_MOST_DIGITS: Final = 9


def show_job(visit: Visit) -> Response:
    """The page; it loads itself again until the work is over.

    Raises      MissingData when there is no such work of that person.
    """
    told = visit.part("number")
    number = int(told) if told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS else 0
    job = visit.console.jobs.of(number, visit.user.name)
    if job is None:
        message = "there is no such work of yours, or it was done before the service was started"
        raise MissingData(message)
    return visit.render("job", {"job": job, "stage": stage(job.stage)})


PAGES: Final[tuple[Page, ...]] = (look("/jobs/{number}", show_job),)
