"""Rows by name are those of a dictionary."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detect.stream_index.rows import RowsByName
from stillwatch.sketch import hash_strings


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), unique=True, max_size=40))
def test_it_finds_what_is_there(names: list[str]) -> None:
    """Every name its row, half of them left out, and no other any."""
    kept = names[::2]
    hashes = hash_strings(pa.array(kept, pa.string()))
    order = np.argsort(hashes)
    rows = RowsByName(hashes[order])
    found = {name: rows.row(name) for name in [*names, "", "somebody else", "\ud800"]}
    assert len(rows) == len(kept)
    expected = {kept[at]: row for row, at in enumerate(order.tolist())}
    assert found == {name: expected.get(name, -1) for name in found}
