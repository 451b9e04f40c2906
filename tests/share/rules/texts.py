"""A rule of a member, as a person writes it."""

from datetime import UTC, datetime, timedelta

from stillwatch.share.rules.incoming import name_of
from stillwatch.share.stix.ids import time_text

__all__ = ["rule_text"]


def rule_text(member_id: str, *, created_h: float = -1, days: float = 30, wording: str = "") -> str:
    """YAML of a rule that was written so many hours from now and is valid so many days from then.

    wording     Another one than usual.
    """
    created = (datetime.now(UTC) + timedelta(hours=created_h)).replace(microsecond=0)
    return f"""\
id: 6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89
author: {name_of(member_id)}
created: {time_text(created)}
valid_until: {time_text(created + timedelta(days=days))}
segments: ["{wording or "rate each answer from # to #"}"]
thresholds: {{exchanges: 10, share: 0.5}}
"""
