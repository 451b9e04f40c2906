"""The reference as a file: bars by size, and files that are none, each refused with what is wrong and what to do."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.detect.backgrounds import Backgrounds
from stillwatch.detect.harvest.score import Reference, leave_one_unit_out, score_families
from stillwatch.detect.reference import MIN_BAR_BITS, ReferenceFile, size_bars, size_class
from stillwatch.errors import IncompatibleVersion, MissingData, UnreadableSource
from stillwatch.model.calibration import Calibration

CALIBRATION = Calibration(
    created_at=datetime(2026, 11, 1, 12, 30, 0, 5, UTC),
    first=datetime(2026, 9, 1, tzinfo=UTC),
    last=datetime(2026, 10, 1, tzinfo=UTC),
    lag_days=30.0,
    n_own=30,
    n_simulated=90,
    rules={"min_age_days": 90.0},
    exchanges={"read": 10, "recent": 2, "excluded": 1, "used": 7},
    families={"seen": 130, "unverified": 100, "kept": 30},
    units={"template 10-19": 60, "template 20+": 60},
    software="0.1.0",
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The default reference as a file of one's own."""
    path = tmp_path / "mine.parquet"
    families, n_accounts = mixed(seed=0)
    own = np.arange(120) < 30
    bars = size_bars(families, n_accounts, is_own=own)
    values = np.arange(1, 9, dtype=np.uint64)
    ReferenceFile(
        name="ours",
        is_default=False,
        families=families,
        bar_bits=bars[-1].bits,
        n_accounts=n_accounts,
        view=("template",) * 120,
        is_own=own,
        bars=bars,
        calibration=CALIBRATION,
        backgrounds=Backgrounds.of({"payment": (values, values)}, b"salt"),
    ).save(path)
    return path


def test_a_saved_reference_is_read(saved: Path) -> None:
    """The tests below spoil a file that is good."""
    assert not ReferenceFile.load(saved).is_default


@pytest.mark.parametrize("content", [b"", b"PAR1 not really PAR1", b"\x00" * 5000])
def test_what_is_no_parquet(tmp_path: Path, content: bytes) -> None:
    """Neither an empty file nor rubbish."""
    path = tmp_path / "rubbish"
    path.write_bytes(content)
    with pytest.raises(UnreadableSource, match=r"rubbish is no Parquet file, or is damaged; build one with"):
        ReferenceFile.load(path)


def test_a_reference_that_is_cut_off(saved: Path) -> None:
    """Half a file is damaged."""
    saved.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    with pytest.raises(UnreadableSource, match="damaged"):
        ReferenceFile.load(saved)


def test_another_table(tmp_path: Path) -> None:
    """A Parquet file without the label, and with the label of an older version, whose effects are on other scales."""
    path = tmp_path / "other.parquet"
    for labels, layout in ((None, "none"), ({"stillwatch.reference_version": "3"}, "3")):
        pq.write_table(pa.table({"a": [1]}).replace_schema_metadata(labels), path)
        with pytest.raises(
            IncompatibleVersion, match=f"layout {layout}, this version reads 4 and its tests; build it again"
        ):
            ReferenceFile.load(path)


def test_a_reference_that_lacks_a_test(saved: Path) -> None:
    """One structure test less than this version runs: it must be built again."""
    table = pq.read_table(saved)
    pq.write_table(table.drop_columns(["hi_error"]), saved)
    with pytest.raises(IncompatibleVersion, match=r"hi_error.*build it again"):
        ReferenceFile.load(saved)


@pytest.mark.parametrize("name", ["unit", "ti", "kind", "votes"])
def test_a_value_that_was_changed(saved: Path, name: str) -> None:
    """The checksum covers families and backgrounds alike."""
    table = pq.read_table(saved)
    at = table.schema.get_field_index(name)
    column = table[name].to_pylist()
    row = next(i for i, value in enumerate(column) if value is not None)
    column[row] = "asn" if name == "kind" else column[row] + 1
    pq.write_table(table.set_column(at, table.schema.field(at), [column]), saved)
    with pytest.raises(UnreadableSource, match="checksum does not fit"):
        ReferenceFile.load(saved)


def test_facts_that_were_changed(saved: Path) -> None:
    """A bar that somebody lowered by hand is found out."""
    table = pq.read_table(saved)
    labels = dict(table.schema.metadata)
    key = b"stillwatch.reference_facts"
    labels[key] = labels[key].replace(b'"bar_bits":', b'"bar_bits":0')
    pq.write_table(table.replace_schema_metadata(labels), saved)
    with pytest.raises(UnreadableSource, match="checksum does not fit"):
        ReferenceFile.load(saved)


def test_none_at_all(tmp_path: Path) -> None:
    """A path with nothing there."""
    with pytest.raises(MissingData, match="does not exist; build one with"):
        ReferenceFile.load(tmp_path / "nothing")


def test_everything_survives(saved: Path, tmp_path: Path) -> None:
    """Sizes, views, owners, bars, provenance and backgrounds are read as they were written."""
    whole = ReferenceFile.load(saved)
    whole.save(tmp_path / "again.parquet")
    again = ReferenceFile.load(tmp_path / "again.parquet")
    assert (again.bars, again.calibration, again.backgrounds) == (whole.bars, whole.calibration, whole.backgrounds)
    assert (again.view, again.name, again.bar_bits) == (whole.view, whole.name, whole.bar_bits)
    assert np.array_equal(again.n_accounts, whole.n_accounts)
    assert np.array_equal(again.is_own, whole.is_own)
    assert again.n_own_units == 30


def test_each_size_class_has_its_own_bar() -> None:
    """The bar of a class is its units' highest score, whatever the others do, and never under ten bits."""
    families, n_accounts = mixed(seed=2)
    bars = size_bars(families, n_accounts)
    bits = leave_one_unit_out(families).total_bits
    for number, bar in enumerate(bars):
        mine = np.array([size_class(int(n)) == number for n in n_accounts])
        assert bar.bits == max(bits[mine].max(), MIN_BAR_BITS)
        assert bar.n_units == len(np.unique(families.unit[mine]))
        assert (bar.n_above, bar.alpha) == (0, 1 / (bar.n_units + 1))
    assert bars[0].bits > bars[1].bits


def test_one_noisy_class_leaves_the_other_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small families that look like harvests raise the small bar; the large one moves by the votes they take only."""
    monkeypatch.setattr("stillwatch.detect.reference.MIN_BAR_BITS", -99.0)
    quiet, loud = (size_bars(*mixed(seed=2, shift=shift)) for shift in (0.39, 0.4))
    assert loud[0].bits > quiet[0].bits + 5
    assert loud[1].bits == pytest.approx(quiet[1].bits, abs=0.5)


def test_a_bar_keeps_its_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """New units of a class go over its bar as often as alpha says, 1 in 61: simulation, four errors wide."""
    monkeypatch.setattr("stillwatch.detect.reference.MIN_BAR_BITS", -99.0)
    n_over, n_new, trials = np.zeros(2), 60, 60
    for seed in range(trials):
        families, n_accounts = mixed(seed=seed, shift=0.1)
        bars = size_bars(families, n_accounts)
        new, sizes = mixed(seed=1000 + seed, shift=0.1)
        bits = score_families(new.x, new.s, families).total_bits
        for number in range(2):
            n_over[number] += (bits[sizes == (14, 50)[number]] > bars[number].bits).sum()
    rates, alpha = n_over / (n_new * trials), 1 / 61
    # the rate of one trial is beta(1, 60), so its standard deviation is about alpha, plus counting
    error = np.sqrt((alpha**2 + alpha / n_new) / trials)
    assert (np.abs(rates - alpha) < 4 * error).all()


def test_of_many_units_one_in_two_hundred_may_reach_the_bar() -> None:
    """The oddest of 800 does not set it: four lie over it, no more than the level allows."""
    rng = np.random.default_rng(6)
    crowd = people(800, 6)
    odd = rng.choice(800, 3, replace=False)
    crowd.x[odd] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.95, 20, 40]
    bar = size_bars(crowd, np.full(800, 50))[1]
    assert bar.bits == MIN_BAR_BITS
    assert bar.n_above == 3
    assert bar.alpha == 4 / 801 <= 1 / 200


def test_what_is_over_the_limit_counts_against_alpha() -> None:
    """A bar that may not rise says how many units lie over it; disputed units count as well."""
    families, n_accounts = mixed(seed=2)
    free = size_bars(families, n_accounts)
    held = size_bars(families, n_accounts, n_disputed=(3, 0), most_bits=(free[0].bits - 1, 99.0))
    over = held[0].n_above - 3
    assert over >= 1
    assert held[0].alpha == (1 + over + 3) / (held[0].n_units + 3 + 1)
    assert held[1] == free[1]


def test_comparable_units_are_of_one_view_and_size() -> None:
    """Half to twice the accounts; a unit counts once however many families it has."""
    families = Reference(np.zeros((5, 13)), np.zeros((5, 13)), np.array([0, 0, 1, 2, 3]), ("people",) * 5)
    sizes, views = np.array([30, 40, 60, 61, 30]), ("client", "client", "client", "client", "template")
    file = ReferenceFile("five", is_default=False, families=families, bar_bits=10.0, n_accounts=sizes, view=views)
    assert file.comparable_units("client", 30) == 2
    assert file.comparable_units("template", 60) == 1
    assert file.comparable_units("rhythm", 30) == 0


def test_kinds_beyond_the_reference_are_counted() -> None:
    """Families with fewer than twenty comparable units, by view and size class."""
    families, n_accounts = mixed(seed=2)
    views = ("client",) * len(n_accounts)
    file = ReferenceFile("m", is_default=False, families=families, bar_bits=10.0, n_accounts=n_accounts, view=views)
    seen = file.beyond(["client", "client", "rhythm", "client"], np.array([50, 14, 50, 9000]))
    assert seen == {"client 20+": 1, "rhythm 20+": 1}


def people(n: int, seed: int, centre: float = 0.4) -> Reference:
    """Unrelated people, each a unit."""
    rng = np.random.default_rng(seed)
    effects = rng.normal([centre, centre, centre, 0.5, 2, 0.3, 0.1, 0.4, 0.2, 0.5, 0.1, -1, -6], 0.1, (n, 13))
    return Reference(effects, np.full((n, 13), 0.05), np.arange(n), ("people",) * n)


def mixed(seed: int, shift: float = 0.4) -> tuple[Reference, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Sixty small families, one of which looks much like a harvest, and sixty large ones; each a unit."""
    large, small = people(60, seed), people(60, seed + 500, 0.4 - shift / 4)
    rng = np.random.default_rng(seed)
    x = np.concatenate([small.x, large.x])
    x[:60] -= rng.exponential(0.05, (60, 1))
    if shift >= 0.4:
        x[0] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.95, 20, 40]
    families = Reference(x, np.full((120, 13), 0.05), np.arange(120), ("people",) * 120)
    return families, np.repeat([14, 50], 60)
