"""A report on a suspect with something in every part of it."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from stillwatch.model.trace_report import (
    Finding,
    Input,
    Interval,
    KeyUsed,
    NullRun,
    RankedP,
    Suspect,
    Test,
    TraceReport,
)
from stillwatch.stats.ranked import ranked
from stillwatch.trace.keys.key import MarkKey, Purpose, derive

__all__ = ["HOSTILE", "KEY", "report", "with_subject"]

HOSTILE = "<script>alert(1)</script>\u202e[bold]{{ 7 * 7 }}\x1b[31m"
KEY: MarkKey = derive(bytes(range(32)), Purpose.ACCOUNT, "acct-0017", "2026-11")


def report() -> TraceReport:
    """A leak of one account among 25,000, found."""
    rng = np.random.default_rng(7)
    log_p = np.log(rng.random(25_000))
    log_p[17] = -310.0
    ranks, values = ranked(log_p)
    tests = (
        Test("account acct-0017", "sum of -ln(1 - u)", 512.0, 201.0, 14.2, 201, -310.0, -310.0 + math.log(25_000)),
        Test("account acct-4711", "sum of -ln(1 - u)", 260.0, 201.0, 14.2, 201, math.log(4e-5), 0.0),
    )
    return TraceReport(
        suspect=Suspect.DATASET,
        subject="suspect.jsonl",
        alpha=1e-3,
        finding=Finding.FOUND,
        answer="1 of 25,000 accounts: the data set holds text that was generated for account acct-0017.",
        null="The data set was made without the account's key.",
        population="All keys that the account might have had.",
        multiplicity="25,000 tests, one for each account; Holm over all of them.",
        tests=tests,
        n_tests=25_000,
        ranked=tuple(RankedP(int(rank), float(value)) for rank, value in zip(ranks, values, strict=True)),
        null_runs=(NullRun("campaign c-3", tuple(rng.normal(500, 15, 999).tolist()), 590.0, math.log(1 / 1000)),),
        intervals=(Interval("share of marked text", 0.42, 0.31, 0.55, 0.95, "one entropy for all of it"),),
        counts=(("records read", 1200), ("records with something to test", 1180), ("quarantined", 20)),
        inputs=(Input("suspect.jsonl", "ab" * 32, 1_234_567),),
        keys=(KeyUsed("account", "acct-0017", "2026-11", KEY.commitment, datetime(2026, 11, 1, tzinfo=UTC)),),
        limits=("A null result clears nobody.", "A key holder can forge."),
        apart=("12 of 1,200 records match served outputs.",),
        made_at=datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
        version="0.0",
    )


def with_subject(name: str) -> TraceReport:
    """The same with other names everywhere that names may stand."""
    plain = report()
    tests = tuple(replace(one, about=name) for one in plain.tests)
    runs = tuple(replace(one, about=name) for one in plain.null_runs)
    inputs = (Input(name, "", 0),)
    return replace(plain, subject=name, answer=name, tests=tests, null_runs=runs, inputs=inputs, limits=(name,))
