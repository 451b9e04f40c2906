"""Laboratories that measure models with the same public harness; they know nothing of one another."""

import numpy as np
import pyarrow as pa

from stillwatch.bench.second_hand.clock import singles
from stillwatch.bench.second_hand.innocents.unit import Place, Unit, common_stacks, finish, items
from stillwatch.bench.second_hand.roster import Standing, company_domain, company_name, organisation
from stillwatch.bench.second_hand.scene import HOUR_US
from stillwatch.bench.second_hand.text import about, fill, grammar, n_topics
from stillwatch.bench.second_hand.traffic import Made, settings_table

__all__ = ["benchmark"]


def benchmark(place: Place, name: str, number: int, n: int) -> list[Made]:
    """One benchmark, several laboratories: the same examples before the same items, in the same order, in a rush."""
    rng, rules = place.rng, grammar("innocent")
    n_labs = max(2, min(14, n // 60))
    n_items = max(20, n // (n_labs * int(rng.integers(1, 3))))
    pool = items(place, n_items)
    n_shots = int(rng.integers(2, 7))
    shown = rules.draw(rng, "shot", n_shots, about(rng, rng.integers(0, n_topics(), n_shots))).to_pylist()
    head = "\n\n".join(shown) + "\n\nQuestion: "
    count = rng.multinomial(n, np.full(n_labs, 1 / n_labs))
    return [
        finish(place, _laboratory(place, name, f"{name}-{number}-{lab}", int(size), pool, head))
        for lab, size in enumerate(count)
        if size
    ]


def _laboratory(place: Place, name: str, entity: str, n: int, pool: pa.Array, head: str) -> Unit:
    rng, (start, end) = place.rng, place.span
    n_keys = int(rng.integers(1, 7))
    begin = start + int(rng.random() * (end - start - 8 * HOUR_US))
    per_s = float(rng.uniform(0.05, 4))
    when = np.minimum(begin + np.cumsum(rng.gamma(2.0, 0.5 / per_s, n) * 1e6).astype(np.int64), end - 1)
    told = rng.random() < 0.4
    body = pool.take(pa.array(np.arange(n) % len(pool)))
    accounts = organisation(
        rng,
        n_keys,
        domain=company_domain(company_name(rng)),
        newest_us=start,
        standing=Standing(2, "research", "evaluation") if told else Standing(int(rng.integers(0, 2))),
    )
    harness: dict[str, object] = {"temperature": 0.0, "max_tokens": 256, "wants_logprobs": bool(rng.random() < 0.5)}
    return Unit(
        population=name,
        entity=entity,
        accounts=accounts,
        account=np.arange(n) % n_keys,
        at=singles(when, np.zeros(n, np.int64)),
        prompt=fill([pa.scalar(head), body, pa.scalar("\nAnswer:")], n),
        exits="server",
        stacks=common_stacks(rng, place.scene, 1),
        choices=settings_table([harness]),
        named=False,
        answer_tokens=30.0,
    )
