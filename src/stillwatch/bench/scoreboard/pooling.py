"""All seeds of a world together: one threshold for all of them, as one bar stands in use."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.measures import FALSE_RATES, bootstrap_over_seeds, clustered_interval, recall_at
from stillwatch.bench.scoreboard.judging import Judged, rate_name
from stillwatch.bench.scoreboard.results import OURS, Curve, Headline, Interval, KindRow

__all__ = ["CURVE_RATES", "curve", "headline", "kind_rows"]

CURVE_RATES: Final = (0.0, *(float(f"{10**e:.3g}") for e in np.linspace(-6, -2, 33)))
"""Shares of legitimate accounts accused, from none to a hundredth, at which curves are drawn."""
_MILLION: Final = 1e6


def headline(world: str, title: str, judged: Sequence[Judged]) -> Headline:
    """Pooled measures of one method on all seeds of a world, or of several: what has one seed is drawn together."""
    outcomes = [j.outcome for j in judged]
    rows = [row for outcome in outcomes for row in outcome.scenarios]
    value, low, high = bootstrap_over_seeds(_pooled, _by_seed(judged))
    names = ["found", "exchange_recall", "exchange_precision", "average_precision"]
    names += [f"recall_{rate_name(rate)}" for rate in FALSE_RATES]
    measures = {
        name: Interval(float(v), float(a), float(b)) for name, v, a, b in zip(names, value, low, high, strict=True)
    }
    rate = clustered_interval(*np.concatenate([j.false for j in judged]).T)
    measures["false_per_million"] = Interval(*(_MILLION * end for end in rate))
    return Headline(world, outcomes[0].method, title, measures, sum(row.found for row in rows), len(rows))


def _by_seed(judged: Sequence[Judged]) -> list[list[Judged]]:
    seeds = dict.fromkeys(j.outcome.seed for j in judged)
    return [[j for j in judged if j.outcome.seed == seed] for seed in seeds]


def _pooled(seeds: Sequence[Sequence[Judged]]) -> NDArray[np.float64]:
    judged = [j for group in seeds for j in group]
    outcomes = [j.outcome for j in judged]
    rows = [row for outcome in outcomes for row in outcome.scenarios]
    planted, accused, right = (sum(getattr(o, n) for o in outcomes) for n in ("n_planted", "n_accused", "n_right"))
    pooled = [
        _share(sum(row.found for row in rows), len(rows)),
        _share(right, planted),
        _share(right, accused),
        _mean([o.average_precision for o in outcomes if o.n_attackers]),
    ]
    return np.array([*pooled, *_recalls(judged, FALSE_RATES)])


def _recalls(judged: Sequence[Judged], rates: Sequence[float]) -> list[float]:
    attack = np.concatenate([j.attack for j in judged])
    legitimate = np.concatenate([j.legitimate for j in judged])
    n = sum(j.outcome.n_legitimate for j in judged)
    return [recall_at(attack, legitimate, rate, n) for rate in rates]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def curve(world: str, judged: Sequence[Judged]) -> Curve:
    """Recall against false positives, all seeds pooled."""
    recall = _recalls(judged, CURVE_RATES)
    return Curve(world, judged[0].outcome.method, CURVE_RATES, tuple(recall))


def kind_rows(judged: Mapping[str, Sequence[Judged]]) -> tuple[KindRow, ...]:
    """Every legitimate kind over all worlds, the one that we accused most often first.

    judged      By method, ours among them.
    """
    ours = judged[OURS]
    kinds = sorted({kind for j in ours for kind in j.n_by_kind})
    rows = [_kind_row(kind, ours, judged) for kind in kinds]
    return tuple(
        sorted(rows, key=lambda r: (-r.accused[OURS] / r.n_accounts, -r.unclear / r.n_accounts, -r.n_accounts))
    )


def _kind_row(kind: str, ours: Sequence[Judged], judged: Mapping[str, Sequence[Judged]]) -> KindRow:
    mine = [j.false[j.kinds == kind] for j in ours]
    return KindRow(
        kind=kind,
        n_accounts=sum(j.n_by_kind.get(kind, 0) for j in ours),
        n_units=sum(len(counts) for counts in mine),
        accused={m: sum(j.outcome.false_by_kind.get(kind, 0) for j in js) for m, js in judged.items()},
        unclear=sum(j.outcome.open_by_kind.get(kind, 0) for j in ours),
        units=sum(int((counts[:, 0] > 0).sum()) for counts in mine),
    )
