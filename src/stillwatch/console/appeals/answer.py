"""The answer as a form: what was typed, what is wrong with it, and the page that the customer would read."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from starlette.responses import Response

from stillwatch.act.appeals.answering import Ruling
from stillwatch.act.appeals.appeal import Appeal, AppealRules, Outcome
from stillwatch.act.appeals.notice import Notice
from stillwatch.errors import InvalidInput
from stillwatch.service.pages.rendering import page
from stillwatch.service.pages.wording import ACTIONS, GROUNDS, shown_account

__all__ = ["LEAST_REASON", "MOST_REASON", "Typed", "as_answered", "customers_page", "ruling_of"]

LEAST_REASON = 20
MOST_REASON = 4000
"""As `act.appeals.answering.Ruling` takes them; a test holds them together."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An answer as it was typed.

    wrong       What is wrong with a field, by its name.
    """

    outcome: str = ""
    reason: str = field(default="", repr=False)
    wrong: dict[str, str] = field(default_factory=dict)


def ruling_of(typed: Typed, by: str) -> Ruling | Typed:
    """The answer; what was typed with its problems when it is none."""
    wrong = {}
    if typed.outcome not in set(Outcome):
        wrong["outcome"] = "Choose one of these."
    try:
        ruling = Ruling(Outcome.DENIED, typed.reason, by)
    except InvalidInput:
        wrong["reason"] = f"Write {LEAST_REASON} to {MOST_REASON:,} characters for the customer."
    if wrong:
        return replace(typed, wrong=wrong)
    return replace(ruling, outcome=Outcome(typed.outcome))


def as_answered(appeal: Appeal, notice: Notice, ruling: Ruling, now: datetime) -> tuple[Appeal, Notice]:
    """Appeal and decision as they will be once the answer is given."""
    answered = replace(
        appeal,
        looked_at=appeal.looked_at or now,
        looked_by=appeal.looked_by or ruling.by,
        outcome=ruling.outcome,
        answer=ruling.reason,
        answered_at=now,
        answered_by=ruling.by,
    )
    ends = ruling.outcome is Outcome.UPHELD and notice.ended_at is None
    return answered, replace(notice, ended_at=now) if ends else notice


def customers_page(appeal: Appeal, notice: Notice, rules: AppealRules, provider: str, now: datetime) -> Response:
    """The page that the customer sees at the link in the refusal, word for word."""
    values = {
        "appeal": appeal,
        "ground": GROUNDS[appeal.grounds][0],
        "is_overdue": appeal.is_overdue(now),
        "provider": provider,
        "notice": notice,
        "account": shown_account(notice.stream.account_id),
        "done": ACTIONS[notice.action],
        "is_over": notice.ends_at <= now,
        "link_ends": notice.decided_at + rules.file_within,
        "days": rules.answer_within,
    }
    return page("appeal_status", values)
