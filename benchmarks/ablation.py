"""What each part of the detector is worth: the same traffic scanned without it.

Usage: ``.venv/bin/python -m benchmarks.ablation [--scale 1/200] [--seeds 801,802] [--only NAME,...]``

All twenty campaigns of the first generator are planted in every seed's traffic (with real corpora when
``STILLWATCH_CORPORA`` is set). Parts are switched off one at a time; the reference stays the one that ships, so a part
that also calms legitimate families is judged by its campaigns alone. Printed: campaigns found, account recall where no
legitimate account ranks higher, legitimate accounts accused, seconds.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.bench.measures import account_truth, recall_at
from stillwatch.bench.score import score_tables
from stillwatch.bench.traffic import FolderTraffic
from stillwatch.detect import accounts, campaigns, families, measure, ranking, verdicts
from stillwatch.detect.harvest import score
from stillwatch.detect.ranking import account_bits
from stillwatch.detect.reference import ReferenceFile
from stillwatch.detect.views import VIEWS, view_of
from stillwatch.detect.views.rhythm import Rhythm
from stillwatch.engine import LocalEngine
from stillwatch.ingest import ingest
from stillwatch.model.campaign import Verdict
from stillwatch.model.progress import Stages
from stillwatch.scan import conclude, examine
from stillwatch.scan import measure as measure_traffic
from stillwatch.simulate import CAMPAIGNS, simulate
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import positions

Change = tuple[Any, str, Any]
"""Module or class, name in it, and what stands there instead."""


class Result(NamedTuple):
    """Sums over seeds."""

    found: int
    planted: int
    recall: float
    false: int
    seconds: float


def without_view(name: str) -> list[Change]:
    """Families of one view are never large enough."""
    plain = families.eligible_families

    def eligible(streams: Any) -> NDArray[np.uint64]:  # noqa: ANN401 (a pyarrow table)
        wanted = plain(streams)
        return wanted[[view_of(int(family)).name != name for family in wanted]]

    return [(measure, "eligible_families", eligible)]


def _first_cells() -> Callable[..., Any]:
    plain = Rhythm.keys
    return lambda self, fingerprints, grouping: plain(self, fingerprints, grouping)[:1]


def parts() -> dict[str, list[Change]]:
    """Parts by name, and what switches each off."""
    views = {f"view {view.name}": without_view(view.name) for view in VIEWS if view.name != "pool"}
    return {
        "(nothing)": [],
        **views,
        "overlapping rhythm cells": [(Rhythm, "keys", _first_cells())],
        "rings of 10 to 19": [(verdicts, "MIN_RING_ACCOUNTS", 20), (ranking, "MIN_RING_ACCOUNTS", 20)],
        "common values lay no bet": [(families, "COMMON_SHARE", 2.0), (accounts, "COMMON_SHARE", 2.0)],
        "like with like": [(score, "_UNLIKE", 1.0)],
        "one owner of half": [(verdicts, "MAJORITY", 0.8), (ranking, "MAJORITY", 0.8)],
        "only templates join": [(campaigns, "_siblings", _any_siblings)],
        "wide families": [(campaigns, "_WIDE", frozenset())],
        **{f"test {name}": [(score, "_SUBSETS", _without_test(name))] for name in ("ti", "own", "item", "loc", "talk")},
        "unseen kinds": [(score, "_UNSEEN_KIND", 0.0)],
        "attribution": [(campaigns, "TEXT_BAR", -1e9), (campaigns, "BARE_BAR", -1e9)],
    }


def _any_siblings(judged: Any, accused: NDArray[np.uint64]) -> Any:  # noqa: ANN401 (judged families)
    unclear = campaigns._Crowd([family for family in judged if family.verdict == Verdict.UNCLEAR])  # noqa: SLF001 - it switches parts off
    return [family.among(accused) for family in unclear.mostly_among(accused)]


def _without_test(name: str) -> NDArray[np.bool_]:
    """Tests of each variant, all but one."""
    subsets = score._SUBSETS.copy()  # noqa: SLF001 - the same
    subsets[:, score.TESTS.index(name)] = False
    return subsets


@contextmanager
def changed(changes: list[Change]) -> Iterator[None]:
    """Put the changes in place, and everything back at the end."""
    before = [(where, name, getattr(where, name)) for where, name, _ in changes]
    try:
        for where, name, value in changes:
            setattr(where, name, value)
        yield
    finally:
        for where, name, value in before:
            setattr(where, name, value)


def judge(folder: Path) -> Result:
    """Scan one folder and hold the findings against its truth."""
    stages, reference, start = Stages(), ReferenceFile.load(), time.perf_counter()
    with LocalEngine() as engine:
        scanned = measure_traffic(engine, ingest([folder]), stages)
        examined = examine(engine, scanned, reference, stages, 0.0)
        findings = conclude(engine, examined, stages)
    seconds = time.perf_counter() - start
    exchanges, owners = (pq.read_table(folder / "truth" / f"{name}.parquet") for name in ("exchanges", "accounts"))
    scored = score_tables(exchanges, owners, findings.streams, findings.exchanges)
    book, ids = scanned.measured.book, FolderTraffic(folder).account_id
    family = scanned.measured.families["family"].to_numpy()
    bits = account_bits(family, examined.score.total_bits, examined.attributed, book)
    row = positions(book.account, hash_strings(ids))
    mine, attacker = np.where(row >= 0, bits[row], -np.inf), account_truth(folder, ids)
    recall = recall_at(mine[attacker], mine[~attacker], 0.0)
    return Result(scored.n_found, len(scored.campaigns), recall, scored.n_false_accounts, seconds)


def main() -> None:
    """Simulate every seed once, scan it once per part, print a line per part."""
    known = parts()
    parser = argparse.ArgumentParser(description="What each part of the detector is worth.")
    parser.add_argument("--scale", type=lambda text: float(Fraction(text)), default=1 / 200)
    parser.add_argument("--seeds", type=lambda text: [int(part) for part in text.split(",")], default=[801, 802])
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(known))
    chosen = parser.parse_args()
    corpora = os.environ.get("STILLWATCH_CORPORA")
    names = [campaign.name for campaign in CAMPAIGNS]
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder) / str(seed) for seed in chosen.seeds]
        for seed, run in zip(chosen.seeds, runs, strict=True):
            simulate(run, scale=chosen.scale, seed=seed, campaigns=names, corpora=Path(corpora) if corpora else None)
        print(f"{'without':28} {'found':>9} {'recall at zero false':>21} {'false accounts':>15} {'seconds':>8}")
        for name in chosen.only:
            with changed(known[name]):
                results = [judge(run) for run in runs]
            found, planted = sum(r.found for r in results), sum(r.planted for r in results)
            recall = float(np.mean([r.recall for r in results]))
            false, seconds = sum(r.false for r in results), sum(r.seconds for r in results)
            print(f"{name:28} {f'{found} of {planted}':>9} {recall:>21.3f} {false:>15} {seconds:>8.0f}", flush=True)


if __name__ == "__main__":
    main()
