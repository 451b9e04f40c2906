"""A preview: whom a policy would have touched, against its limits, in numbers."""

from collections.abc import Mapping

import numpy as np

from stillwatch.act.policy.limits import TENURED_DAYS, needs
from stillwatch.act.preview.breakdown import breakdowns, guard_rows, rule_rows
from stillwatch.act.preview.cells import Cells, cells_of
from stillwatch.act.preview.codes import paired
from stillwatch.act.preview.doubt import Evidence, doubt_of
from stillwatch.act.preview.effect import effects_of
from stillwatch.act.preview.felt import felt_of
from stillwatch.act.preview.figures import Count, Previewed
from stillwatch.act.preview.hardness import hardest
from stillwatch.act.preview.judge import Judged

__all__ = ["previewed"]


def previewed(judged: Judged, evidence: Evidence | None = None) -> Previewed:
    """All that is told of a policy that was judged.

    evidence    What is known besides the traffic; None for nothing.
    """
    cells, seen = cells_of(judged), judged.seen
    touched = cells.count(cells.is_touched)
    is_tenured = np.asarray([(one.age_days or 0.0) >= TENURED_DAYS for one in judged.accounts], np.bool_)
    n_tenured = int(is_tenured.sum())
    touched_tenured = int(is_tenured[np.unique(cells.columns["account"][cells.is_touched])].sum())
    shares = _shares(judged, cells, touched_tenured, n_tenured)
    return Previewed(
        name=judged.policy.name,
        version=judged.policy.version,
        start=seen.start,
        end=seen.end,
        digest=seen.digest,
        stage=judged.terms.stage,
        traffic=_whole(judged, cells),
        touched=touched,
        refused=int(judged.refused.sum()),
        n_tenured=n_tenured,
        touched_tenured=touched_tenured,
        shares=shares,
        limits=judged.policy.limits,
        needs=needs(shares, judged.policy.limits),
        rules=rule_rows(judged, cells),
        guards=guard_rows(cells),
        breakdowns=breakdowns(judged, cells),
        hardest=hardest(judged, cells),
        doubt=doubt_of(judged, cells, evidence or Evidence()),
        felt=felt_of(judged),
        effects=effects_of(judged),
        failed=judged.failed,
    )


def _whole(judged: Judged, cells: Cells) -> Count:
    seen = judged.seen
    n_streams = cells.count(np.ones(len(cells.n), np.bool_)).streams
    return Count(seen.n_exchanges, n_streams, len(seen.totals.account_ids), seen.n_organisations)


def _shares(judged: Judged, cells: Cells, touched_tenured: int, n_tenured: int) -> Mapping[str, float]:
    """Shares as `limits` names them, of traffic all that touched streams sent; of no tenured accounts none is touched.

    A rule may look at a request, and a stream decides what it asks for next: counted whole it cannot become more.
    """
    stream = paired(cells.columns["account"], cells.columns["campaign"])
    touched = cells.count(cells.is_touched)
    n_reached = int(cells.n[np.isin(stream, stream[cells.is_touched])].sum())
    return {
        "traffic": n_reached / judged.seen.n_exchanges,
        "organisations": touched.organisations / judged.seen.n_organisations,
        "tenured": touched_tenured / n_tenured if n_tenured else 0.0,
    }
