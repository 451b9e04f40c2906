"""Who pays: the accounts of a run, and what a provider knows of them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from stillwatch.simulate.arrays import IntArray

__all__ = ["DISPOSABLE_DOMAIN", "PROGRAMMES", "ROSTER_COLUMNS", "USES", "Roster"]

PROGRAMMES: tuple[str, ...] = ("education", "research", "startup", "nonprofit")
USES: tuple[str, ...] = ("evaluation", "distillation", "resale", "fleet")
_COMMON_DOMAINS = {
    "gmail.com": 46, "outlook.com": 12, "yahoo.com": 6, "icloud.com": 6, "hotmail.com": 5, "proton.me": 4, "qq.com": 3,
    "gmx.de": 2, "163.com": 2, "mail.ru": 1, "naver.com": 1, "orange.fr": 1, "web.de": 1, "zoho.com": 1,
    "fastmail.com": 1, "mailbox.example": 2, "inbox.example": 2, "quickmail.example": 1, "tempbox.example": 1,
}  # fmt: skip
DISPOSABLE_DOMAIN = list(_COMMON_DOMAINS).index("tempbox.example")
_UNPAID = 0.12
_DAY_US = 86_400_000_000

ROSTER_COLUMNS: dict[str, int] = {
    "organisation": -1,
    "created_us": 0,
    "payment": -1,
    "domain": 0,
    "programme": -1,
    "verified": 0,
    "use": -1,
    "population": 0,
    "campaign": -1,
}
"""Column -> default; -1 is null. `programme`, `use` and `domain` are places in their lists."""


@dataclass(slots=True)
class Roster:
    """Accounts by number. Payments and organisations are numbers too, unique in the run.

    start_us    Start of the window: most had signed up by then.
    """

    start_us: int
    domains: list[str] = field(default_factory=lambda: list(_COMMON_DOMAINS))
    _parts: list[dict[str, npt.NDArray[Any]]] = field(default_factory=list)
    _n_accounts: int = 0
    _n_issued: int = 0

    def issue(self, n: int) -> IntArray:
        """`n` numbers nobody has had: organisations, means of payment, sessions, conversations, end users."""
        self._n_issued += n
        return np.arange(self._n_issued - n, self._n_issued, dtype=np.int64)

    def domain(self, name: str) -> int:
        """Register a mail domain of somebody's own."""
        self.domains.append(name)
        return len(self.domains) - 1

    def add(self, n: int, **values: npt.ArrayLike) -> IntArray:
        """Open `n` accounts and say their numbers; what is not given takes its default."""
        unknown = values.keys() - ROSTER_COLUMNS.keys()
        if unknown:
            raise KeyError(*unknown)
        self._parts.append(
            {
                name: np.broadcast_to(np.asarray(values.get(name, default)), (n,)).astype(np.int64)
                for name, default in ROSTER_COLUMNS.items()
            }
        )
        self._n_accounts += n
        return np.arange(self._n_accounts - n, self._n_accounts, dtype=np.int64)

    def reopen(self, accounts: IntArray, created_us: IntArray) -> None:
        """Correct when some accounts were opened, microseconds since 1970."""
        whole = {name: self.column(name) for name in ROSTER_COLUMNS}
        whole["created_us"][accounts] = created_us
        self._parts = [whole]

    def paid_in_groups(self, rng: np.random.Generator, n: int, group: int) -> IntArray:
        """Means of payment of `n` accounts, `group` accounts each; as many pay nothing as among unrelated people."""
        payment = np.repeat(self.issue(-(-n // group)), group)[:n]
        return np.where(rng.random(n) < _UNPAID, -1, payment)

    def unrelated(self, rng: np.random.Generator, n: int, **values: npt.ArrayLike) -> dict[str, npt.ArrayLike]:
        """What `n` people who have nothing to do with one another look like; `values` override."""
        payment = self.issue(n)
        # one in thirty pays with somebody else's card: couples, families
        payment = np.where(rng.random(n) < 0.03, payment[rng.permutation(n)], payment)
        weights = np.array(list(_COMMON_DOMAINS.values()), float)
        organisation = np.where(rng.random(n) < 0.35, self.issue(n), -1)
        age_days = np.minimum(rng.exponential(260.0, n), 1_400.0)
        return {
            "payment": np.where(rng.random(n) < _UNPAID, -1, payment),
            "domain": rng.choice(len(weights), n, p=weights / weights.sum()),
            "organisation": organisation,
            "created_us": self.start_us - (age_days * _DAY_US).astype(np.int64),
            "programme": np.where(rng.random(n) < 0.08, rng.integers(len(PROGRAMMES), size=n), -1),
            "verified": rng.choice(3, n, p=[0.5, 0.42, 0.08]),
            **values,
        }

    def column(self, name: str) -> IntArray:
        """One column over all accounts."""
        return np.concatenate([part[name] for part in self._parts]) if self._parts else np.zeros(0, np.int64)

    def __len__(self) -> int:
        """Accounts."""
        return self._n_accounts
