"""The report as a person reads it."""

from collections.abc import Mapping
from typing import Any

__all__ = ["as_text"]


def as_text(told: Mapping[str, Any]) -> str:
    """Report, as JSON tells it, in lines of text."""
    rate = told["false_positives"]
    share = "too few were published to tell" if rate["estimate"] is None else f"{rate['estimate']:.2%}"
    interval = f"{rate['low']:.2%} to {rate['high']:.2%}"
    lines = [
        f"Transparency report, {told['since'][:10]} to {told['until'][:10]} (UTC, the last day not included)",
        f"Every count carries noise: epsilon {told['epsilon']:g} of a budget of {told['budget']:g} for any one period.",
        "",
        *_table("Recorded in the ledger", told["entries"]),
        *_table("Appeals filed, by where they stood at the end", told["appeals"]),
        *_table("Indicators that are gone, by cause", told["revocations"]),
        *_table("Requests of governments", told["requests"]),
        f"Taken back or fallen in an appeal: {share} of published indicators (95 %: {interval})",
        f"Median from publication to its end: {told['to_revoke'] or 'too few to tell'}",
        f"Median from an appeal to its decision: {told['to_decide'] or 'too few to tell'}",
    ]
    return "\n".join(lines)


def _table(title: str, counts: Mapping[str, int]) -> list[str]:
    return [title, *(f"  {name:<20} {count:>10,}" for name, count in counts.items()), ""]
