"""Building a reference: legitimate units only, one draw a unit and view, a bar that its own units respect."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.bench.reference import build
from stillwatch.bench.third_hand import INNOCENTS
from stillwatch.detect.harvest.score import leave_one_unit_out
from stillwatch.detect.reference import MIN_BAR_BITS, ReferenceFile, size_class
from stillwatch.errors import IncompatibleVersion, MissingData
from stillwatch.simulate import POPULATIONS


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReferenceFile, Path]:
    """A small reference of two seeds."""
    path = tmp_path_factory.mktemp("reference") / "small.parquet"
    return build(path, exchanges=40_000, seeds=(1, 2)), path


def test_it_holds_legitimate_kinds_only(reference: tuple[ReferenceFile, Path]) -> None:
    """Kinds are populations of either hand, or mixed; a campaign is never among them."""
    kinds = set(reference[0].families.kind)
    first, third = {population.name for population in POPULATIONS}, set(INNOCENTS)
    assert kinds <= first | third | {"mixed"}
    assert len(kinds & first) > 5
    assert len(kinds & third) > 1


def test_a_unit_has_at_most_one_family_a_view(reference: tuple[ReferenceFile, Path]) -> None:
    """Four views, so at most four rows."""
    assert max(Counter(reference[0].families.unit.tolist()).values()) <= 4


def test_no_unit_is_over_its_bar(reference: tuple[ReferenceFile, Path]) -> None:
    """The bar of a size class is the finest quantile of its units themselves, and at least the least bar."""
    built = reference[0]
    bits = leave_one_unit_out(built.families).total_bits
    for number, bar in enumerate(built.bars):
        mine = np.array([size_class(int(n)) == number for n in built.n_accounts])
        assert bar.bits == max(bits[mine].max(), MIN_BAR_BITS)
        assert bar.n_units == len(np.unique(built.families.unit[mine]))
    assert built.bar_bits == built.bars[-1].bits


def test_it_says_how_many_units_of_what_it_has(reference: tuple[ReferenceFile, Path]) -> None:
    """All units are simulated; views and sizes are counted."""
    calibration = reference[0].calibration
    assert calibration is not None
    assert (calibration.n_own, calibration.n_simulated) == (0, reference[0].n_units)
    assert sum(calibration.units.values()) >= reference[0].n_units
    assert calibration.units["client 20+"] > 0


def test_it_is_read_as_it_was_written(reference: tuple[ReferenceFile, Path]) -> None:
    """Names, units, effects (to single precision) and bar survive."""
    built, path = reference
    read = ReferenceFile.load(path)
    assert (read.name, read.bar_bits, read.is_default) == (built.name, built.bar_bits, False)
    assert (read.bars, read.view, read.calibration) == (built.bars, built.view, built.calibration)
    np.testing.assert_allclose(read.families.x, built.families.x, rtol=1e-6)
    assert read.families.kind == built.families.kind


def test_the_default_ships_and_says_where_it_comes_from() -> None:
    """It is labelled simulated, and more than a thousand units stand behind it."""
    default = ReferenceFile.load()
    assert default.is_default
    assert default.name.startswith("simulated")
    assert default.n_units > 1_000


def test_missing_and_foreign_references_are_refused(tmp_path: Path) -> None:
    """Both errors say what to do."""
    with pytest.raises(MissingData, match="reference build"):
        ReferenceFile.load(tmp_path / "none.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(IncompatibleVersion, match="build it again"):
        ReferenceFile.load(tmp_path / "other.parquet")
