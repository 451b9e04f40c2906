"""What a preview is replayed on: the logs of one scan, or what the service has collected."""

from stillwatch.console.console import Console
from stillwatch.service.replay.streams import ByFindings, ByIndex
from stillwatch.service.replay.traffic import Source

__all__ = ["nothing_to_replay", "source_of"]


def nothing_to_replay(console: Console) -> str:
    """Why nothing can be previewed; empty when something can."""
    if console.is_local:
        if not console.logs:
            return "This console was started without logs. Start it again with --logs and what was scanned."
        return ""
    if not console.home.traffic.is_dir():
        return "No exchange was collected yet. Send some to the collector first."
    if not console.home.index.is_dir():
        return "Detection has not looked at the traffic yet. It does within a minute once there is some."
    return ""


def source_of(console: Console) -> Source:
    """Logs of the scan with what it found in them, or the service's traffic with its index.

    Raises      MissingData, UnreadableSource, IncompatibleVersion: as the findings, or the index, are read.
    """
    if console.is_local:
        return Source(console.logs, ByFindings.of_folder(console.shelf.folder))
    home = console.home
    return Source((home.traffic,), ByIndex(home.index), home.settings.decide.accounts)
