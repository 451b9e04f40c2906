"""Accounts that ask from one list: sums against a plain loop, kernel against twin, shards found and people not."""

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from stillwatch.detect.views._kernels_profile import lead, nearest
from stillwatch.detect.views.profiles import PROFILE, profile_groups, profiles

FLOAT = NDArray[np.float64]


def sketches(rng: np.random.Generator, subject: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Sketch of a prompt on each subject: the subject's own 64 bits, a quarter of them flipped."""
    prototypes = np.random.default_rng(99).integers(1, 2**63, 500, dtype=np.uint64)
    flips = np.packbits(rng.random((len(subject), 64)) < 0.25, axis=1).view(np.uint64).ravel()
    return np.asarray(prototypes[subject] ^ flips, np.uint64)


def asked(
    rng: np.random.Generator, n_shards: int, n_each: int, n_people: int, *, breadths: tuple[int, ...] = (40,)
) -> pa.Table:
    """Lists of so many subjects dealt over accounts 1 to `n_shards`, and people with three subjects each."""
    account = np.repeat(np.arange(1, n_shards + n_people + 1), n_each)
    own = rng.integers(0, 500, (n_shards + n_people + 1, 3))
    of_list = 40 * (account % len(breadths)) + rng.integers(0, np.array(breadths)[account % len(breadths)])
    subject = np.where(account <= n_shards, of_list, own[account, rng.integers(0, 3, len(account))])
    columns = {
        "account": account.astype(np.uint64),
        "head": np.ones(len(account), np.bool_),
        "topic": sketches(rng, subject),
        "n_tokens": rng.integers(8, 60, len(account)).astype(np.int32),
        "script": np.ones(len(account), np.uint8),
        "system": np.zeros(len(account), np.uint64),
        "tools": np.zeros(len(account), np.bool_),
    }
    return pa.table(columns)


def replaced(table: pa.Table, **columns: NDArray[np.generic]) -> pa.Table:
    """The table with some columns replaced."""
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values))
    return table


def groups(table: pa.Table) -> list[set[int]]:
    """Groups as sets of accounts, the largest first."""
    account, group = profile_groups(profiles(table))
    assert (np.diff(account.astype(np.int64)) > 0).all()
    return sorted((set(account[group == g].tolist()) for g in np.unique(group)), key=len, reverse=True)


@pytest.mark.parametrize(("n_each", "most"), [(25, 9), (40, 2), (60, 2)])
def test_shards_of_a_list_are_one_group_and_people_are_in_none(n_each: int, most: int) -> None:
    """Fifty accounts fall together; of three hundred people with subjects of their own hardly any is with them.

    With 25 questions noise leaves room for three in a hundred.
    """
    found = groups(asked(np.random.default_rng(1), 50, n_each, 300))
    assert len(found[0] & set(range(1, 51))) >= 49
    assert len(found[0] - set(range(1, 51))) <= most
    assert sum(map(len, found[1:])) <= 30


@pytest.mark.parametrize(("n_each", "breadth"), [(40, 3), (100, 8)])
def test_two_lists_are_two_groups(n_each: int, breadth: int) -> None:
    """Lists on a few other subjects stay apart; each holds nine in ten of its accounts."""
    found = groups(asked(np.random.default_rng(2), 60, n_each, 100, breadths=(breadth, breadth)))
    assert {a % 2 for a in found[0]} != {a % 2 for a in found[1]}
    assert [len({a % 2 for a in members if a <= 60}) for members in found[:2]] == [1, 1]
    assert sum(len(members & set(range(1, 61))) for members in found[:2]) >= 54


@pytest.mark.parametrize("setting", ["system", "tools"])
def test_one_list_in_two_settings_is_two_groups(setting: str) -> None:
    """Half of the accounts have a system prompt, or offer tools: two crews, though they ask alike."""
    table = asked(np.random.default_rng(8), 60, 40, 0)
    assert len(groups(table)[0]) >= 57
    given = table["account"].to_numpy() % 2 == 1
    values = given * np.uint64(977) if setting == "system" else given
    found = groups(replaced(table, **{setting: values}))
    assert [len({a % 2 for a in members}) for members in found[:2]] == [1, 1]
    assert [len(members) for members in found[:2]] == pytest.approx([30, 30], abs=3)


def test_which_system_prompt_does_not_matter() -> None:
    """One of its own for every account splits nothing: only that there is one counts."""
    table = asked(np.random.default_rng(8), 60, 40, 0)
    table = replaced(table, system=np.ones(table.num_rows, np.uint64))
    own = groups(replaced(table, system=table["account"].to_numpy() << np.uint64(40)))
    assert own == groups(table)
    assert len(own[0]) >= 57


def test_later_turns_change_nothing() -> None:
    """A list whose items lead to more turns is found as one whose items do not: only opening questions are read."""
    rng = np.random.default_rng(9)
    table = asked(rng, 50, 25, 100)
    later = table.take(pa.array(np.repeat(np.arange(table.num_rows), 2)))
    other = rng.integers(1, 2**63, later.num_rows, dtype=np.uint64)
    head = np.arange(later.num_rows) % 2 == 0
    longer = replaced(later, head=head, topic=np.where(head, later["topic"].to_numpy(), other))
    assert profiles(longer).equals(profiles(table))
    assert len(groups(longer)[0]) >= 49


def test_profiles_equal_a_plain_loop() -> None:
    """Sums and spread of every account with twenty opening questions, whatever else it sends; others are left out."""
    rng = np.random.default_rng(3)
    table = asked(rng, 20, 24, 20)
    head = (np.arange(960) // 24 % 3 != 0) | (rng.random(960) < 0.9)
    topic = np.where(rng.random(960) < 0.1, np.uint64(0), table["topic"].to_numpy())
    system = np.where(rng.random(960) < 0.5, np.uint64(0), rng.integers(1, 2**63, 960, dtype=np.uint64))
    table = replaced(table, head=head, topic=topic, system=system, tools=rng.random(960) < 0.3)
    expected = {}
    for a in range(1, 41):
        rows = [row for row in table.to_pylist() if row["account"] == a]
        used = [row for row in rows if row["head"] and row["topic"]]
        if len(used) < 20:
            continue
        features = np.zeros((len(used), 83))
        for i, row in enumerate(used):
            features[i, :64] = [1 if row["topic"] >> bit & 1 else -1 for bit in range(64)]
            features[i, 64] = int(np.log2(row["n_tokens"]))
            features[i, 65 + row["script"]] = 2
            features[i, 81:] = [2 * (row["system"] != 0), 2 * row["tools"]]
        expected[a] = (len(used), features.sum(axis=0), features.var(axis=0, ddof=1).sum())
    found = profiles(table)
    assert found.schema == PROFILE
    assert found["account"].to_pylist() == list(expected)
    for row, (n, sums, spread) in zip(found.to_pylist(), expected.values(), strict=True):
        assert row["n"] == n
        assert row["sums"] == sums.tolist()
        assert row["spread"] == pytest.approx(spread, rel=1e-5)
    assert 5 < len(expected) < 35


def lead_plainly(n: FLOAT, sums: FLOAT, spread: FLOAT, most: int, slack: float, alike: float) -> list[int]:
    """Leader clustering with lists: the same groups as the kernel's."""
    groups: list[list[int]] = []
    chosen = []
    for i in range(len(n)):
        ratios = []
        for members in groups:
            count = n[members].sum()
            apart = ((sums[i] / n[i] - sums[members].sum(axis=0) / count) ** 2).sum()
            noise = spread[i] / n[i] + alike * spread[i] + (spread[members] * n[members]).sum() / count / count
            ratios.append(apart / noise)
        best = int(np.argmin(ratios)) if ratios else -1
        if best >= 0 and ratios[best] < 1 + slack:
            groups[best].append(i)
        elif len(groups) < most:
            groups.append([i])
            best = len(groups) - 1
        else:
            best = -1
        chosen.append(best)
    return chosen


@pytest.mark.parametrize("alike", [0.0, 0.01, 0.3])
@pytest.mark.parametrize("most", [4, 100])
def test_kernel_equals_twin(most: int, alike: float) -> None:
    """Groups of the kernel and of plain lists agree, also when there is no room for more."""
    rng = np.random.default_rng(4)
    n = rng.integers(10, 40, 120).astype(np.float64)
    centre = rng.normal(0, 2, (12, 6))[rng.integers(0, 12, 120)]
    sums = n[:, None] * (centre + rng.normal(0, 1, (120, 6)) / np.sqrt(n)[:, None])
    spread = rng.uniform(4, 8, 120)
    found = lead(n, sums, spread, most, 0.8, alike)
    assert found.tolist() == lead_plainly(n, sums, spread, most, 0.8, alike)
    assert len(np.unique(found)) > 3


def test_a_small_distance_makes_no_difference_however_well_it_is_known() -> None:
    """Means a twentieth of a standard deviation apart are one group, half of one apart are two, over 10,000 questions.

    Without the allowance both would be two: the noise of so many questions is nothing.
    """
    n, spread = np.full(2, 10_000.0), np.full(2, 4.0)
    near, far = (n[:, None] * np.array([[0.0, 0.0], [0.0, apart * 2.0]]) for apart in (0.05, 0.5))
    assert lead(n, near, spread, 10, 0.8, 0.01).tolist() == [0, 0]
    assert lead(n, near, spread, 10, 0.8, 0.0).tolist() == [0, 1]
    assert lead(n, far, spread, 10, 0.8, 0.01).tolist() == [0, 1]


def test_nobody_is_close_to_nothing() -> None:
    """Without groups there is none to join, and no accounts make no groups."""
    assert nearest(np.zeros(3), 1.0, np.zeros((2, 3)), np.ones(2), 0, 0.5) == -1
    assert groups(asked(np.random.default_rng(5), 0, 5, 0)) == []
    assert groups(asked(np.random.default_rng(5), 3, 20, 0)) == []


def test_the_order_of_accounts_does_not_matter() -> None:
    """The same profiles in any order give the same groups under the same names."""
    table = profiles(asked(np.random.default_rng(6), 40, 20, 60))
    mixed = table.take(pa.array(np.random.default_rng(7).permutation(table.num_rows)))
    assert [part.tolist() for part in profile_groups(table)] == [part.tolist() for part in profile_groups(mixed)]
