"""The studies measure what they say: on traffic where a claim is true they say so, on traffic where it is not too."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from stillwatch.bench import null_studies
from stillwatch.bench.null_sequences import TURN_NULLS, TurnNull
from stillwatch.bench.null_studies import (
    Study,
    World,
    attribution_of_bystanders,
    conformal_ranks,
    e_value_tails,
    make_world,
    one_kind_left_out,
)
from stillwatch.detect.harvest.score import TESTS
from stillwatch.detect.reference import ReferenceFile


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small one: three seeds to learn from, two held out, one attacked."""
    folder = tmp_path_factory.mktemp("world")
    return make_world(folder, exchanges=25_000, learnt=(1, 2, 3), held_out=(4, 5), attacked=(6,))


def well_formed(study: Study) -> None:
    """A picture that parses, rows as wide as the heads, figures that are numbers."""
    ET.fromstring(study.picture)  # noqa: S314 (made here)
    assert all(len(row) == len(study.heads) for row in study.rows)
    assert study.rows
    assert all(np.isfinite(value) for value in study.figures.values())
    assert study.table().count("\n") == len(study.rows) + 1


def test_ranks_of_units_alike_are_uniform(world: World) -> None:
    """Held-out families of other seeds stay inside the band, and every kind has a row."""
    study = conformal_ranks(world)
    well_formed(study)
    assert study.figures["distance"] < study.figures["band"]
    assert {row[0] for row in study.rows} > set(world.held_out["kind"].to_pylist())


def test_ranks_of_harvests_are_not(world: World) -> None:
    """The same families with a harvest's effects leave the band: the study can fail."""
    harvest = dict(zip(TESTS, [0.0, 0.02, 0.01, 0.0, 0.1, 0.0, 0.0, 0.02, 0.01, 0.0, 0.9, 20.0, 60.0], strict=True))
    stored = {"pay": "payment_known_bits", "bits": "bits_without_payment"}
    columns = {name: world.held_out[name] for name in world.held_out.column_names}
    for test, value in harvest.items():
        columns[stored.get(test, test)] = pa.array(np.full(len(world.held_out), value))
    study = conformal_ranks(replace(world, held_out=pa.table(columns)))
    assert study.figures["distance"] > 2 * study.figures["band"]
    assert study.figures["at_5"] > 0.9


def test_e_values_inside_the_grid_keep_their_promise() -> None:
    """No more than 2^-b of unrelated accounts reach b bits where the null holds them, and the mean is at most one."""
    study = e_value_tails(n_draws=150)
    well_formed(study)
    for name, share in study.figures.items():
        if "outside" not in name and "highest" not in name:
            assert share <= 2.0**-10 + 4 * np.sqrt(2.0**-10 / 150), name


def test_e_values_of_one_hand_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts in strict rotation, passed off as unrelated, break the promise visibly."""

    def rota(_: np.random.Generator, n: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        return (np.arange(n) % 20).astype(np.int32), np.arange(n, dtype=np.int64) * 60_000_000

    nulls = (*TURN_NULLS, TurnNull("a rota", True, rota))
    monkeypatch.setattr(null_studies, "TURN_NULLS", nulls)
    study = e_value_tails(n_draws=20)
    assert study.figures["dispatch: a rota, 10 bits"] == 1.0


def test_leaving_a_kind_out_takes_its_units_out(world: World) -> None:
    """A row a kind with its units in the reference; scores hardly fall when the reference lacks the kind."""
    study = one_kind_left_out(world)
    well_formed(study)
    shipped = ReferenceFile.load()
    for row in study.rows:
        name = row[0].split(" ", 1)[1]
        n = len(np.unique(shipped.families.unit[np.array(shipped.families.kind) == name]))
        assert row[1] == f"{n:,}"
        assert int(row[2]) == pc.sum(pc.equal(world.held_out["kind"], name)).as_py()
        assert float(row[6]) > float(row[4]) - 1.0


def test_bystanders_are_told_from_accounts_of_campaigns(world: World) -> None:
    """Accounts of campaigns have more bits than their bystanders."""
    study = attribution_of_bystanders(world)
    well_formed(study)
    bystanders, members, *_ = study.rows
    assert int(members[1].replace(",", "")) > 50
    if int(bystanders[1].replace(",", "")):
        assert float(bystanders[4].split(" ")[0]) < float(members[4].split(" ")[0])


def test_pictures_are_written(monkeypatch: pytest.MonkeyPatch, world: World, tmp_path: Path) -> None:
    """One file a study."""
    monkeypatch.setattr(null_studies, "make_world", lambda *_, **__: world)
    monkeypatch.setattr(null_studies, "STUDIES", (conformal_ranks, one_kind_left_out))
    found = null_studies.run_studies(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"null-{s.name}.svg" for s in found)
