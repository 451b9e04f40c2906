"""The traffic of the last two days, as a table to take away."""

import pyarrow as pa
from starlette.responses import Response

from stillwatch.console.downloads import download
from stillwatch.console.visit import Visit

__all__ = ["take_traffic"]


def take_traffic(visit: Visit) -> Response:
    """Exchanges by hour."""
    hours = visit.console.hours.last(visit.now)
    return download(
        visit, pa.table({"start": [at for at, _ in hours], "n_exchanges": [n for _, n in hours]}), "traffic"
    )
