"""What a reference promises and where it comes from, as every report says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Bar", "Calibration"]


@dataclass(frozen=True, slots=True)
class Bar:
    """Score that an alarm needs, for families of one size class.

    low, high   Accounts: from `low` to below `high`; None is no upper end.
    bits        The bar.
    n_units     Independent legitimate units behind it, own and simulated.
    n_own       Those of them that come from the provider's own traffic.
    n_above     Own units at the bar or over it: disputed ones that no person vouched for.
    alpha       (1 + n_above) / (n_units + n_above + 1): chance that a new unit like these reaches the bar.
    """

    low: int
    high: int | None
    bits: float
    n_units: int
    n_own: int
    n_above: int
    alpha: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where the legitimate families come from and what was left out, with counts that add up.

    created_at      When the file was made.
    first, last     Times of the first and last exchange learnt from; None for simulated traffic.
    lag_days        Days before the newest exchange of which nothing was learnt.
    n_own, n_simulated  Units from the provider's own traffic, and from simulated traffic.
    rules           Thresholds by name, as the file was made with them.
    exchanges       What became of the exchanges: read, recent, excluded, used; read is the sum of the others.
    families        What became of the families: seen is the sum of explained, unverified, disputed, same-unit,
                    doubtful (they count for the bar, without a vote) and kept.
    units           Units by view and size class, such as ``template 20+``.
    software        Version that made it.
    """

    created_at: datetime
    first: datetime | None
    last: datetime | None
    lag_days: float
    n_own: int
    n_simulated: int
    rules: Mapping[str, float]
    exchanges: Mapping[str, int]
    families: Mapping[str, int]
    units: Mapping[str, int]
    software: str
