"""What a list of appeals was asked for; it stands in the URL."""

from dataclasses import dataclass
from typing import Any, Final

from stillwatch.console.visit import Visit, at

__all__ = ["STATES", "AskedAppeals"]

STATES: Final = ("waiting", "overdue", "held-back", "mine", "answered", "all")
"""`mine` wait and were taken up by the viewer; `held-back` are overdue and get no relief meanwhile."""


@dataclass(frozen=True, slots=True)
class AskedAppeals:
    """A filter with its page.

    state       One of `STATES`.
    campaign    Id of a campaign, by any name that it had; empty for all.
    """

    state: str = "waiting"
    campaign: str = ""
    account: str = ""
    page: int = 1

    @classmethod
    def of(cls, visit: Visit) -> "AskedAppeals":
        """What a request asks for; of a campaign or an account it is all appeals, if not told otherwise."""
        campaign, account = visit.asked("campaign").strip(), visit.asked("account").strip()
        usual = "all" if campaign or account else "waiting"
        return cls(visit.asked("state", *STATES, default=usual), campaign, account, visit.number("page"))

    @property
    def usual(self) -> str:
        """State that is meant when none is told."""
        return "all" if self.campaign or self.account else "waiting"

    def link(self, *parts: str, **changes: Any) -> str:  # noqa: ANN401 - whatever a URL takes
        """Path of the list as asked for, with changes; `parts` come after it, such as a download's."""
        told = {
            "state": self.state,
            "campaign": self.campaign,
            "account": self.account,
            "page": "" if self.page == 1 else self.page,
        } | changes
        usual = "all" if told["campaign"] or told["account"] else "waiting"
        return at("appeals", *parts, **(told | ({"state": ""} if told["state"] == usual else {})))
