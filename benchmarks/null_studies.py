"""Null studies: every statistical claim against simulation, as pictures and tables.

Usage: ``python -m benchmarks.null_studies [--out docs/images] [--page docs/why/calibration.md] [--json FILE]``

Writes ``null-ranks.svg``, ``null-e-values.svg``, ``null-kinds.svg`` and ``null-attribution.svg`` and prints the tables;
with ``--page`` it puts them between the marks of that page as well, so that its figures are always those of a run.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from stillwatch.bench.null_studies import Study, run_studies


def section(study: Study) -> str:
    """A study as Markdown."""
    image = f"![{study.title}](../images/null-{study.name}.svg)"
    return f"## {study.title}\n\n{image}\n\n{study.caption}\n\n{study.table()}\n"


def into_page(page: Path, sections: str) -> None:
    """Replace what stands between the marks of a page."""
    text = page.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- studies: begin[^>]*-->\n).*(<!-- studies: end -->)", re.DOTALL)
    page.write_text(marked.sub(lambda m: f"{m[1]}\n{sections}\n{m[2]}", text), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run all studies."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.null_studies", description="Statistical claims against simulation."
    )
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="folder for the pictures")
    parser.add_argument("--page", type=Path, help="page whose studies are replaced")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    studies = run_studies(options.out)
    sections = "\n".join(section(study) for study in studies)
    print(sections)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    if options.page is not None:
        into_page(options.page, sections)
    if options.json is not None:
        options.json.write_text(json.dumps({study.name: study.figures for study in studies}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
