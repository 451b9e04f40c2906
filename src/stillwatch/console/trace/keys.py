"""Pages of the keys that were committed to."""

from pathlib import Path
from typing import Any, Final

from starlette.responses import Response

from stillwatch.console.rendering import HEADERS
from stillwatch.console.trace.committed import (
    COMMITMENTS,
    MOST_COMMITMENTS,
    Epoch,
    epoch_at,
    epochs_in,
    holds_root,
    ledger_of,
    newest_head,
)
from stillwatch.console.trace.folders import read_part
from stillwatch.console.visit import Visit, at
from stillwatch.errors import MissingData, StillwatchError

__all__ = ["MOST_EPOCHS", "epochs_shown", "show_epoch", "take_commitments"]

MOST_EPOCHS: Final = 12


def epochs_shown(folder: Path | None) -> tuple[list[Epoch], int, str]:
    """The last epochs, how many there are in all, and why none can be shown; the text is empty when they can."""
    if folder is None:
        return [], 0, ""
    try:
        names = epochs_in(folder)
        with ledger_of(folder) as connection:
            head = newest_head(connection)
            return [epoch_at(connection, folder, name, head) for name in names[:MOST_EPOCHS]], len(names), ""
    except StillwatchError as error:
        return [], 0, str(error)


def show_epoch(visit: Visit) -> Response:
    """One epoch: its scheme, its commitments, and the proof that the ledger holds them."""
    folder, name = _folder(visit), visit.part("name")
    with ledger_of(folder) as connection:
        epoch = epoch_at(connection, folder, name, newest_head(connection))
    values: dict[str, Any] = {
        "epoch": epoch,
        "holds": None if epoch.recorded is None else holds_root(folder, name, epoch.recorded.root),
        "commitments": at("trace", "epochs", name, COMMITMENTS),
    }
    return visit.render("trace/epoch", values)


def take_commitments(visit: Visit) -> Response:
    """The list of commitments, which tells no secret and no name."""
    data = read_part(_folder(visit) / "epochs", visit.part("name"), COMMITMENTS, MOST_COMMITMENTS)
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{COMMITMENTS}"'}
    return Response(data, media_type="text/plain; charset=us-ascii", headers=headers)


def _folder(visit: Visit) -> Path:
    told = visit.console.settings.console.trace
    if told is None:
        message = "no folder of marks is set: name one in the settings file, [console] trace"
        raise MissingData(message)
    return told
