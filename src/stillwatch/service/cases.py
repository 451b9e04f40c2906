"""Cases of what a tick of the watch found."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from stillwatch.act.cases.opening import update_cases
from stillwatch.act.trail import Trail
from stillwatch.errors import Declined
from stillwatch.report.write import read_figures

__all__ = ["note_findings"]

_WAITS_S: Final = (0.5, 2.0)


def note_findings(
    engine: Engine, trail: Trail, findings: Path, now: datetime, sleep: Callable[[float], None] = time.sleep
) -> list[str]:
    """Bring the cases up to date with a folder of findings; ids of those to which something happened.

    All or nothing, and twice is once. A database that does not answer is tried three times within seconds; then the
    next tick makes it good, as findings hold all that is in the window.

    engine      The service's database.
    sleep       Waits between the tries.
    Raises      Declined when the database does not answer; as `read_figures`.
    """
    campaigns = read_figures(findings)
    for wait_s in (*_WAITS_S, None):
        try:
            with engine.begin() as connection:
                return update_cases(connection, trail, campaigns, now)
        except DBAPIError as error:
            if wait_s is None:
                message = f"the database does not take the cases of a tick: {type(error).__name__}"
                raise Declined(message) from error
            sleep(wait_s)
    raise AssertionError  # the last try returns or raises
