"""One campaign to plant: how much, how, and what was opened for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from stillwatch.simulate.arrays import IntArray
from stillwatch.simulate.networks import Places
from stillwatch.simulate.options import Options
from stillwatch.simulate.slots import Slots

__all__ = ["Brief", "Operation"]


@dataclass(frozen=True, slots=True)
class Operation:
    """Accounts of one operator and how they are used.

    slots           Accounts in use at a time, with their replacements.
    builds          By account, in the order of ``slots.accounts``; so are `settings` and `models`.
    start_day, end_day    Within the window.
    policy          uniform, idle (least recently used), quotas (equal rounds), sticky (workers that keep one for an
                    hour), uneven (a few accounts do most) or persons (each account its own shard).
    payment_group   Accounts that share a means of payment.
    lifetime_days   Mean days until an account is banned; None when none is.
    pivot_day       When a new model appears and traffic begins to move there; None when it stays.
    """

    slots: Slots
    exits: Places
    builds: IntArray
    settings: IntArray
    models: IntArray
    start_day: float
    end_day: float
    policy: str
    payment_group: int = 1
    lifetime_days: float | None = None
    pivot_day: float | None = None

    @property
    def accounts(self) -> IntArray:
        """Every account that is used at some time."""
        return self.slots.accounts

    def described(self) -> dict[str, object]:
        """What the manifest says of it."""
        return {
            "accounts": len(self.accounts),
            "slots": self.slots.n,
            "start_day": round(self.start_day, 3),
            "end_day": round(self.end_day, 3),
            "policy": self.policy,
            "payment_group": self.payment_group,
            "lifetime_days": self.lifetime_days,
            "pivot_day": self.pivot_day,
        }


@dataclass(slots=True)
class Brief:
    """One campaign to plant.

    n           Harvested exchanges, exactly.
    number      Place among the run's campaigns.
    n_cover     Ordinary people's exchanges over the same accounts, exactly.
    fewest      Accounts at least, where the kind gives no number of its own.
    operations  What was opened for it, in order.
    facts       What the truth says of it besides.
    """

    n: int
    number: int
    n_cover: int = 0
    fewest: int = 60
    options: Options = field(default_factory=Options)
    operations: list[Operation] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)

    def slots(self, usual: int, most: int | None = None) -> int:
        """Accounts to use at a time: as many as were asked for, else `usual`; `most` at most, None for `n`.

        >>> Brief(100, 0, options=Options(per_account=4.0)).slots(60), Brief(40, 0).slots(60)
        (25, 40)
        """
        if self.options.accounts is not None:
            usual = self.options.accounts
        elif self.options.per_account is not None:
            usual = round(self.n / self.options.per_account)
        return max(1, min(self.n if most is None else most, usual))

    def described(self) -> dict[str, object]:
        """What the manifest says: the options in force and what came of them."""
        given: Mapping[str, object] = {f.name: getattr(self.options, f.name) for f in fields(Options)}
        opened = [operation.described() for operation in self.operations]
        return {"options": {k: v for k, v in given.items() if v is not None}, "operations": opened, **self.facts}
