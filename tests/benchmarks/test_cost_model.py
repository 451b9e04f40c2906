"""What a day of traffic costs, worked out from measurements made up by hand."""

from typing import Any

import pytest
from benchmarks.cost_model import Law, Site, breaks, breaks_table, cost_table, model_of
from benchmarks.scale_tables import bytes_table, score_table, stages_table, totals


def entry(millions: float, cpu_s: float, peak_bytes: float) -> dict[str, Any]:
    """One size as `benchmarks.scale` writes it: everything but processor time and memory is proportional."""
    n = round(millions * 1e6)
    moved = {
        "cut segments": {
            "map": {"rows_in": n, "out_bytes": 180 * n, "stored_out_bytes": 90 * n, "carried_bytes": 120 * n}
        },
        "measure families": {"group": {"rows_in": 3 * n, "in_bytes": 210 * n, "stored_out_bytes": n, "state_bytes": 0}},
        "distinct prompts": {"reduce": {"rows_in": n, "in_bytes": 300 * n, "state_bytes": 16 * n}},
    }
    child = {
        "accounts": n // 20,
        "moved": moved,
        "stage_s": {"cut segments": cpu_s / 2, "measure families": cpu_s / 4},
        "stage_cpu_s": {"start": 1.0, "cut segments": cpu_s, "measure families": cpu_s / 4},
        "phrase_counts": {"size_bytes": 100 * n, "absent_mean": 0.5},
    }
    found = {"n_found": 4, "n_planted": 5, "exchange_recall": 0.9, "account_recall": 0.8}
    score = {**found, "n_false_accounts": 1, "n_legitimate_accounts": 1000}
    runs = [{"wall_s": cpu_s, "cpu_s": cpu_s, "peak_bytes": peak_bytes, "child": child}]
    slower = {"wall_s": 3 * cpu_s, "cpu_s": 2 * cpu_s, "peak_bytes": 2 * peak_bytes, "child": child}
    return {"exchanges": n, "runs": [*runs, slower], "score": score}


@pytest.fixture
def results() -> dict[str, Any]:
    """Three sizes; processor time grows as the power 1.5, memory by 1 GB a million beside 2 GB that are there."""
    sizes = [(m, 10.0 * m**1.5, 2e9 + 1e9 * m) for m in (1.0, 4.0, 16.0)]
    return {"sizes": [entry(*size) for size in sizes], "references": {}}


def test_laws_come_from_the_measurements(results: dict[str, Any]) -> None:
    """Exponents above one go on, below one the last step goes on, the least of the repetitions counts."""
    model = model_of(results)
    assert model.cpu_s.at(64e6) == pytest.approx(10.0 * 64**1.5)
    assert model.peak.at(64e6) == pytest.approx(66e9)
    assert model.shuffled.at(1e9) == pytest.approx(210e9)
    assert model.prints_stored.at(1e6) == pytest.approx(90e6)


def test_the_phrase_counter_is_told_apart(results: dict[str, Any]) -> None:
    """What is carried is counted without it, and it stops at its cap."""
    model = model_of(results)
    assert model.carried.at(16e6) == pytest.approx(20.0 * 16e6)
    assert model.phrases.at(1e9) == float(1 << 30)
    assert model.summary.at(16e6) == pytest.approx(16.0 * 16e6)


def test_collisions_grow_once_the_counter_is_full(results: dict[str, Any]) -> None:
    """At 16 million the counter is beyond its cap already: forty times as many prompts read forty times as much."""
    model = model_of(results)
    assert model.noise.at(40 * 16e6) == pytest.approx(20.0)


@pytest.mark.parametrize(
    "law",
    [Law(10.0, 1e6), Law(10.0, 1e6, 1.3), Law(10.0, 1e6, slope=2e-6), Law(10.0, 1e6, most=1e9)],
    ids=["proportional", "power", "slope", "capped"],
)
def test_a_law_reaches_what_it_is_at(law: Law) -> None:
    """`reaches` is the inverse of `at`."""
    assert law.at(law.reaches(123.0)) == pytest.approx(123.0)


def test_a_law_may_never_reach() -> None:
    """A cap below the limit, and what does not grow, never get there."""
    assert Law(10.0, 1e6, most=20.0).reaches(21.0) == float("inf")
    assert Law(10.0, 1e6, slope=0.0).reaches(21.0) == float("inf")


def test_cores_follow_from_time_and_utilisation(results: dict[str, Any]) -> None:
    """Processor seconds of a day's traffic over the seconds of a day that may be used."""
    table = cost_table(model_of(results), Site(utilisation=0.5), rates=(1e9,))
    expected = 10.0 * 1000**1.5 / (86_400 * 0.5)
    assert f"| {int(expected) + 1:,} |" in table


def test_what_breaks_first_comes_first(results: dict[str, Any]) -> None:
    """Ascending, and a smaller machine breaks earlier."""
    model = model_of(results)
    found = breaks(model, Site())
    assert [n for n, _, _ in found] == sorted(n for n, _, _ in found)
    peak = {what: n for n, what, _ in found}["one machine's memory"]
    assert peak == pytest.approx(62e6)
    smaller = {what: n for n, what, _ in breaks(model, Site(memory_bytes=32e9))}
    assert smaller["one machine's memory"] < peak
    assert "62 million" in breaks_table(model, Site())


def test_one_size_is_proportional(results: dict[str, Any]) -> None:
    """Without a second size nothing is known of growth."""
    model = model_of({"sizes": results["sizes"][:1]})
    assert model.cpu_s.at(2e6) == pytest.approx(20.0)


def test_totals_tell_least_median_and_exponent(results: dict[str, Any]) -> None:
    """Seconds, microseconds an exchange, and how they grow."""
    lines = totals(results).splitlines()
    assert lines[2].startswith("| 1,000,000 | 10.0 (20.0) | 10.0 (15.0) | 10.0 | 10.0 | 3.00 |")
    assert lines[-1].startswith("| exponent from 1 million on | 1.50 | 1.50 |")


def test_stages_are_set_beside_the_machine(results: dict[str, Any]) -> None:
    """The longest first, without what is no stage; times of the floors only where these were measured."""
    lines = stages_table(results).splitlines()
    assert lines[2].startswith("| cut segments | 5,000 |")
    assert lines[2].endswith("| - | - |")
    assert not any("start" in line for line in lines)
    results["references"] = {"speeds": {"memory read": {"one_ns": 20.0}, "xxh3, bytes": {"one_ns": 40.0}}}
    assert stages_table(results).splitlines()[2].endswith("| 40,000 | 2,000.0 | 1,000.0 |")


def test_bytes_are_told_an_exchange(results: dict[str, Any]) -> None:
    """What was read and written an exchange, and what was carried in all."""
    assert "| measure families | group | 3.00 | 210 |  |  | 1 |  |  |" in bytes_table(results)


def test_quality_stands_beside_speed(results: dict[str, Any]) -> None:
    """Campaigns of those planted, and who was accused wrongly."""
    assert "| 1,000,000 | 4 of 5 | 0.900 | 0.800 | 1 of 1,000 |" in score_table(results)
