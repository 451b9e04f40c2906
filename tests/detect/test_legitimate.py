"""Own legitimate families: who counts, what a unit is, and how far an attacker with verified accounts gets."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.detect.accounts import AccountBook
from stillwatch.detect.families import MEASURED
from stillwatch.detect.harvest.score import TESTS, Reference, score_families
from stillwatch.detect.legitimate import MOST_RISE_BITS, Blend, Chosen, Trust, _votes, blend, choose, draw
from stillwatch.detect.reference import ReferenceFile, feature_arrays, size_bars
from stillwatch.detect.views import view_of
from stillwatch.model.family import ATTRIBUTES

Floats = NDArray[np.float64]
PEOPLE = np.array([0.4, 0.4, 0.4, 0.5, 2, 0.3, 0.1, 0.4, 0.2, 0.5, 0.1, -1, -6])
HARVEST = np.array([0.0, 0.02, 0.01, 0.0, 0.1, 0.0, 0.0, 0.02, 0.01, 0.0, 0.9, 20.0, 60.0])
STORED = {"pay": "payment_known_bits", "bits": "bits_without_payment"}
"""Columns of MEASURED that hold the tests which are bits."""
SPREAD = np.array([0.15, 0.15, 0.15, 0.15, 0.6, 0.12, 0.05, 0.15, 0.1, 0.15, 0.1, 1, 10])


class Row(NamedTuple):
    """A family to be: accounts, exchanges each of them sent, effects, and the view's number."""

    accounts: list[int]
    effects: Floats
    n: int = 10
    view: int = 0


@dataclass
class World:
    """Families and accounts that a scan would have measured; account a is hash a, organisation o hash 10**6 + o."""

    rows: list[Row] = field(default_factory=list)
    owner: dict[int, int] = field(default_factory=dict)
    unverified: set[int] = field(default_factory=set)
    secret: int = 0

    def choose(self, base: ReferenceFile, vouched: list[int] | None = None) -> Chosen:
        """What `choose` makes of it."""
        measured, streams = self.tables()
        everybody = sorted({a for row in self.rows for a in row.accounts})
        ordinary = np.array([a for a in everybody if a not in self.unverified], np.uint64)
        named = np.array(sorted(vouched or []), np.uint64)
        return choose(measured, streams, self.book(everybody), Trust(ordinary, named, self.secret), base)

    def blend(self, base: ReferenceFile, enough: int = 1_000) -> Blend:
        """What a calibration makes of it."""
        return blend(self.tables()[0], self.choose(base), base, enough)

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """Tables MEASURED and streams."""
        ids = [(row.view << 61) | (2 * i + 1) for i, row in enumerate(self.rows)]
        order = np.argsort(np.array(ids, np.uint64))
        columns: dict[str, object] = {f.name: np.zeros(len(ids), f.type.to_pandas_dtype()) for f in MEASURED}
        columns["family"] = np.array(ids, np.uint64)[order]
        columns["n_accounts"] = columns["n_owners"] = np.array([len(self.rows[i].accounts) for i in order])
        for j, test in enumerate(TESTS):
            columns[STORED.get(test, test)] = np.array([self.rows[i].effects[j] for i in order])
            columns[f"{test}_error"] = np.full(len(ids), 0.03)
        measured = pa.table({f.name: pa.array(columns[f.name], f.type) for f in MEASURED})
        read = feature_arrays(measured)[0]
        for test, name in STORED.items():  # bits are read per so many owners: those that are read are the effects
            bits, j = measured[name].to_numpy(), TESTS.index(test)
            share = np.divide(read[:, j], bits, out=np.ones(len(bits)), where=bits != 0)
            measured = measured.set_column(measured.schema.get_field_index(name), name, pa.array(bits / share))
        flat = [(ids[i], a, self.rows[i].n) for i in order for a in sorted(self.rows[i].accounts)]
        family, account, n = (np.array([r[k] for r in flat], t) for k, t in enumerate((np.uint64, np.uint64, np.int64)))
        return measured, pa.table({"family": family, "account": account, "n": n})

    def book(self, accounts: list[int]) -> AccountBook:
        """Accounts without anything in common but their owners."""
        n = len(accounts)
        owners = [10**6 + self.owner[a] if a in self.owner else 0 for a in accounts]
        return AccountBook(
            account=np.array(accounts, np.uint64),
            organisation=np.array(owners, np.uint64),
            attributes=np.zeros((n, len(ATTRIBUTES)), np.uint64),
            n_alike=np.zeros((n, len(ATTRIBUTES)), np.int64),
            verified=np.ones(n, np.bool_),
            declared=np.zeros(n, np.int8),
        )


def people(rng: np.random.Generator, n: int) -> Floats:
    """Effects of legitimate families."""
    return rng.normal(PEOPLE, SPREAD, (n, 13))


def simulated(n: int = 400, seed: int = 99) -> ReferenceFile:
    """A base of people; half of the families are small."""
    rng = np.random.default_rng(seed)
    families = Reference(people(rng, n), np.full((n, 13), 0.03), np.arange(n), ("people",) * n)
    sizes = np.where(np.arange(n) % 2, 30, 14)
    bars = size_bars(families, sizes)
    return ReferenceFile(
        "base", is_default=True, families=families, bar_bits=bars[-1].bits, n_accounts=sizes,
        view=("template",) * n, is_own=np.zeros(n, np.bool_), bars=bars,
    )  # fmt: skip


BASE = simulated()


def own(rng: np.random.Generator, n: int, size: int = 30, first: int = 0) -> World:
    """A provider's own families, each of accounts of its own."""
    return World([Row(list(range(first + i * size, first + (i + 1) * size)), x) for i, x in enumerate(people(rng, n))])


def test_every_family_has_one_fate() -> None:
    """Explained by owners, not verified, disputed, drawn or left in the urn: the counts add up."""
    rng = np.random.default_rng(0)
    world = own(rng, 20)
    world.owner |= {a: a // 6 for a in world.rows[0].accounts}  # fleets of six
    world.unverified |= set(world.rows[1].accounts[:4])
    world.rows[2] = world.rows[2]._replace(effects=HARVEST)
    world.rows.append(Row(world.rows[3].accounts, people(rng, 1)[0]))
    chosen = world.choose(BASE)
    parts = {"explained": 1, "unverified": 1, "disputed": 1, "same-unit": 1, "doubtful": 0, "kept": 17}
    assert chosen.left_out == {"seen": 21} | parts
    assert chosen.n_disputed == (0, 1)
    assert len(chosen.rows) == len(np.unique(chosen.unit)) == 17


def test_one_in_ten_may_be_unknown() -> None:
    """Overwhelmingly is nine in ten exchanges."""
    world = own(np.random.default_rng(1), 2)
    world.unverified |= set(world.rows[0].accounts[:3]) | set(world.rows[1].accounts[:4])
    assert world.choose(BASE).left_out["unverified"] == 1


def test_a_person_may_vouch() -> None:
    """A family over the bar counts when its accounts, or the organisations behind them, are vouched for."""
    world = own(np.random.default_rng(2), 3)
    world.rows[0] = world.rows[0]._replace(effects=HARVEST)
    world.owner |= {a: a for a in world.rows[0].accounts}
    assert world.choose(BASE).left_out["disputed"] == 1
    assert world.choose(BASE, world.rows[0].accounts).left_out["disputed"] == 0
    assert world.choose(BASE, [10**6 + a for a in world.rows[0].accounts]).left_out["disputed"] == 0
    assert world.choose(BASE, world.rows[0].accounts[:20]).left_out["disputed"] == 1


def test_whom_a_person_vouches_for_needs_no_level() -> None:
    """Upheld appeals are of customers whom nobody had verified before; nine of ten exchanges must be vouched for."""
    world = own(np.random.default_rng(2), 3)
    pupils = world.rows[0].accounts
    world.unverified |= set(pupils)
    assert world.choose(BASE).left_out["unverified"] == 1
    assert world.choose(BASE, pupils).left_out["unverified"] == 0
    assert world.choose(BASE, pupils[: len(pupils) // 2]).left_out["unverified"] == 1


def test_families_over_the_same_accounts_are_one_unit() -> None:
    """Fifty templates over one set of accounts are one vote; a family of other accounts keeps its own."""
    rng = np.random.default_rng(3)
    world = World([Row(list(range(40)), x, view=i % 3) for i, x in enumerate(people(rng, 50))])
    world.rows.append(Row(list(range(100, 140)), PEOPLE))
    chosen = world.choose(BASE)
    assert len(np.unique(chosen.unit)) == 2
    assert chosen.left_out["same-unit"] == 51 - 4


def test_what_is_disputed_taints_its_unit() -> None:
    """Harmless families over the accounts of a disputed one do not count; bystanders of it do."""
    rng = np.random.default_rng(4)
    shells = list(range(40))
    world = World([Row(shells, HARVEST), Row(shells, PEOPLE), Row(shells + list(range(100, 300)), PEOPLE)])
    world.rows += own(rng, 3, first=1000).rows
    chosen = world.choose(BASE)
    assert chosen.left_out["disputed"] == 2
    assert chosen.left_out["kept"] == 4


def test_an_organisation_is_a_unit_whatever_accounts_it_uses() -> None:
    """Two families that one organisation sends most of, through a few of many accounts, are one unit."""
    rng = np.random.default_rng(5)
    world = own(rng, 2)
    for row in world.rows:
        world.owner |= dict.fromkeys(row.accounts[:14], 7)
    measured, streams = world.tables()
    heavy = np.isin(streams["account"].to_numpy(), np.array(list(world.owner), np.uint64))
    streams = streams.set_column(2, "n", pa.array(np.where(heavy, 100, 10)))
    accounts = list(range(60))
    trust = Trust(np.arange(60, dtype=np.uint64), np.zeros(0, np.uint64))
    chosen = choose(measured, streams, world.book(accounts), trust, BASE)
    assert chosen.kind == ("own-organisation",)
    assert chosen.left_out["same-unit"] == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 500), st.integers(0, 5)), max_size=40, unique=True))
def test_a_draw_is_one_a_unit_and_view(rows: list[tuple[int, int, int]]) -> None:
    """Every pair of unit and view has exactly one row, the same whatever else there is."""
    family = np.array([(view << 61) | key for view, key, _ in rows], np.uint64)
    units = [unit for _, _, unit in rows]
    drawn = draw(family, units)
    pairs = [(units[i], view_of(int(family[i])).name) for i in drawn]
    assert sorted(set(pairs)) == sorted(pairs)
    assert set(pairs) == {(u, view_of(int(f)).name) for u, f in zip(units, family, strict=True)}


@pytest.mark.parametrize(("n", "enough", "others"), [(0, 100, 400), (40, 100, 320), (120, 100, 200), (40, 1000, 392)])
def test_few_own_units_are_filled_up(n: int, enough: int, others: int) -> None:
    """Each own unit of a size class takes out its share of the base's 200, until `enough` of them take out all."""
    found = own(np.random.default_rng(6), n).blend(BASE, enough)
    assert len(found.is_own) - found.is_own.sum() == others
    assert found.is_own.sum() == n
    assert [bar.n_own for bar in found.bars] == [0, n]
    assert [bar.n_units for bar in found.bars] == [200, n + others - 200]
    assert not set(found.families.unit[found.is_own]) & set(found.families.unit[~found.is_own])


def test_a_base_of_unknown_sizes_fills_too() -> None:
    """Files of version 1 do not say how large their families are."""
    old = replace(BASE, n_accounts=np.zeros(0, np.int64), view=(), is_own=np.zeros(0, np.bool_))
    found = own(np.random.default_rng(6), 40).blend(old, 100)
    assert (len(found.is_own) - found.is_own.sum(), found.is_own.sum()) == (400, 40)
    assert [bar.n_units for bar in found.bars] == [400, 440]


def under_the_bar(start: Floats, base: ReferenceFile, size: int, margin: float) -> Floats:
    """Families that score `margin` less than the base's bar: legitimate ones moved straight towards a harvest."""
    low, high = np.zeros(len(start)), np.ones(len(start))
    for _ in range(12):
        middle = (low + high) / 2
        x = start + middle[:, None] * (HARVEST - start)
        calm = score_families(x, np.full(x.shape, 0.03), base.families).total_bits < base.bar_for(size) - margin
        low, high = np.where(calm, middle, low), np.where(calm, high, middle)
    return np.asarray(start + low[:, None] * (HARVEST - start))


SECRETS = 3


class Attack(NamedTuple):
    """What an attacker with five per cent of the verified accounts reached.

    honest, poisoned    Calibrations without and with the attacker, with the first secret.
    lost        Bits that a later harvest scores less, median of fifty, mean over secrets: which of the attacker's units
                vote is drawn by lot, and one more or less of a handful is worth a bit or two.
    rise        Largest rise of a bar, bits, over all secrets.
    """

    honest: Blend
    poisoned: Blend
    disputed: int
    lost: float
    rise: float


def attack(size: int, margin: float | None) -> Attack:
    """Calibrate with and without an attacker, who has families of `size` accounts, on families like default ones."""
    rng, base = np.random.default_rng(7), ReferenceFile.load()
    drawn = rng.integers(len(base.families.x), size=600)
    sizes = rng.integers(10, 90, 600)
    first = np.cumsum(sizes) - sizes
    x = base.families.x[drawn] + rng.normal(0, 0.01, (600, 13))
    honest = World([Row(list(range(f, f + n)), e) for f, n, e in zip(first.tolist(), sizes.tolist(), x, strict=True)])
    n_attacks = int(sizes.sum()) // 19 // size
    effects = rng.normal(HARVEST, 0.01, (n_attacks, 13))
    if margin is not None:
        start = base.families.x[rng.integers(len(base.families.x), size=n_attacks)]
        effects = under_the_bar(start, base, size, margin)
    rows = [Row(list(range(10**6 + i * size, 10**6 + (i + 1) * size)), e) for i, e in enumerate(effects)]
    poisoned = World([*honest.rows, *rows])
    drawn_by = [(replace(honest, secret=k), replace(poisoned, secret=k)) for k in range(SECRETS)]
    pairs = [(before.blend(base), after.blend(base)) for before, after in drawn_by]
    later = rng.normal(HARVEST, 0.01, (50, 13))
    lost = [np.median(bits_of(later, one)) - np.median(bits_of(later, other)) for one, other in pairs]
    rise = max(b.bits - a.bits for one, other in pairs for a, b in zip(one.bars, other.bars, strict=True))
    disputed = poisoned.choose(base).left_out["disputed"] - honest.choose(base).left_out["disputed"]
    return Attack(*pairs[0], disputed, float(np.mean(lost)), rise)


@pytest.mark.parametrize("size", [10, 20])
def test_harvests_sent_openly_from_verified_accounts_move_nothing(size: int) -> None:
    """They are disputed: no bar moves, no later harvest scores less, and the promise counts them."""
    found = attack(size, None)
    assert (found.lost, found.rise) == (0.0, 0.0)
    before, after = (part.bars[size >= 20] for part in (found.honest, found.poisoned))
    assert after.n_above == before.n_above + found.disputed
    assert found.disputed > 50
    assert after.alpha > 10 * before.alpha


@pytest.mark.parametrize(("size", "margin"), [(10, 0.0), (10, 4.0), (10, 6.0), (20, 0.0), (20, 4.0), (20, 6.0)])
def test_families_tuned_to_lie_under_the_bar_move_little(size: int, margin: float) -> None:
    """A bar rises by no more than it may over the base's; a harvest loses fewer than eight bits, over three secrets."""
    found = attack(size, margin)
    assert found.disputed == 0
    for bar in found.poisoned.bars:
        assert bar.bits <= ReferenceFile.load().bar_for(bar.low) + MOST_RISE_BITS
    assert found.lost < 8


def test_votes_by_probability_are_what_protects(monkeypatch: pytest.MonkeyPatch) -> None:
    """With equal votes the same attack makes a later harvest look usual."""
    guarded = attack(10, 0.0).lost
    monkeypatch.setattr("stillwatch.detect.legitimate.CONTAMINATION", 1e-9)
    assert attack(10, 0.0).lost > guarded + 4


def bits_of(x: Floats, blended: Blend) -> Floats:
    """Scores of families against a blend."""
    return score_families(x, np.full(x.shape, 0.03), blended.families).total_bits


def test_a_vote_has_the_probability_that_its_unit_is_legitimate() -> None:
    """Of units that score S against the base, 1 / (1 + 2^S / 19) vote; another secret gives other votes."""
    bits = np.repeat(np.arange(-20.0, 21.0), 500)
    family, unit = np.arange(1, len(bits) + 1, dtype=np.uint64), np.arange(len(bits))
    votes = _votes(family, unit, bits, 1).reshape(-1, 500).mean(axis=1)
    expected = 1 / (1 + np.exp2(np.arange(-20.0, 21.0)) / 19)
    assert np.abs(votes - expected).max() < 4 * np.sqrt(0.25 / 500)
    assert not np.array_equal(_votes(family, unit, bits, 1), _votes(family, unit, bits, 2))


def test_one_doubtful_family_takes_its_unit_out() -> None:
    """A unit votes whole or not at all."""
    family, unit = np.arange(1, 1001, dtype=np.uint64), np.repeat(np.arange(500), 2)
    bits = np.tile([-20.0, 30.0], 500)
    assert not _votes(family, unit, bits, 0).any()


def test_a_bar_never_rises_by_more_than_it_may() -> None:
    """Vouched families that score high raise the bar up to the limit; what lies over it counts against the promise."""
    world = own(np.random.default_rng(8), 60)
    world.rows[0] = world.rows[0]._replace(effects=HARVEST)
    chosen = world.choose(BASE, world.rows[0].accounts)
    found = blend(world.tables()[0], chosen, BASE)
    assert found.bars[1].bits == pytest.approx(BASE.bar_for(30) + MOST_RISE_BITS)
    assert (found.bars[1].n_above, found.bars[1].alpha) == (1, 2 / (found.bars[1].n_units + 1))
