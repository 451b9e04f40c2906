"""Put what a benchmark measured between the marks of a page, so that its figures are always those of a run."""

import re
from pathlib import Path

__all__ = ["into_page"]


def into_page(page: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- name: begin ... -->`` and ``<!-- name: end -->``.

    Raises  ValueError when the page has no such marks.
    """
    marks = re.compile(rf"(<!-- {re.escape(name)}: begin[^>]*-->\n).*(<!-- {re.escape(name)}: end -->)", re.DOTALL)
    whole = page.read_text(encoding="utf-8")
    if not marks.search(whole):
        message = f"{page} has no marks '{name}: begin' and '{name}: end'"
        raise ValueError(message)
    page.write_text(marks.sub(lambda m: f"{m[1]}\n{text}\n\n{m[2]}", whole), encoding="utf-8")
