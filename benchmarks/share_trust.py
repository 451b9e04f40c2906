"""Warning lists and the correlated-activity check at size: bytes a prefix, look-ups, tags and indicators a second.

Usage: ``.venv/bin/python -m benchmarks.share_trust [--prefixes 1000000] [--tags 1000000] [--indicators 100000]``

Prefixes are disjoint /24s drawn at random, read from a text file. Local tags are random, of 20,000 families; one
indicator in a thousand is of a local family, with four of its addresses, and must be seen.
"""

import argparse
import resource
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.indicator import (
    Behaviour,
    Confidence,
    Indicator,
    InformationGrade,
    SightingAnswer,
    SignalKind,
    SourceGrade,
    Tag,
    Technique,
    Tlp,
)
from stillwatch.share.answers.check import Memory, check
from stillwatch.share.answers.findings import LocalEvidence
from stillwatch.share.answers.index import KINDS, TAG_BYTES, Local, TagIndex
from stillwatch.share.warnings.lists import load_warning_lists

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FAMILIES = 20_000
TAGS_EACH = 10


def warnings(n: int) -> None:
    """Load so many prefixes, and look five million addresses up."""
    rng = np.random.default_rng(0)
    starts = rng.choice(1 << 24, n, replace=False).astype(np.uint32) << np.uint32(8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.txt"
        path.write_text("\n".join(f"{IPv4Address(int(start))}/24" for start in starts))
        start = time.perf_counter()
        lists = load_warning_lists([path])
        load_s = time.perf_counter() - start
    asked = rng.integers(0, 1 << 32, 5_000_000, dtype=np.uint32)
    lists.prefixes.lists_of_ipv4(asked[:1])
    start = time.perf_counter()
    lists.prefixes.lists_of_ipv4(asked)
    lookups = len(asked) / (time.perf_counter() - start)
    print(f"warning lists: {n:,} prefixes read in {load_s:.1f} s, {lists.prefixes.n_bytes / n:.1f} bytes a prefix")
    print(f"warning lists: {lookups / 1e6:.1f} M look-ups a second")


def local_tags(n: int) -> tuple[TagIndex, NDArray[np.uint8], NDArray[np.uint64]]:
    """Index of so many address tags, with the tags and their families."""
    rng = np.random.default_rng(1)
    tags = rng.integers(0, 256, (n, TAG_BYTES), dtype=np.uint8)
    family = rng.integers(1, FAMILIES + 1, n).astype(np.uint64)
    kind = np.full(n, KINDS.index(SignalKind.ADDRESS), np.uint8)
    account = rng.integers(1, n // 2, n).astype(np.uint64)
    start = time.perf_counter()
    index = TagIndex.of(
        Local(tags, kind, family, account, np.zeros(n, np.bool_)),
        epoch=1,
        days=14,
        coverage={SignalKind.ADDRESS: 1.0},
        n_accounts=n // 2,
        n_families=FAMILIES,
    )
    print(f"check: index of {n:,} tags made in {time.perf_counter() - start:.2f} s")
    return index, tags, family


def indicators(n: int, tags: NDArray[np.uint8], family: NDArray[np.uint64]) -> list[Indicator]:
    """Indicators of ten address tags; one in a thousand has four of a local family."""
    rng = np.random.default_rng(2)
    confidence = Confidence(SourceGrade.B, InformationGrade.THREE)
    like = Indicator(
        "", "", NOW, NOW, NOW, NOW + timedelta(days=3), Tlp.AMBER, confidence, (Technique.ADDRESS_ROTATION,),
        Behaviour({}, {}), (),
    )  # fmt: skip
    values = rng.integers(0, 256, (n, TAGS_EACH, TAG_BYTES), dtype=np.uint8)
    for number in range(0, n, 1000):
        values[number, :4] = tags[np.flatnonzero(family == 1 + number // 1000 % FAMILIES)[:4]]
    return [
        replace(like, indicator_id=str(i), tags=tuple(Tag(SignalKind.ADDRESS, 1, v.tobytes().hex()) for v in rows))
        for i, rows in enumerate(values)
    ]


def checks(n_tags: int, n_indicators: int) -> None:
    """Check so many indicators, one at a time as they arrive, and all their tags in one pass."""
    index, tags, family = local_tags(n_tags)
    told = indicators(n_indicators, tags, family)
    memory = Memory(index, {}, lambda number: LocalEvidence(number, None, 0.0, 0.0, 1, 1))
    start = time.perf_counter()
    answers = [check(indicator, memory, NOW).answer for indicator in told]
    seconds = time.perf_counter() - start
    n_seen = sum(answer is SightingAnswer.SEEN for answer in answers)
    print(
        f"check: {n_indicators:,} indicators one at a time in {seconds:.1f} s, {n_indicators / seconds:,.0f} a second"
    )
    print(f"check: {n_seen} of {-(-n_indicators // 1000)} planted ones seen")
    everything = [tag for indicator in told for tag in indicator.tags]
    start = time.perf_counter()
    n_hits = len(index.hits(everything).tag)
    seconds = time.perf_counter() - start
    print(f"check: {len(everything):,} tags in one pass in {seconds:.2f} s, {n_hits} hits")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("prefixes", 1_000_000), ("tags", 1_000_000), ("indicators", 100_000)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    warnings(options.prefixes)
    checks(options.tags, options.indicators)
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
