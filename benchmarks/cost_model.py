"""What a day of a provider's traffic costs: the measured scan, scaled by its own exponents, and where it breaks.

Every figure is a measurement times a stated law: `Law.at`. Nothing is assumed but the laws, and `Site`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isnan
from typing import Any, Final, NamedTuple

from benchmarks.growth import fit_power, markdown, pretty_bytes, pretty_count
from benchmarks.scale_tables import least, sizes_of

__all__ = ["Law", "Model", "Site", "breaks", "breaks_table", "cost_table", "model_of"]

Results = Mapping[str, Any]

DAY_S: Final = 86_400.0
RATES: Final = (1e6, 1e7, 1e8, 1e9, 1e10)
FARTHEST: Final = 1e12
FROM: Final = 0.99e6
"""Sizes that exponents are fitted to: below, what does not grow with the traffic is most of the cost."""
MOST_PHRASE_BYTES: Final = float(1 << 30)
PLATEAU_COUNT: Final = 20.0
"""A phrase belongs to a template from this count on; counts that collisions make must stay far below."""


class Law(NamedTuple):
    """``value`` at ``size`` exchanges, and how it goes on.

    exponent    As a power of the size, when measured at 1 or more.
    slope       Value per exchange instead, when costs that do not grow make the exponent less than 1: what the two
                largest sizes differ by. A power below 1 would promise too much far beyond them.
    most        The program's own cap.
    """

    value: float
    size: float
    exponent: float = 1.0
    slope: float | None = None
    most: float = float("inf")

    def at(self, n: float) -> float:
        """Value at `n` exchanges.

        >>> Law(10.0, 1e6).at(2e6), Law(10.0, 1e6, most=15.0).at(2e6), Law(10.0, 1e6, slope=1e-6).at(2e6)
        (20.0, 15.0, 11.0)
        """
        if self.slope is None:
            return float(min(self.most, self.value * (n / self.size) ** self.exponent))
        return float(min(self.most, max(0.0, self.value + self.slope * (n - self.size))))

    def reaches(self, limit: float) -> float:
        """Exchanges at which the value is `limit`; infinite when it never is.

        >>> Law(10.0, 1e6).reaches(20), Law(10.0, 1e6, most=15.0).reaches(20), Law(10.0, 1e6, slope=1e-6).reaches(11)
        (2000000.0, inf, 2000000.0)
        """
        if self.most < limit:
            return float("inf")
        if self.slope is not None:
            return self.size + (limit - self.value) / self.slope if self.slope > 0 else float("inf")
        return float(self.size * (limit / self.value) ** (1 / self.exponent)) if self.value > 0 else float("inf")


class Site(NamedTuple):
    """What is assumed of the provider's machines.

    utilisation     Share of the cores' time that may be planned for.
    memory_bytes, disk_bytes    Of one worker.
    kept_days       How long fingerprints are kept.
    """

    utilisation: float = 0.6
    memory_bytes: float = 64e9
    disk_bytes: float = 2e12
    kept_days: int = 14


@dataclass(frozen=True, slots=True)
class Model:
    """Laws of one scan, by what they limit; bytes unless the name says otherwise.

    cpu_s, wall_s, peak     The whole scan on the machine that was measured.
    prints, prints_stored   Fingerprints, as Arrow and in files.
    shuffled                Rows that `group` sorts and hands over.
    members                 Rows of families (count).
    written                 All files a scan writes and holds until its end.
    phrases                 The phrase counter.
    carried, summary        Largest thing sent with a function, and largest summary, the phrase counter aside.
    noise                   What the counter reads for a phrase nobody sent (count).
    """

    cpu_s: Law
    wall_s: Law
    peak: Law
    prints: Law
    prints_stored: Law
    shuffled: Law
    members: Law
    written: Law
    phrases: Law
    carried: Law
    summary: Law
    noise: Law


def model_of(results: Results) -> Model:
    """Laws from the sizes measured: the value of the largest, the growth of those from one million on (else of all).

    What was measured at one size only is taken as proportional.
    """
    entries = results["sizes"]
    children = [min(entry["runs"], key=lambda run: run["wall_s"])["child"] for entry in entries]
    moved = [child["moved"] for child in children]

    def law(values: Sequence[float], most: float = float("inf")) -> Law:
        return _law(sizes_of(results), values, most)

    phrases = [float(child.get("phrase_counts", {}).get("size_bytes", 0.0)) for child in children]
    noise = [float(child.get("phrase_counts", {}).get("absent_mean", 0.0)) for child in children]
    prints = [stages.get("cut segments", {}).get("map", {}) for stages in moved]
    return Model(
        cpu_s=law([least(entry, "cpu_s") for entry in entries]),
        wall_s=law([least(entry, "wall_s") for entry in entries]),
        peak=law([least(entry, "peak_bytes") for entry in entries]),
        prints=law([sizes.get("out_bytes", 0.0) for sizes in prints]),
        prints_stored=law([sizes.get("stored_out_bytes", 0.0) for sizes in prints]),
        shuffled=law([_sum(stages, "group", "in_bytes") for stages in moved]),
        members=law([_sum(stages, "group", "rows_in") for stages in moved]),
        written=law([_sum(stages, None, "stored_out_bytes") for stages in moved]),
        phrases=law(phrases, MOST_PHRASE_BYTES),
        carried=law([_held(stages, "carried_bytes", own) for stages, own in zip(moved, phrases, strict=True)]),
        summary=law([_held(stages, "state_bytes", own) for stages, own in zip(moved, phrases, strict=True)]),
        noise=_noise_law(children[-1], noise[-1], sizes_of(results)[-1]),
    )


def _law(sizes: Sequence[float], values: Sequence[float], most: float) -> Law:
    pairs = list(zip(sizes, values, strict=True))
    kept = [(size, value) for size, value in pairs if size >= FROM]
    kept = kept if len(kept) > 1 else pairs
    exponent = fit_power([size for size, _ in kept], [value for _, value in kept]).exponent
    if isnan(exponent) or exponent >= 1:
        return Law(values[-1], sizes[-1], 1.0 if isnan(exponent) else exponent, most=most)
    (before, less), (size, value) = kept[-2:]
    return Law(value, size, slope=max(0.0, value - less) / (size - before), most=most)


def _noise_law(child: Mapping[str, Any], noise: float, n: float) -> Law:
    """The counter grows with the prompts until it is full; from then on what collisions add grows with them."""
    counts = child.get("phrase_counts", {})
    full = MOST_PHRASE_BYTES / counts["size_bytes"] if counts.get("size_bytes") else 1.0
    return Law(noise, n * max(1.0, full))


def _sum(stages: Mapping[str, Any], verb: str | None, field: str) -> float:
    return float(
        sum(
            sizes.get(field, 0.0)
            for verbs in stages.values()
            for name, sizes in verbs.items()
            if verb is None or name == verb
        )
    )


def _held(stages: Mapping[str, Any], field: str, phrase_bytes: float) -> float:
    """Largest of a field over all verbs, each without the phrase counter where it holds that."""
    sizes = [s.get(field, 0.0) for verbs in stages.values() for s in verbs.values()]
    return float(max((s - phrase_bytes if s >= phrase_bytes else s for s in sizes), default=0.0))


def cost_table(model: Model, site: Site, rates: Sequence[float] = RATES) -> str:
    """Exchanges a day -> cores, memory, network and disk, when every day is scanned once as one window."""
    rows = []
    for n in rates:
        cores = model.cpu_s.at(n) / (DAY_S * site.utilisation)
        rows.append(
            (
                pretty_count(n),
                f"{max(1, ceil(cores)):,}" if cores > 0.1 else f"{cores:.2g}",
                pretty_bytes(model.peak.at(n)),
                pretty_bytes(model.shuffled.at(n)),
                pretty_bytes(model.prints.at(n)),
                pretty_bytes(model.prints_stored.at(n)),
                pretty_bytes(model.prints_stored.at(n) * site.kept_days),
                pretty_bytes(model.phrases.at(n) + model.carried.at(n)),
                pretty_bytes(model.summary.at(n)),
            )
        )
    heads = (
        "exchanges a day",
        "cores",
        "memory on one machine",
        "shuffled",
        "fingerprints",
        "stored",
        f"stored, {site.kept_days} days",
        "broadcast",
        "largest summary",
    )
    return markdown(heads, rows)


def breaks(model: Model, site: Site) -> list[tuple[float, str, str]]:
    """Exchanges in one window, up to a trillion, at which something stops working, what, and why; the first first."""
    found = [
        (model.wall_s.reaches(DAY_S), "one machine as measured", "a day's scan takes a day"),
        (model.peak.reaches(site.memory_bytes), "one machine's memory", pretty_bytes(site.memory_bytes)),
        (model.written.reaches(site.disk_bytes), "one machine's disk", pretty_bytes(site.disk_bytes)),
        (
            model.carried.reaches(site.memory_bytes - model.phrases.most),
            "a worker's memory: what is sent with a function",
            pretty_bytes(site.memory_bytes),
        ),
        (
            model.summary.reaches(site.memory_bytes),
            "the driver's memory: the largest summary",
            pretty_bytes(site.memory_bytes),
        ),
        (
            model.phrases.reaches(MOST_PHRASE_BYTES),
            "the phrase counter is at its cap",
            "from here on more prompts mean more collisions",
        ),
        (
            model.noise.reaches(PLATEAU_COUNT),
            "templates drown in collisions",
            f"a phrase nobody sent reads {PLATEAU_COUNT:.0f}, the count of a template",
        ),
    ]
    return sorted((n, what, why) for n, what, why in found if n <= FARTHEST)


def breaks_table(model: Model, site: Site) -> str:
    """`breaks` in Markdown."""
    rows = [(pretty_count(n), what, why) for n, what, why in breaks(model, site)]
    return markdown(("exchanges in one window", "what gives way", "at"), rows)
