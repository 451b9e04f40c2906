"""Words and numbers of a report on a suspect."""

import math
from typing import Final

from stillwatch.model.trace_report import Finding, Interval, Suspect, TraceReport
from stillwatch.report import quantities

__all__ = ["FINDINGS", "READING", "SUSPECTS", "fact", "interval", "p_value"]

_LN10: Final = math.log(10)

SUSPECTS: Final = {
    Suspect.TEXT: "a text",
    Suspect.DATASET: "a data set",
    Suspect.STUDENT: "a model",
    Suspect.CANARY: "canaries in a model",
}

FINDINGS: Final = {
    Finding.FOUND: ("Found", "At least one null is rejected after paying for every test that was made."),
    Finding.NOT_FOUND: ("Not found", "No null is rejected. That clears nobody: marks can be removed."),
    Finding.TOO_LITTLE: ("Too little to tell", "No outcome could have rejected a null: there was too little to test."),
}

READING: Final = (
    "The p-value is the probability of evidence at least this strong if the null were true; it is no probability of "
    "innocence. The adjusted one holds for all tests of this report together."
)


def p_value(log_p: float) -> str:
    """A p-value in digits, however small.

    log_p       Natural log, at most 0.

    >>> p_value(0.0), p_value(math.log(0.04)), p_value(-2000.0)
    ('1', '0.04', '2.6e-869')
    """
    if math.isnan(log_p):
        return "–"
    if log_p > math.log(0.001):
        return f"{math.exp(min(log_p, 0.0)):.2g}"
    if math.isinf(log_p):
        return "0"
    exponent = math.floor(log_p / _LN10)
    mantissa = f"{math.exp(log_p - exponent * _LN10):.1f}"
    return f"1.0e{exponent + 1}" if mantissa == "10.0" else f"{mantissa}e{exponent}"


def interval(one: Interval) -> str:
    """An estimate in a sentence.

    >>> interval(Interval("share of marked text", 0.5, 0.4, 0.6, 0.95, "one scheme"))
    'share of marked text: 50 % (95 % interval 40 % to 60 %), if one scheme'
    """
    value, low, high, level = (quantities.share(x) for x in (one.value, one.low, one.high, one.confidence))
    return f"{one.name}: {value} ({level} interval {low} to {high}), if {one.assumes}"


def fact(report: TraceReport) -> str:
    """What was tested and when, in one line."""
    tests = f"{report.n_tests:,} test{'' if report.n_tests == 1 else 's'}"
    return f"{tests}, alpha {report.alpha:g}, {quantities.moment(report.made_at)}"
