"""Rehearsals and rows made by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.rehearsal.judge import Check
from stillwatch.service.rehearsal.result import Phase, Rehearsed, Speed
from stillwatch.service.rehearsal.tally import LEGITIMATE, Sums
from stillwatch.service.rehearsal.timeline import Entry
from stillwatch.service.rehearsal.world import MAIN

__all__ = ["START", "result", "row"]

START = datetime(2026, 11, 25, tzinfo=UTC)
_HOUR = timedelta(hours=1)


def row(**changed: object) -> dict[str, Any]:
    """An exchange with something in every column that a gateway knows."""
    told: dict[str, Any] = dict.fromkeys(EXCHANGE.names)
    told |= {
        "exchange_id": "x-1",
        "time": START,
        "account_id": "a-1",
        "organisation_id": "o-1",
        "operation": "chat",
        "model": "m-1",
        "system_text": "Be brief.",
        "prompt_text": "Why is the sky blue?",
        "turn_count": 3,
        "temperature": 0.5,
        "max_tokens": 400,
        "has_tools": False,
        "client_address": "10.0.0.7",
        "client_build": "sdk/1.0",
        "output_text": "Rayleigh.",
        "output_tokens": 120,
        "reasoning_tokens": 80,
    }
    return told | changed


def result(*checks: Check) -> Rehearsed:
    """A day with two hours of requests."""
    sums = {MAIN: Sums(3, 1, 6), LEGITIMATE: Sums(99, 0, 1)}
    phase = Phase("default", START, START + 2 * _HOUR, {MAIN: sums[MAIN]}, sums[LEGITIMATE], {"people": Sums(99, 0, 1)})
    entries = (
        Entry(None, 1.0, "traffic", "110 exchanges"),
        Entry(START + _HOUR, 2.0, "alarm", "campaign <b>", {"planted": MAIN, "after_s": 3600.0}, "alarm"),
        Entry(START + 2 * _HOUR, 3.0, "upheld", "by cleo", {"seconds": 0.5}, "upheld"),
    )
    return Rehearsed(
        START,
        START + 24 * _HOUR,
        entries,
        checks or (Check("counts add up", holds=True, told="110 exchanges"),),
        (phase,),
        Speed(110, 500.0, 0.001, 0.004, 9000.0),
        3600.0,
        ((START, sums), (START + _HOUR, sums)),
    )
