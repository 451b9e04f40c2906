"""The table of lessons, small: rows are complete, and what must be true at any size is."""

import numpy as np
import pytest

from stillwatch.trace.experiments.arithmetic import Arithmetic
from stillwatch.trace.experiments.lessons import LessonPlan, classroom, measure, table

PLAN = LessonPlan(
    Arithmetic(3, 2),
    width=32,
    layers=2,
    teacher_steps=400,
    proxy_steps=40,
    student_steps=12,
    batch=32,
    served=120,
    own=60,
    exam=60,
)


def test_every_measure_has_its_row() -> None:
    """All rows come, shares are shares, and a measure that withholds shows less reasoning than one that does not."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    rows = {row.name: row for row in table(PLAN, 1)}
    assert len(rows) == 10
    for row in rows.values():
        shares = [row.accuracy, row.valid, row.passive, row.filtered, row.weighted, row.bootstrapped, row.kept]
        assert all(share is None or 0 <= share <= 1 for share in shares)
    assert rows["reasoning withheld"].shown == 0
    assert rows["reasoning summarised"].shown == 2
    assert rows["nothing"].shown == 21
    assert (
        rows["reasoning withheld"].accuracy == rows["nothing"].accuracy == rows["independent steps reordered"].accuracy
    )


def test_strength_costs_validity() -> None:
    """Antidistillation at the highest strength serves fewer valid traces than the teacher's own."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    rng = np.random.default_rng(2)
    lessons = {x.name: x for x in measure(PLAN, classroom(PLAN, 2), PLAN.grammar.problems(rng, 100), 3)}
    valid = {name: np.mean([PLAN.grammar.check(t).valid for t in x.traces]) for name, x in lessons.items()}
    assert valid["nothing"] > 0.5
    assert valid["antidistillation, lambda 0.5"] < valid["nothing"]
