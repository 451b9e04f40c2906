"""The accounts an operator bought or opened, and when each was in use."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.second_hand.attacks.plan import Plan
from stillwatch.bench.second_hand.keypool import Keys, chains
from stillwatch.bench.second_hand.roster import Accounts, company_domain, company_name, public_domains
from stillwatch.bench.second_hand.scene import DAY_US, HOUR_US, Scene
from stillwatch.bench.second_hand.tradecraft import Craft

__all__ = ["bought", "keys_of"]

Ints = NDArray[np.int64]


def keys_of(rng: np.random.Generator, plan: Plan, craft: Craft, n: int, work_us: Ints) -> Keys:
    """When each of n accounts is in the pool, and how much it is trusted with.

    work_us     Times of all jobs, ascending: stock is bought, and bans come, as work is done.
    """
    begin, end = np.zeros(n), np.ones(n)
    weight = rng.lognormal(0, 1.1, n) if plan.uneven else rng.choice([1.0, 1.0, 2.0], n)
    if plan.life_d is not None:
        days = (work_us[-1] - work_us[0]) / DAY_US
        begin, end = chains(rng, n, min(plan.life_d / max(days, 1e-9), 1 / 3))
    elif plan.daily >= 5 and n >= 30 and not plan.human:
        batches = rng.random(int(rng.integers(1, 6))) * 0.6
        begin = np.where(rng.random(n) < 0.5, 0.0, batches[rng.integers(0, len(batches), n)])
        dies = rng.random(n) < 0.12 * (1.2 - craft.skill)
        end = np.where(dies, begin + (1 - begin) * rng.random(n), 1.0)
    last = len(work_us) - 1
    return Keys(work_us[(begin * last).astype(np.int64)], work_us[(end * last).astype(np.int64)], weight)


def bought(rng: np.random.Generator, scene: Scene, craft: Craft, from_us: Ints) -> Accounts:
    """Accounts that exist before their first use: aged stock, opened by script the day before, or over a year.

    from_us     First use of each.
    """
    n = len(from_us)
    group = rng.permutation(n) // craft.payment_group
    return Accounts(
        salt=int(rng.integers(1 << 62)),
        organisation=np.arange(n) if craft.own_organisations else np.full(n, -1),
        created_us=from_us - _age(rng, craft, n, from_us),
        payment=np.where(rng.random(n) < craft.payment_null, -1, group),
        domain=_domains(rng, scene, craft, n),
        programme=pa.array(["startup"] * n, mask=rng.random(n) > 0.04 * craft.skill),
        verified=(rng.random(n) < 0.2 + 0.4 * craft.skill).astype(np.int64),
        declared=pa.nulls(n, pa.string()),
    )


def _age(rng: np.random.Generator, craft: Craft, n: int, from_us: Ints) -> Ints:
    """How long before its first use each was opened."""
    if craft.signup == "fresh":
        script = rng.exponential(9 * HOUR_US, n) + HOUR_US / 4
    elif craft.signup == "aged":
        sellers = rng.uniform(15, 400, max(1, n // 60)) * DAY_US
        lot = from_us - from_us.min() + sellers[rng.integers(0, len(sellers), n)]
        script = lot + rng.normal(0, 2 * HOUR_US, n)
    else:
        script = rng.uniform(2, 360, n) * DAY_US
    return np.maximum(script, HOUR_US / 6).astype(np.int64)


def _domains(rng: np.random.Generator, scene: Scene, craft: Craft, n: int) -> pa.Array:
    if not craft.domains:
        return public_domains(rng, scene, n)
    own = [company_domain(company_name(rng)) for _ in range(craft.domains)]
    return pa.array(own).take(pa.array(rng.integers(0, len(own), n)))
