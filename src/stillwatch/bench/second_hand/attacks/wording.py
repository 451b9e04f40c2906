"""What an operator sends: a list, dealt out in some order, wrapped by the factory's templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.second_hand.attacks.plan import Plan
from stillwatch.bench.second_hand.corpus import clean, corpus, questions
from stillwatch.bench.second_hand.marks import pick
from stillwatch.bench.second_hand.scene import Scene
from stillwatch.bench.second_hand.text import about, blocks, foreign, grammar, n_topics
from stillwatch.bench.second_hand.tradecraft import Craft

__all__ = ["Wrapping", "deal", "list_of", "wrap", "wrapping"]

Ints = NDArray[np.int64]

_OWN_AT_MOST: Final = 400_000


def list_of(rng: np.random.Generator, plan: Plan, craft: Craft, n: int, corpora: Path | None) -> pa.StringArray:
    """The operator's list, in order of topic: harvest corpora and questions of his own; ordinary people's for one plan.

    n   Exchanges that want an entry. A list over several providers is dealt to them by the hash of the entry's place.
    """
    whole = _whole_list(rng, plan, craft, n * plan.share_of_list, corpora)
    if plan.share_of_list == 1:
        return whole
    return whole.filter(pa.array(pick(len(plan.name), plan.share_of_list, np.arange(len(whole))) == 0))


def _whole_list(rng: np.random.Generator, plan: Plan, craft: Craft, n: int, corpora: Path | None) -> pa.StringArray:
    if plan.words == "ordinary":
        return _ordinary(rng, n, corpora)
    real = corpus(corpora, "attack", names=plan.corpora or None)
    if len(real) and plan.words == "bare" and not plan.corpora:
        real = corpus(corpora, "attack", names=["belle_eval", "gpteacher_codegen", "gpteacher_roleplay", "toolbench"])
    if not len(real):
        return questions(rng, min(n, _OWN_AT_MOST), craft.languages)
    at = rng.random() * 0.5 if len(real) > n else 0.0
    some = real.slice(int(at * len(real)), max(n, 20))
    own = questions(rng, int(min(max(n - len(some), 0.3 * n), _OWN_AT_MOST)), craft.languages)
    both = pa.concat_arrays([some, own])
    return clean(both) if craft.cleans else both


def _ordinary(rng: np.random.Generator, n: int, corpora: Path | None) -> pa.StringArray:
    parts = [corpus(corpora, "innocent", role=role) for role in ("chat", "enterprise")]
    real = pa.concat_arrays(parts)
    if len(real) >= n:
        return real.take(pa.array(np.sort(rng.choice(len(real), n, replace=False))))
    missing = min(n - len(real), _OWN_AT_MOST)
    own = grammar("innocent").draw(rng, "ordinary", missing, about(rng, np.sort(rng.integers(0, n_topics(), missing))))
    return pa.concat_arrays([real, own])


def deal(rng: np.random.Generator, plan: Plan, n_items: int, account: Ints, session: Ints) -> Ints:
    """The entry of the list that each head of a conversation carries, heads in order of time.

    The list is worked through pass by pass; a share of `plan.repeats` is an entry that went out before.
    """
    n = len(account)
    item = _in_order(rng, plan, n_items, account, session)
    again = np.flatnonzero(rng.random(n) < plan.repeats)
    earlier = (rng.random(len(again)) * np.maximum(again, 1)).astype(np.int64)
    item[again] = item[earlier]
    return item


def _in_order(rng: np.random.Generator, plan: Plan, n_items: int, account: Ints, session: Ints) -> Ints:
    n = len(account)
    if plan.order == "sorted":
        spot = np.arange(n) * min(1.0, n_items / max(n, 1)) + rng.normal(0, 12, n)
        return np.clip(spot, 0, n_items - 1).astype(np.int64)
    if plan.order == "sharded":
        return _shards(account, n_items)
    if plan.order == "wandering":
        return _walks(rng, session, n_items)
    return _passes(rng, n, n_items)


def _passes(rng: np.random.Generator, n: int, n_items: int) -> Ints:
    """Entries of a list that is shuffled anew for each pass."""
    passes = [rng.permutation(n_items) for _ in range(-(-n // n_items))]
    return np.concatenate(passes)[:n].astype(np.int64)


def _shards(account: Ints, n_items: int) -> Ints:
    """Each account works through a stretch of the sorted list that is its own."""
    n_accounts = int(account.max()) + 1
    order = np.argsort(account, kind="stable")
    count = np.bincount(account, minlength=n_accounts)
    rank = np.empty(len(account), np.int64)
    rank[order] = np.arange(len(account)) - np.repeat(np.cumsum(count) - count, count)
    start = (np.cumsum(count) - count) * (n_items / max(1, len(account)))
    return (start[account].astype(np.int64) + rank) % n_items


def _walks(rng: np.random.Generator, session: Ints, n_items: int) -> Ints:
    """Each session starts somewhere in the sorted list and goes on from there."""
    _, place = np.unique(session, return_inverse=True)
    starts = rng.permutation(int(place.max()) + 1) * (n_items / (int(place.max()) + 1))
    order = np.argsort(place, kind="stable")
    count = np.bincount(place)
    rank = np.empty(len(session), np.int64)
    rank[order] = np.arange(len(session)) - np.repeat(np.cumsum(count) - count, count)
    return (starts[place].astype(np.int64) + rank) % n_items


@dataclass(frozen=True, slots=True)
class Wrapping:
    """Templates of a campaign and the weight of each; `staged` uses them one after the other."""

    templates: tuple[str, ...]
    weight: NDArray[np.float64]
    staged: bool
    systems: pa.Array
    language: tuple[str, ...]


def wrapping(rng: np.random.Generator, plan: Plan, craft: Craft, scene: Scene) -> Wrapping:
    """The templates and system prompts of one campaign; some send no system prompt."""
    rules = grammar("attack")
    if plan.words == "reworded":
        templates = rules["reworded"]
    elif plan.words in {"bare", "ordinary"}:
        templates = ["{item}"]
    else:
        offered = [t for name in plan.lists for t in rules[name]]
        offered += [t for code in craft.languages if code != "en" for t in foreign()[code]["wrap"]]
        templates = [str(t) for t in rng.permutation(np.array(offered, object))[: craft.n_templates]]
        if plan.words == "trajectory":
            templates = [t for t in templates if t in rules["tooling"]] or rules["tooling"][:1]
    weight = rng.dirichlet(np.full(len(templates), 2.0))
    systems = _systems(rng, plan, craft, scene)
    return Wrapping(tuple(templates), weight, craft.staged, systems, craft.languages)


def _systems(rng: np.random.Generator, plan: Plan, craft: Craft, scene: Scene) -> pa.Array:
    """System prompts to choose from, account by account or one for all; [null] when none is sent."""
    rules = grammar("attack")
    if plan.words == "agent" and scene.agents.num_rows:
        return scene.agents["system_text"].combine_chunks().slice(craft.agent, 1)
    if plan.words in {"bare", "ordinary"} and not plan.client_per_account:
        return pa.nulls(1, pa.string())
    n = 400 if plan.client_per_account else int(rng.integers(1, 5))
    texts = rules.draw(rng, "system", n, about(rng, rng.integers(0, n_topics(), n)))
    if plan.client_per_account:
        return pa.array(texts, mask=rng.random(n) < 0.4)
    return pa.nulls(1, pa.string()) if rng.random() < 0.2 + 0.4 * craft.skill else texts


def wrap(
    rng: np.random.Generator, how: Wrapping, items: pa.StringArray, item: Ints, turn: Ints, later: Sequence[str]
) -> pa.ChunkedArray:
    """Texts of rows in order of time, blocks at a time.

    item    Entry of the list; of rows after the first turn it says what the talk is about.
    later   Productions for turns after the first.
    """
    n, rules = len(item), grammar("attack")
    code = _stages(n, how.weight) if how.staged else rng.choice(len(how.weight), n, p=how.weight)
    productions = [*how.templates, *later]
    follow = len(how.templates) + rng.integers(0, max(1, len(later)), n)
    code = np.where((turn > 1) & (len(later) > 0), follow, code)
    parts = []
    for rows in blocks(n):
        topic = (item[rows] * 7919 % n_topics()).astype(np.int64)
        given = {**about(rng, topic), "item": items.take(pa.array(item[rows]))}
        parts.append(rules.render(rng, productions, code[rows], given))
    return pa.chunked_array(parts, pa.string())


def _stages(n: int, weight: NDArray[np.float64]) -> Ints:
    """Batches of a few thousand go through stage after stage."""
    batch = max(50, min(4000, n // 6))
    inside = (np.arange(n) % batch) / batch
    return np.minimum(np.searchsorted(np.cumsum(weight), inside, side="right"), len(weight) - 1)
