"""Tokens that name one of N accounts, measured through the marking itself, beside the ideal of the design.

    .venv/bin/python benchmarks/trace_marks.py [--texts 1000] [--speed]

Each text is marked by `request.marked_token` under a key of its own, at places whose next token has Zipf's distribution
of the entropy over 2,000 tokens in an order of its own; it names its account when the exact Gamma tail times the number
of accounts is at most 1e-3. `theory` is the same question put to the formula of a score, without keys or hashing.
"""

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from stillwatch.trace.keys.key import Purpose, derive
from stillwatch.trace.mark import gumbel
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.power import Question, needed_of_scores, of_entropy, tokens_needed
from stillwatch.trace.mark.request import Lane, MarkKeys, marked_token, numbers_at

ACCOUNTS = (1, 1000, 25_000, 1_000_000)
IDEAL = {0.5: (162, 331, 439, 505), 1.0: (59, 105, 140, 140), 2.0: (20, 38, 38, 44)}
LONGEST = {0.5: 600, 1.0: 200, 2.0: 80}


def marked_scores(entropy: float, texts: int) -> NDArray[np.float64]:
    """Scores of marked texts, shape (texts, tokens): only tokens that the account's key has drawn."""
    generator = np.random.default_rng(7)
    logits, scheme = np.log(of_entropy(entropy)), Scheme()
    found = np.empty((texts, LONGEST[entropy]))
    for text in range(texts):
        lane = Lane(MarkKeys(derive(bytes(32), Purpose.ACCOUNT, str(text), "e")), scheme)
        drawn = 0
        # Where the context was had before, or is not whole yet, any token goes: it counts for no test.
        while drawn < found.shape[1]:
            turn = generator.integers(2000)
            plan = lane.plan_after(generator.integers(0, 2000, 4).tolist())
            if plan.drawing is None:
                continue
            token = marked_token(np.roll(logits, turn), plan, scheme, generator)
            u = numbers_at(plan.drawing, plan.first, 2000)[token]
            found[text, drawn] = gumbel.scores(np.array([u]))[0]
            drawn += 1
    return found


def power(texts: int) -> None:
    """The table."""
    print("nats | accounts | design | theory | measured | measured / design | measured / theory")
    for entropy, ideal in IDEAL.items():
        scores = marked_scores(entropy, texts)
        for accounts, told in zip(ACCOUNTS, ideal, strict=True):
            theory = tokens_needed(of_entropy(entropy), Question(accounts), texts=20_000 if entropy > 0.5 else 8000)
            found = needed_of_scores(scores, Question(accounts))
            shares = f"{found / told:.2f} | {found / theory:.2f}" if found else "- | -"
            print(f"{entropy} | {accounts:,} | {told} | {theory} | {found} | {shares}", flush=True)


def speed() -> None:
    """Time of one token of a vocabulary of 150,000 on this machine."""
    generator = np.random.default_rng(0)
    keys = MarkKeys(derive(bytes(32), Purpose.ACCOUNT, "a", "e"), derive(bytes(32), Purpose.CAMPAIGN, "c", "e"))
    logits, lane, scheme = generator.normal(size=150_000), Lane(keys, Scheme()), Scheme()
    marked_token(logits, lane.plan_after([1, 2, 3, 4]), scheme, generator)
    start = time.perf_counter()
    for token in range(50):
        marked_token(logits, lane.plan_after([token]), scheme, generator)
    print(f"both layers, numpy, 150,000 tokens: {(time.perf_counter() - start) / 50 * 1e3:.2f} ms a token")
    start = time.perf_counter()
    for token in range(5000):
        lane.plan_after([token])
    print(f"plan alone: {(time.perf_counter() - start) / 5000 * 1e6:.1f} us a token")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--speed", action="store_true")
    told = parser.parse_args()
    if told.speed:
        speed()
    else:
        power(told.texts)
