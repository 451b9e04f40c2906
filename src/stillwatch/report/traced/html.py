"""The page of a test: one file, no network, no script; whatever names hold is shown as text."""

import math
from functools import cache

from jinja2 import Environment

from stillwatch.model.trace_report import TraceReport
from stillwatch.report import quantities, sentences
from stillwatch.report.templating import environment_of
from stillwatch.report.traced import pictures, words
from stillwatch.report.visible import visible

__all__ = ["to_html"]


@cache
def _environment() -> Environment:
    return environment_of(
        "stillwatch.report",
        {
            "count": quantities.count,
            "moment": quantities.moment,
            "named": sentences.named,
            "p_value": words.p_value,
            "short": quantities.short,
            "visible": visible,
        },
    )


def to_html(report: TraceReport) -> str:
    """Whole page."""
    label, meaning = words.FINDINGS[report.finding]
    bar = math.log(report.alpha) - math.log(max(report.n_tests, 1))
    return (
        _environment()
        .get_template("trace.html.j2")
        .render(
            report=report,
            label=label,
            meaning=meaning,
            suspect=words.SUSPECTS[report.suspect],
            reading=words.READING,
            quantiles=pictures.quantiles(report.ranked, report.n_tests, bar) if report.ranked else None,
            decoys=[(run, pictures.decoys(run)) for run in report.null_runs],
            shares=[(words.interval(one), pictures.share(one)) for one in report.intervals],
        )
    )
