"""Groups keep their names as long as they keep half of their members."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.memory import GroupMemory, ShareMemory
from stillwatch.model.view import Grouping
from stillwatch.stats.summary import Summary


def hashes(*values: int) -> NDArray[np.uint64]:
    """Values as hashes."""
    return np.array(values, np.uint64)


def tied(members: dict[int, int], *, kin: bool = False) -> Grouping:
    """Grouping of members and their group."""
    account = sorted(members)
    none = Grouping(hashes(), hashes())
    group = hashes(*(members[a] for a in account))
    if kin:
        return replace(none, kin_template=hashes(*account), kin_group=group)
    return replace(none, tied_account=hashes(*account), tied_group=group)


def names(memory: GroupMemory, members: dict[int, int]) -> list[int]:
    """Names of the groups of the members, in order."""
    found: list[int] = memory.named(tied(members), kin=False).tied_group.tolist()
    return found


YESTERDAY = GroupMemory.of_day(tied({1: 70, 2: 70, 3: 70, 4: 80, 5: 80, 6: 80}), 3)


def test_a_group_that_keeps_half_of_its_members_keeps_its_name() -> None:
    """Two of three are enough, whatever the group would be called today."""
    assert names(YESTERDAY, {2: 9, 3: 9, 11: 9, 12: 9}) == [70, 70, 70, 70]


def test_a_group_of_strangers_is_new() -> None:
    """One of three is not enough, nor is nobody."""
    assert names(YESTERDAY, {3: 9, 11: 9, 12: 9, 13: 9}) == [9, 9, 9, 9]


def test_of_two_parts_the_larger_keeps_the_name() -> None:
    """A name is given once; a group that would be called what another one is called gets another name."""
    found = names(YESTERDAY, {1: 8, 2: 8, 3: 70, 11: 70})
    assert found[:2] == [70, 70]
    assert found[2] == found[3] not in {70, 8}


def test_of_two_that_are_one_now_the_name_of_the_closest_is_kept() -> None:
    """Both share all; the smaller name wins the tie."""
    assert set(names(YESTERDAY, {1: 9, 2: 9, 3: 9, 4: 9, 5: 9, 6: 9})) == {70}


def test_templates_and_accounts_are_not_mixed_up() -> None:
    """A group of templates does not take the name of a group of accounts with the same numbers."""
    found = YESTERDAY.named(tied({1: 9, 2: 9, 3: 9}, kin=True), kin=True)
    assert found.kin_group.tolist() == [9, 9, 9]


def test_members_age_and_merging_is_commutative() -> None:
    """The later day counts; members not seen since are forgotten."""
    today = GroupMemory.of_day(tied({1: 70, 2: 70}), 9)
    assert YESTERDAY.merge(today) == today.merge(YESTERDAY)
    left = YESTERDAY.merge(today).since(5)
    assert left.table["member"].to_pylist() == [1, 2]
    assert YESTERDAY.merge(YESTERDAY) == YESTERDAY


def test_shares_add_up_by_epoch() -> None:
    """Counts of today and of earlier windows are one background; an old epoch is forgotten."""
    cells = Summary(("cell",), ("n",)).add(pa.table({"cell": hashes(4, 9), "n": np.array([2, 3])})).table()
    clients = pa.table({"client": hashes(4), "n": np.array([7])})
    one, two = (ShareMemory.of_day(epoch, {"cell": cells, "client": clients}) for epoch in (1, 2))
    assert one.merge(two) == two.merge(one)
    found = one.merge(two).counted("cell", cells)
    assert found.to_pydict() == {"cell": [4, 9], "n": [6, 9]}
    assert one.merge(two).since(2) == two
    assert ShareMemory().counted("cell", cells) is cells
