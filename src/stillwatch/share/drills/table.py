"""What simulated drills come to: how much of what bad members plant is believed, by their strategy and number."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from stillwatch.errors import InvalidInput
from stillwatch.share.drills.society import Rates, Society, Strategy, simulate

__all__ = ["BAD_SHARES", "DrillRow", "drill_table", "first_bad_share"]

BAD_SHARES = (0.05, 0.1, 0.2, 0.3, 0.4)


@dataclass(frozen=True, slots=True)
class DrillRow:
    """One strategy at one share of bad members, over all seeds.

    planted_high    Share of planted indicators that reached high confidence, from the week that the bad ones wake.
    last_high       Weeks after waking in which the last planted one was high, the worst seed; None: none ever was.
    true_high       Share of true indicators of honest members that reached high confidence in those weeks.
    caught_weeks    Median weeks after waking until a bad member is graded D or E; None: most never were.
    """

    strategy: Strategy
    bad_share: float
    n_planted: int
    planted_high: float
    last_high: int | None
    true_high: float
    caught_weeks: float | None


def drill_table(
    seed: int, rates: Rates | None = None, shares: Sequence[float] = BAD_SHARES, repeats: int = 3
) -> tuple[DrillRow, ...]:
    """Simulate every strategy at every share of bad members.

    Raises      InvalidInput for fewer than 2 members or 1 week, or a share outside (0, 1).
    """
    rates = rates or Rates()
    if rates.members < 2 or rates.weeks <= rates.sleep or not all(0 < share < 1 for share in shares):
        msg = (
            f"a drill needs 2 members, more than {rates.sleep} weeks and shares in (0, 1), got {rates.members} members"
        )
        raise InvalidInput(msg)
    return tuple(_row(strategy, share, seed, rates, repeats) for strategy in Strategy for share in shares)


def first_bad_share(rows: Sequence[DrillRow], strategy: Strategy) -> float | None:
    """Least share of bad members at which anything planted reached high confidence; None where nothing did."""
    return min((row.bad_share for row in rows if row.strategy is strategy and row.planted_high > 0), default=None)


def _row(strategy: Strategy, share: float, seed: int, rates: Rates, repeats: int) -> DrillRow:
    bad = max(round(share * rates.members), 1)
    societies = [simulate(strategy, bad, seed * 1000 + repeat, rates) for repeat in range(repeats)]
    late = [signal for society in societies for signal in society.signals if signal.week >= rates.sleep]
    planted = [signal for signal in late if signal.is_planted]
    true = [signal for signal in late if signal.is_true and signal.member >= bad]
    caught = [week for society in societies for week in _caught(society)]
    half = median(caught)
    return DrillRow(
        strategy=strategy,
        bad_share=share,
        n_planted=len(planted),
        planted_high=_share_high([signal.is_high for signal in planted]),
        last_high=max((signal.week - rates.sleep for signal in planted if signal.is_high), default=None),
        true_high=_share_high([signal.is_high for signal in true]),
        caught_weeks=half if half < rates.weeks else None,
    )


def _caught(society: Society) -> list[float]:
    """Weeks from waking until each bad member was caught; more than there are for who never was."""
    never = 2 * society.rates.weeks
    return [society.caught.get(member, never) - society.rates.sleep for member in range(society.bad)]


def _share_high(high: Sequence[bool]) -> float:
    return sum(high) / len(high) if high else 0.0
