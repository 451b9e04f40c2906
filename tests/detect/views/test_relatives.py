"""Templates that the same accounts send, and the view that puts their exchanges together."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.views.ids import TEMPLATE_NUMBER, family_ids
from stillwatch.detect.views.kin import Kin
from stillwatch.detect.views.relatives import template_groups
from stillwatch.model.view import Grouping


def table(rows: list[tuple[int, NDArray[np.int64], int]]) -> pa.Table:
    """One row a template and account, `n` exchanges each."""
    template = np.repeat([t for t, _, _ in rows], [len(a) for _, a, _ in rows])
    account = np.concatenate([a for _, a, _ in rows])
    n = np.repeat([n for _, _, n in rows], [len(a) for _, a, _ in rows])
    return pa.table({"template": template.astype(np.uint64), "account": account.astype(np.uint64), "n": n})


def groups_of(rows: list[tuple[int, NDArray[np.int64], int]]) -> list[set[int]]:
    """Groups of templates, smallest member first."""
    template, group = template_groups(table(rows), 20_000)
    return sorted(({int(t) for t in template[group == g]} for g in np.unique(group)), key=min)


def test_openings_and_closings_of_one_crew_are_one_group() -> None:
    """Six pieces from forty accounts; what strangers send is alone and left out."""
    crew, strangers = np.arange(40), np.arange(500, 900)
    pieces = [(t, crew, 4) for t in range(1, 7)]
    assert groups_of([*pieces, (9, strangers, 2)]) == [{1, 2, 3, 4, 5, 6}]


def test_a_sentence_of_two_crews_chains_nothing() -> None:
    """Two crews of fifty share one closing; it is neither's, and they stay two."""
    first, second = np.arange(50), np.arange(100, 150)
    rows = [(1, first, 9), (2, first, 9), (3, second, 9), (4, second, 9), (5, np.r_[first, second], 9)]
    assert groups_of(rows) == [{1, 2}, {3, 4}]


def test_templates_of_very_few_accounts_are_not_looked_at() -> None:
    """Four accounts make no group; nor does an empty table."""
    assert groups_of([(1, np.arange(4), 50), (2, np.arange(4), 50)]) == []
    assert [len(part) for part in template_groups(table([(1, np.arange(0), 1)]), 10)] == [0, 0]


def test_an_exchange_with_two_pieces_of_a_group_is_in_its_family_once() -> None:
    """Keys of four segments: a group, another group, the first again, none."""
    grouping = Grouping(
        np.zeros(0, np.uint64),
        np.zeros(0, np.uint64),
        kin_template=family_ids(TEMPLATE_NUMBER, np.array([11, 13, 15], np.uint64)),
        kin_group=np.array([7, 7, 8], np.uint64),
    )
    signatures = {f"signature_{i}": np.array([t], np.uint64) for i, t in enumerate((11, 15, 13, 99))}
    assert [int(keys[0]) for keys in Kin().keys(signatures, grouping)] == [7, 8, 0, 0]
