"""Power and false alarms of ``stillwatch score-windows`` on real prompts, beside an MMD on TF-IDF vectors.

Usage: ``STILLWATCH_CORPORA=... .venv/bin/python -m benchmarks.score_windows [--part development] [--windows 4]``

Each pair mixes one harvest corpus into one corpus of ordinary use: windows of 1,500 with attackers at several shares,
against 1,500 benign prompts drawn from the rest of the same corpus (at most 40 % of it). Corpora are either for
development, where choices were made, or for the final check, where nothing was.
"""

import argparse
import os
import zlib
from collections import defaultdict
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from stillwatch.detect.windows import score_windows
from stillwatch.detect.windows.asked import PARTS as PARTS_OF_SCORE
from stillwatch.detect.windows.share import Share
from stillwatch.stats.tails import clopper_pearson
from stillwatch.stats.two_sample import permutation_p_value, random_labels

LEVEL = 0.003
WINDOW = 1500
MMD_PERMUTATIONS = 999
MIXES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
BLENDS = {
    "agent": ("bfcl", "bfcl_live"),
    "chat": ("awesome_prompts", "arena_hard", "self_instruct_human", "mt_bench", "vicuna_bench"),
}
PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "development": (
        (
            "flan_cot_aqua",
            "flan_cot_creak",
            "flan_cot_ecqa",
            "flan_cot_qasc",
            "flan_cot_sensemaking",
            "flan_cot_strategyqa",
            "gorilla_apibench",
            "gorilla_questions",
        ),
        ("banking77", "restaurant8k", "agent", "gsm8k_train"),
    ),
    "final": (
        ("gpteacher_codegen", "gpteacher_roleplay", "gpteacher_toolformer", "toolbench", "toolalpaca", "belle_eval"),
        ("clinc150", "chat", "bfcl_live"),
    ),
}
Corpora = dict[str, list[str]]


class Job(NamedTuple):
    """One window of one pair."""

    harvest: str
    benign: str
    mix: float
    seed: int
    permutations: int


class Outcome(NamedTuple):
    """What came of it: p-values of both tests and of the parts alone, the true share and the estimated one."""

    job: Job
    p_value: float
    parts: dict[str, float]
    mmd: float
    true_share: float
    share: Share


def corpora() -> Corpora | None:
    """Distinct prompts by corpus, in an order of their own, and the blends."""
    folder = os.environ.get("STILLWATCH_CORPORA")
    if not folder:
        return None
    table = pq.read_table(Path(folder) / "prompts.parquet", columns=["corpus", "text"])
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for corpus, text in zip(table["corpus"].to_pylist(), table["text"].to_pylist(), strict=True):
        found[corpus][text] = None
    listed = {name: list(texts) for name, texts in found.items()}
    return listed | {name: [t for part in parts for t in listed[part]] for name, parts in BLENDS.items()}


def draw(texts: Corpora, job: Job) -> tuple[list[str], list[str], float]:
    """Benign prompts, a window, and the share of the window that is harvest; no prompt twice."""
    rng = np.random.default_rng([job.seed, zlib.crc32(f"{job.harvest} {job.benign}".encode())])
    attack, usual = texts[job.harvest], texts[job.benign]
    n_attack = min(round(job.mix * WINDOW), len(attack))
    n_benign = min(WINDOW, len(usual) * 2 // 5)
    n_usual = min(WINDOW - n_attack, len(usual) - n_benign)
    picked = [attack[i] for i in rng.permutation(len(attack))[:n_attack]]
    order = rng.permutation(len(usual))
    window = picked + [usual[i] for i in order[n_benign : n_benign + n_usual]]
    return [usual[i] for i in order[:n_benign]], window, n_attack / len(window)


def mmd_p_value(benign: list[str], window: list[str], seed: int) -> float:
    """P-value of the unbiased MMD with a Gaussian kernel of median width on TF-IDF vectors of words.

    References  Gretton et al. (2012), J. Mach. Learn. Res. 13, 723-773, lemma 6.
    """
    vectors = tf_idf([text.casefold().split() for text in window + benign])
    squares = np.maximum(2 - 2 * np.asarray((vectors @ vectors.T).todense(), np.float32), 0)
    kernel = np.exp(-squares / max(float(np.median(squares[:500, -500:])), 1e-6))
    np.fill_diagonal(kernel, 0)
    n_rows, n = len(kernel), len(window)
    labels = random_labels(n_rows, n, MMD_PERMUTATIONS + 1, seed).astype(np.float32)
    labels[:, 0] = np.arange(n_rows) < n
    inside = (labels * (kernel @ labels)).sum(axis=0)
    across = kernel.sum(axis=1) @ labels - inside
    others = kernel.sum() - inside - 2 * across
    m = n_rows - n
    mmd = inside / (n * (n - 1)) + others / (m * (m - 1)) - 2 * across / (n * m)
    return permutation_p_value(float(mmd[0]), mmd[1:])


def tf_idf(documents: list[list[str]]) -> csr_matrix:
    """Rows of length one, words weighed by how few documents have them."""
    number: dict[str, int] = {}
    columns = [number.setdefault(word, len(number)) for words in documents for word in words]
    rows = np.repeat(np.arange(len(documents)), [len(words) for words in documents])
    counts = csr_matrix((np.ones(len(columns), np.float32), (rows, columns)), shape=(len(documents), len(number)))
    counts.sum_duplicates()  # then an index is there once a document
    frequency = np.bincount(counts.indices, minlength=len(number))
    weighed = csr_matrix(counts @ diags(np.log((1 + len(documents)) / (1 + frequency)) + 1))
    length = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    return csr_matrix(diags(1 / np.where(length > 0, length, 1)) @ weighed)


_TEXTS: Corpora = {}


def run(job: Job) -> Outcome:
    """Both tests on one window."""
    if not _TEXTS:
        _TEXTS.update(corpora() or {})
    benign, window, share = draw(_TEXTS, job)
    score = score_windows(benign, window, permutations=job.permutations, seed=job.seed)
    parts = {part.name: part.p_value for part in score.parts}
    return Outcome(job, score.p_value, parts, mmd_p_value(benign, window, job.seed), share, score.share)


def jobs(part: str, mixes: tuple[float, ...], windows: int, permutations: int) -> Iterator[Job]:
    """Every pair at every mix; without attackers the pairs of one benign corpus are one."""
    harvests, benigns = PARTS[part]
    for mix in mixes:
        for benign in benigns:
            for harvest in harvests if mix else ("none",):
                for seed in range(windows * (1 if mix else len(harvests))):
                    yield Job(harvest if mix else harvests[0], benign, mix, seed, permutations)


def mean(values: list[bool]) -> float:
    """Share that is true."""
    return sum(values) / len(values)


def table(outcomes: list[Outcome]) -> None:
    """Print rates by mix, and the pairs below one half."""
    by_mix: defaultdict[float, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_mix[outcome.job.mix].append(outcome)
    print("mix      windows  found  95 % interval  MMD on TF-IDF  share inside its interval")
    for mix, found in sorted(by_mix.items()):
        hits = [o.p_value <= LEVEL for o in found]
        low, high = clopper_pearson(sum(hits), len(hits))
        inside = mean([o.share.low <= o.true_share <= o.share.high for o in found])
        rates = f"{mean(hits):6.3f}  {low:.3f} to {high:.3f} {mean([o.mmd <= LEVEL for o in found]):14.3f}"
        print(f"{mix:5.1%} {len(hits):9d} {rates} {inside:26.2f}")
    for mix, found in sorted(by_mix.items()):
        pairs: defaultdict[str, list[bool]] = defaultdict(list)
        for o in found:
            pairs[f"{o.job.harvest} in {o.job.benign}"].append(o.p_value <= LEVEL)
        weak = ", ".join(f"{pair} {mean(h):.2f}" for pair, h in sorted(pairs.items()) if mix and mean(h) < 0.5)
        if weak:
            print(f"{mix:.1%} found in fewer than half of the windows: {weak}")
    print_parts(by_mix)
    print_null(by_mix.get(0.0, []))


def print_parts(by_mix: dict[float, list[Outcome]]) -> None:
    """Print what each part would find by itself."""
    print(f"alone    {' '.join(f'{name:>10}' for name in PARTS_OF_SCORE)}")
    for mix, found in sorted(by_mix.items()):
        rates = [mean([o.parts.get(name, 1.0) <= LEVEL for o in found]) for name in PARTS_OF_SCORE]
        print(f"{mix:5.1%}    {' '.join(f'{rate:10.3f}' for rate in rates)}")


def print_null(found: list[Outcome]) -> None:
    """Print quantiles of p-values where nobody attacks."""
    p_values: NDArray[np.float64] = np.sort([o.p_value for o in found])
    if len(p_values):
        shown = ", ".join(f"{(p_values <= level).mean():.3f} at {level}" for level in (0.003, 0.01, 0.05, 0.1, 0.5))
        print(f"no attackers, {len(p_values)} windows, p-values at or below: {shown}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, default="final")
    parser.add_argument("--windows", type=int, default=2)
    parser.add_argument("--permutations", type=int, default=999)
    parser.add_argument("--mixes", type=float, nargs="+", default=MIXES)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    if corpora() is None:
        print("skipped: STILLWATCH_CORPORA is not set")
        return
    listed = list(jobs(chosen.part, tuple(chosen.mixes), chosen.windows, chosen.permutations))
    with Pool(chosen.processes) as pool:
        table(list(pool.imap_unordered(run, listed)))


if __name__ == "__main__":
    main()
