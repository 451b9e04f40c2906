"""Column of a progress bar: how much a second."""

from rich.progress import ProgressColumn, Task
from rich.text import Text

from stillwatch.report.quantities import short

__all__ = ["RateColumn"]


class RateColumn(ProgressColumn):
    """Rate in the stage's own unit; empty while it is unknown, or when the stage counts nothing."""

    def render(self, task: Task) -> Text:
        """Rate of one task."""
        speed = task.finished_speed or task.speed
        if speed is None or (task.total or 0) <= 1:
            return Text("")
        return Text(f"{short(speed)}/s", style="dim")
