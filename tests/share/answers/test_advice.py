"""Advice to keep quiet: bounded, shown, and read by nothing that decides."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from tests.share.signals import NOW, indicator

import stillwatch
from stillwatch.share.answers.advice import QuietAdvice, quiet_advice

SOURCE = Path(stillwatch.__file__).parent
MAY_READ = (
    *("share/answers/advice.py", "console/sharing/one.py", "model/indicator.py"),
    *("share/stix", "share/guard", "share/life/decay.py"),
)
"""Who shows it, who defines it, who carries it over the wire and who checks its time zone."""


@pytest.mark.parametrize(
    ("hours", "is_told"), [(-1, False), (0, False), (1, True), (72, True), (72.01, False), (10_000, False)]
)
def test_advice_is_bounded(*, hours: float, is_told: bool) -> None:
    """Three days after it was first spoken, whatever it asks for."""
    advice = quiet_advice(indicator(quiet_until=NOW + timedelta(hours=hours)), NOW)
    assert (advice is not None) is is_told


def test_a_new_version_does_not_prolong_it() -> None:
    """The bound counts from creation, not from the last change, and not from a creation that is yet to come."""
    later = NOW + timedelta(hours=60)
    told = indicator(modified=later, quiet_until=later + timedelta(hours=20))
    assert quiet_advice(told, later) is None
    ahead = indicator(created=NOW + timedelta(days=9), quiet_until=NOW + timedelta(days=10))
    assert quiet_advice(ahead, NOW) is None


def test_the_sentence_says_that_it_binds_nobody() -> None:
    """And until when."""
    told = QuietAdvice("i", NOW).sentence
    assert "before 2026-11-02 12:00 UTC" in told
    assert "binds nobody" in told


def test_no_other_module_reads_it() -> None:
    """No attribute of that name, nor the module of the advice, is used where something is decided."""
    readers = set()
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE).as_posix()
        if place.startswith(("cli/", *MAY_READ)):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "quiet_until":
                readers.add(place)
            if isinstance(node, ast.ImportFrom) and node.module == "stillwatch.share.answers.advice":
                readers.add(place)
    assert not readers
