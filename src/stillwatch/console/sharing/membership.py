"""Pages that mean something only for a member: for whoever is none they say how to join."""

import functools
from collections.abc import Callable
from http import HTTPStatus

from starlette.responses import Response

from stillwatch.console.jobs import Work
from stillwatch.console.sharing.database import has_run
from stillwatch.console.visit import Visit, at
from stillwatch.errors import MissingData
from stillwatch.share.node.settings import NodeSettings

__all__ = ["begun", "needed_node", "of_member"]

Answer = Callable[[Visit, NodeSettings], Response]


def of_member(answer: Answer) -> Callable[[Visit], Response]:
    """The page where there is a node that has run; else what is to be done first."""

    @functools.wraps(answer)
    def show(visit: Visit) -> Response:
        node = visit.console.node
        if node is None or not has_run(node):
            return visit.render("sharing/none", {"node": node}, HTTPStatus.OK)
        return answer(visit, node)

    return show


def needed_node(visit: Visit) -> NodeSettings:
    """Settings of the node.

    Raises      MissingData when the provider is no member.
    """
    if visit.console.node is None:
        message = "the provider is no member of an exchange: there is nobody to tell"
        raise MissingData(message)
    return visit.console.node


def begun(visit: Visit, what: str, work: Work) -> Response:
    """Begin a job, and go to its page.

    what        In words for the person.
    Raises      As `Jobs.begin`.
    """
    job = visit.console.jobs.begin(what, visit.user.name, work)
    return visit.see(at("jobs", str(job.number)))
