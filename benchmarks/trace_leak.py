"""Finding leaks: throughput, which accounts are named by records and edits, false names on innocent texts.

Usage: ``python -m benchmarks.trace_leak [--only throughput,tracing,nulls] [--trials 10] [--texts 100000]``

Marked texts are those of a toy model with a stated entropy; 24,999 of 25,000 accounts are decoys.
"""

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.trace_nulls.picture import p_value_plot
from stillwatch.bench.trace_nulls.study import LEVELS, Row, Setting, null_study, table
from stillwatch.bench.trace_nulls.texts import kinds_of, windows
from stillwatch.stats.holm import holm
from stillwatch.stats.tails import clopper_pearson
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import Purpose
from stillwatch.trace.leak import _kernels_scores as kernels
from stillwatch.trace.leak.gathered import Gathered, log_tails
from stillwatch.trace.leak.scoring import KeyTable, Places
from stillwatch.trace.leak.seen import Seen
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import contexts, uniforms
from stillwatch.trace.mark.slots import slots, symbol_uniforms

KEEPER, EPOCH, VOCABULARY = KeyKeeper(bytes(range(32))), "bench", 5000
RECORDS, EDITS = (1, 3, 10, 30, 100), (0.0, 0.1, 0.3, 0.5)
Tokens = NDArray[np.int64]


def shares(entropy: float) -> NDArray[np.float64]:
    """A few likely tokens with the entropy asked for, in nats: equal but for the last."""
    size = max(2, math.ceil(math.exp(entropy)))
    low, high = 0.0, 1.0 / size
    for _ in range(60):
        last = (low + high) / 2
        rest = (1 - last) / (size - 1)
        found = -(size - 1) * rest * math.log(rest) - (last * math.log(last) if last else 0.0)
        low, high = (last, high) if found < entropy else (low, last)
    return np.array([*[(1 - last) / (size - 1)] * (size - 1), last])


def marked(
    rng: np.random.Generator, length: int, entropy: float, numbers: Callable[[Tokens], NDArray[np.float64]]
) -> Tokens:
    """Text whose tokens the numbers after each context of four choose, among likely ones that change with the place."""
    weights = shares(entropy)
    found = rng.integers(0, VOCABULARY, length)
    for i in range(4, length):
        likely = rng.integers(0, VOCABULARY, len(weights))
        drawn = numbers(found[i - 4 : i])[likely]
        found[i] = likely[int(np.argmin(-np.log(drawn) / weights))]
    return found


def of_account(account: str) -> Callable[[Tokens], NDArray[np.float64]]:
    """Numbers of an account's key."""
    words = KEEPER.key(Purpose.ACCOUNT, account, EPOCH).words
    return lambda context: uniforms(words, context, VOCABULARY)


def edited(rng: np.random.Generator, tokens: Tokens, share: float) -> Tokens:
    """A share of the tokens substituted by others, wherever they stand."""
    found = tokens.copy()
    hit = rng.random(len(tokens)) < share
    found[hit] = rng.integers(0, VOCABULARY, int(hit.sum()))
    return found


def table_of(count: int, scheme: Scheme | None = None) -> KeyTable:
    """Keys of many accounts."""
    accounts = [f"a{i}" for i in range(count)]
    made = scheme or Scheme()
    shared = (KEEPER.key(Purpose.GLOBAL, "", EPOCH), KEEPER.key(Purpose.SYMBOL, "", EPOCH))
    keys = KEEPER.keys(Purpose.ACCOUNT, accounts, EPOCH)
    return KeyTable(accounts, keys, made, shared if made.has_slots else None)


def counted(texts: Sequence[Tokens], keys: KeyTable) -> list[Places]:
    """Places of records whose contexts count."""
    seen, found = Seen(), []
    for text in texts:
        places = np.flatnonzero(seen.new(contexts(text, 4))) + 4
        found.append(Places(text, places, keys.turns(text, places)))
    return found


def named(texts: Sequence[Tokens], keys: KeyTable, alpha: float = 1e-3) -> NDArray[np.int64]:
    """Rows of accounts that are named."""
    gathered = Gathered(len(keys), len(texts))
    for one in counted(texts, keys):
        gathered.add(keys.sums(one), one.n_by_account)
    return np.flatnonzero(holm(gathered.log_p()) <= math.log(alpha))


def best(run: Callable[[], object], times: int = 7) -> float:
    """Shortest time of some, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def throughput() -> None:
    """25,000 keys on 200 tokens; the screen of a corpus; code words of a million accounts."""
    rng = np.random.default_rng(1)
    keys, text = table_of(25_000), rng.integers(0, VOCABULARY, 204)
    places = np.arange(4, 204)
    seconds = best(lambda: kernels.sums_by_key(keys._low, keys._high, text, places, 4))  # noqa: SLF001
    print(f"25,000 keys x 200 tokens, one thread: {1e3 * seconds:.0f} ms (goal 80)")
    tokens = np.minimum(rng.zipf(1.2, 10_000_000), 2**31)
    words = np.array(KEEPER.key(Purpose.GLOBAL, "", EPOCH).words, np.uint64)

    def screen() -> None:
        seen = Seen()
        for part in np.array_split(tokens, 10_000):
            new = np.flatnonzero(seen.new(contexts(part, 4))) + 4
            kernels.numbers_of(words, part, new, 4)

    print(f"corpus screen, one thread: {10 / best(screen, 3):.1f} M tokens/s (goal 5)")
    many = table_of(1_000_000, Scheme(symbol_share=1.0))
    one = Places(text, places, many.turns(text, places))
    print(f"1,000,000 code words x 200 tokens: {1e3 * best(lambda: many.add_symbols(one, np.zeros(len(many)))):.0f} ms")


def tracing(trials: int) -> None:
    """Accounts named, by records and edits, among 25,000 keys; false names in all."""
    keys, false = table_of(25_000), 0
    print("\n| records of 200 tokens, 1 nat each | " + " | ".join(f"{e:.0%} edited" for e in EDITS) + " |")
    print("| ---: |" + " ---: |" * len(EDITS))
    for n in RECORDS:
        cells = []
        for share in EDITS:
            hits = 0
            for trial in range(max(2, trials if n < 100 else trials // 3)):
                rng = np.random.default_rng([n, round(100 * share), trial])
                row = int(rng.integers(25_000))
                texts = [edited(rng, marked(rng, 200, 1.0, of_account(f"a{row}")), share) for _ in range(n)]
                found = named(texts, keys)
                hits += row in found
                false += len(set(found.tolist()) - {row})
            cells.append(f"{hits}/{max(2, trials if n < 100 else trials // 3)}")
        print(f"| {n} | " + " | ".join(cells) + " |", flush=True)
    print(f"false names: {false}")
    code(trials)


def code(trials: int) -> None:
    """Code words among a million accounts, verified by the symbols alone."""
    scheme = Scheme(symbol_share=1.0)
    keys = table_of(1_000_000, scheme)
    shared = KEEPER.key(Purpose.GLOBAL, "", EPOCH), KEEPER.key(Purpose.SYMBOL, "", EPOCH)
    print("\n| tokens of 1 nat, 1,000,000 accounts by code word | first | named at 1e-3 |\n| ---: | ---: | ---: |")
    for length in (150, 200, 300):
        first = named_too = 0
        for trial in range(trials):
            rng = np.random.default_rng([length, trial])
            row = int(rng.integers(len(keys)))
            word = keys._code[row]  # type: ignore[index]  # noqa: SLF001

            def numbers(context: Tokens, word: NDArray[np.uint8] = word) -> NDArray[np.float64]:
                turn = int(slots(shared[0], np.append(context, 0), np.array([4]), scheme)[0])
                return symbol_uniforms(shared[1], context, (turn, int(word[turn])), VOCABULARY)

            one = counted([marked(rng, length + 4, 1.0, numbers)], keys)[0]
            sums = np.zeros(len(keys))
            keys.add_symbols(one, sums)
            first += int(sums.argmax()) == row
            log_p = float(log_tails(sums[row : row + 1], one.n_by_account)[0])
            named_too += log_p + math.log(len(keys)) <= math.log(1e-3)
        print(f"| {length} | {first}/{trials} | {named_too}/{trials} |", flush=True)


def account_setting() -> Setting:
    """One account's p-value on one innocent text under a key of its own."""

    def log_p(tokens: Tokens, number: int) -> float:
        keys = KeyTable(["x"], [KEEPER.key(Purpose.ACCOUNT, f"n{number}", EPOCH)], Scheme(), None)
        one = counted([tokens], keys)[0]
        return float(log_tails(keys.sums(one), one.n_by_account)[0])

    return Setting("account layer", log_p)


def families(n_sets: int) -> Row:
    """Smallest adjusted p-value of 1,000 accounts on a data set of four innocent texts: the report's own promise."""
    keys = table_of(1000)
    texts = windows(kinds_of(None)["another model's text"](), 150, 400)
    found = []
    for i in range(n_sets):
        rng = np.random.default_rng(i)
        chosen = [texts[int(j)] for j in rng.integers(len(texts), size=4)]
        keys = KeyTable(
            keys.accounts, KEEPER.keys(Purpose.ACCOUNT, [f"{i}-{k}" for k in range(1000)], EPOCH), Scheme(), None
        )
        gathered = Gathered(len(keys), len(chosen))
        for one in counted(chosen, keys):
            gathered.add(keys.sums(one), one.n_by_account)
        found.append(float(holm(gathered.log_p()).min()))
    return Row("any of 1,000 accounts, Holm", "another model's text", np.array(found))


_DRAWN = (
    "program text",
    "licence, repeated",
    "JSON records",
    "tables of numbers",
    "another model's text",
    "real prompts, many languages",
)


def nulls(n_texts: int, out: Path | None = None) -> None:
    """False-positive rates of one account's p-value, by kind of text, and of a whole report."""
    corpora = os.environ.get("STILLWATCH_CORPORA")
    kinds = kinds_of(Path(corpora) if corpora else None)
    texts = {name: windows(kind(), 200, 2000) for name, kind in kinds.items()}
    rows = null_study(
        [account_setting()], {name: found for name, found in texts.items() if found}, n_texts // len(texts)
    )
    if out is not None:
        drawn = [row for row in rows if row.kind in _DRAWN]
        (out / "null-accounts.svg").write_text(
            p_value_plot("Innocent texts, one account each", drawn), encoding="utf-8"
        )
    whole = np.concatenate([row.log_p for row in rows])
    rows.append(Row("account layer", "all of them", whole))
    print("\n" + table(rows))
    told = families(2000)
    for level in (0.1, 0.01):
        hits = int((told.log_p <= math.log(level)).sum())
        low, high = clopper_pearson(hits, len(told.log_p), 0.999)
        share = f"{hits} of {len(told.log_p):,} data sets ({low:.2g} to {high:.2g})"
        print(f"{told.setting}: any at or below {level:g} in {share}")
    outside = [row.kind for row in rows if not row.is_kept]
    print(f"levels {', '.join(f'{level:g}' for level in LEVELS)}: above the promise on {outside or 'no kind of text'}")


def main(arguments: Sequence[str]) -> int:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks.trace_leak", description="Finding leaks, in figures.")
    parser.add_argument("--only", default="throughput,tracing,nulls", help="parts, with commas")
    parser.add_argument("--trials", type=int, default=10, help="for each cell of the tables")
    parser.add_argument("--texts", type=int, default=100_000, help="innocent texts")
    parser.add_argument("--out", type=Path, help="folder for the picture of the null study")
    options = parser.parse_args(arguments)
    parts: dict[str, Callable[[], None]] = {
        "throughput": throughput,
        "tracing": lambda: tracing(options.trials),
        "nulls": lambda: nulls(options.texts, options.out),
    }
    for name in options.only.split(","):
        parts[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
