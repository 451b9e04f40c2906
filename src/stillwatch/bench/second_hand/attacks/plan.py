"""What sets one scenario apart from the next."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Plan", "Size", "size_of"]

Words = Literal["templates", "bare", "reworded", "agent", "trajectory", "ordinary"]
Order = Literal["shuffled", "sorted", "sharded", "wandering"]
Turns = Literal["single", "padded", "trajectory", "sessions"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One scenario.

    exchanges   At scale 1, in a window of `per_days` days (None: in whatever window there is).
    accounts    At scale 1; None follows from `daily`. `exact_accounts` holds at every scale.
    daily       Exchanges an account and day; 0 is one exchange an account in all.
    words       What prompts look like; lists are those of attack.toml that templates are drawn from.
    corpora     Real lists the operator works off; () is any of the harvest role that suit.
    order       How the list is dealt: shuffled, sorted by topic, a shard for each account, or a stretch each session.
    human       Times of people, account by account, instead of a queue's.
    life_d      Days until an account is banned and replaced, on average; None: no bans to speak of.
    cover       Real people's sessions carried, as a share of the campaign's exchanges, lowest and highest.
    """

    name: str
    exchanges: int
    per_days: float | None = None
    accounts: int | None = None
    exact_accounts: int | None = None
    daily: float = 26.0
    words: Words = "templates"
    lists: tuple[str, ...] = ("respond",)
    corpora: tuple[str, ...] = ()
    order: Order = "shuffled"
    turns: Turns = "single"
    human: bool = False
    uneven: bool = False
    repeats: float = 0.0
    life_d: float | None = None
    fleets: int = 1
    pivot: bool = False
    client_per_account: bool = False
    share_of_list: int = 1
    cover: tuple[float, float] = (0.0, 0.0)
    answer_tokens: float = 700.0


@dataclass(frozen=True, slots=True)
class Size:
    """Exchanges and accounts of a campaign at a scale."""

    exchanges: int
    accounts: int


_LEAST_ACCOUNTS = 20
_LEAST_EXCHANGES = 240


def size_of(plan: Plan, scale: float, days: float) -> Size:
    """How large a campaign is: pro rata to the window where the scenario names one, never too small to be itself.

    >>> size_of(Plan("x", 28_800_000, per_days=45, accounts=25_000), 1 / 20, 14.0)
    Size(exchanges=448000, accounts=1250)
    """
    whole = plan.exchanges * (days / plan.per_days if plan.per_days else 1.0)
    n = max(_LEAST_EXCHANGES, round(whole * scale))
    if plan.exact_accounts:
        return Size(n, plan.exact_accounts)
    if plan.daily == 0:
        return Size(n, n)
    usual = plan.accounts * scale if plan.accounts else n / (plan.daily * min(days, plan.life_d or days))
    return Size(n, min(n, max(_LEAST_ACCOUNTS, round(usual))))
