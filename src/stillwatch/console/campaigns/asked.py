"""What a list of campaigns was asked for; it stands in the URL, so that a filter is kept by keeping its link."""

from dataclasses import dataclass
from typing import Any, Final

from stillwatch.console.shelf import Wanted
from stillwatch.console.visit import Visit, at
from stillwatch.model.campaign import Verdict

__all__ = ["SORTS", "STATES", "Asked"]

SORTS: Final = ("bits", "n_exchanges", "n_accounts", "cost_usd", "first_seen", "last_seen", "verdict")
STATES: Final = ("open", "investigating", "acted", "closed", "mine", "none")
"""Those of cases, those that are the viewer's, and campaigns that have no case."""
_MOST_WORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter with its order and page.

    state       One of `STATES`; empty for all.
    least_bits  Empty for no bound.
    """

    words: str = ""
    verdict: str = ""
    state: str = ""
    least_bits: str = ""
    sort: str = "bits"
    ascending: bool = False
    page: int = 1

    @classmethod
    def of(cls, visit: Visit) -> "Asked":
        """What a request asks for; what it says wrongly is not asked for."""
        bits = visit.asked("bits")
        return cls(
            words=visit.asked("q")[:_MOST_WORDS].strip(),
            verdict=visit.asked("verdict", "", *Verdict),
            state=visit.asked("state", "", *STATES),
            least_bits=bits if _is_number(bits) else "",
            sort=visit.asked("sort", *SORTS, default="bits"),
            ascending=visit.asked("up") == "1",
            page=visit.number("page"),
        )

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not (self.words or self.verdict or self.state or self.least_bits)

    def link(self, *parts: str, **changes: Any) -> str:  # noqa: ANN401 - whatever a URL takes
        """Path of the list as asked for, with changes; `parts` come after it, such as a download's."""
        told = {
            "q": self.words,
            "verdict": self.verdict,
            "state": self.state,
            "bits": self.least_bits,
            "sort": "" if self.sort == "bits" else self.sort,
            "up": "1" if self.ascending else "",
            "page": "" if self.page == 1 else self.page,
        }
        return at("campaigns", *parts, **(told | changes))

    def wanted(self, among: frozenset[str] | None) -> Wanted:
        """The same as the shelf takes it.

        among   Ids that the state allows; None for all.
        """
        return Wanted(
            verdicts=(self.verdict,) if self.verdict else (),
            among=among,
            words=self.words,
            least_bits=float(self.least_bits) if self.least_bits else None,
            sort=self.sort,
            ascending=self.ascending,
        )


def _is_number(told: str) -> bool:
    try:
        return -1e6 < float(told) < 1e6
    except ValueError:
        return False
