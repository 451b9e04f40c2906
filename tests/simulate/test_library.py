"""The shelf of texts: pools by topic, shards, wordings."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.simulate.harvest_templates import apply_templates
from stillwatch.simulate.library import Library, Pool, open_library
from stillwatch.simulate.rewriter import four_grams
from stillwatch.simulate.world import World


@pytest.fixture
def library() -> Library:
    """A small library of the built-in grammar."""
    return open_library(np.random.default_rng(2), 2_000, None)


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=20), n=st.integers(1, 200), seed=st.integers(0, 40))
def test_shards_are_without_replacement(sizes: list[int], n: int, seed: int) -> None:
    """A shard has different texts, as many as asked for while there are any, and says which sources it used."""
    total = sum(sizes)
    starts = np.cumsum(sizes) - np.array(sizes)
    pool = Pool(np.arange(total), starts.astype(np.int64), np.array(sizes, np.int64), np.arange(len(sizes)) // 2)
    spent: set[int] = set()
    first = pool.shard(np.random.default_rng(seed), n, spent)
    assert len(np.unique(first)) == len(first) == min(n, total)
    used = set(np.repeat(np.arange(len(sizes)) // 2, sizes)[first].tolist())
    assert used <= spent


def test_second_campaigns_take_other_sources(library: Library) -> None:
    """While there are sources nobody has used, two campaigns ask nothing in common."""
    rng, spent = np.random.default_rng(0), library.spent_sources
    pool = library.pools["attack"]
    first, second = (set(pool.shard(rng, 900, spent).tolist()) for _ in "ab")
    assert not first & second


def test_draws_keep_to_their_topics(library: Library) -> None:
    """A text drawn for a topic is of that topic; topics wrap around."""
    pool = library.pools["chat"]
    topics = np.arange(-3, 2 * len(pool.sizes))
    drawn = pool.draw(np.random.default_rng(0), topics)
    place = {int(text): t for t, (s, n) in enumerate(zip(pool.starts, pool.sizes, strict=True))
             for text in pool.texts[s : s + n]}  # fmt: skip
    assert [place[text] for text in drawn.tolist()] == (topics % len(pool.sizes)).tolist()


def test_places_are_where_texts_are(library: Library) -> None:
    """What is put on the shelf is found there, one by one and all at once."""
    places = [library.add_text("first of mine"), *library.add(pa.array(["second", "third"])).tolist()]
    whole = library.all_texts()
    for place, text in zip(places, ("first of mine", "second", "third"), strict=True):
        assert whole[place].as_py() == library.text(place) == text
    assert library.text(0) == ""
    with pytest.raises(IndexError):
        library.text(len(whole))


def test_sides_share_no_prompt(library: Library) -> None:
    """What attackers ask stands in no pool of ordinary use, nor in the benchmarks'."""
    whole = library.all_texts()
    pools = {name: set(whole.take(pa.array(pool.texts)).to_pylist()) for name, pool in library.pools.items()}
    attack = pools.pop("attack")
    assert all(not attack & texts for texts in pools.values())


def test_bigger_runs_have_bigger_pools() -> None:
    """A run of thousands has thousands of prompts: people do not all say the same."""
    small, big = (open_library(np.random.default_rng(2), n, None) for n in (2_000, 60_000))
    assert len(small.pools["chat"].texts) < 9_000
    assert len(big.pools["chat"].texts) > 20_000


def test_operators_write_their_own(library: Library) -> None:
    """Long after the pieces have run out, every template is new, and shares hardly any phrase with another."""
    rng = np.random.default_rng(0)
    texts = [library.fresh_wording(rng, "harvest.reasoning.open", 0) for _ in range(80)]
    assert len(set(texts)) == 80
    grams = [four_grams(text) for text in texts[20:]]
    assert min(len(g) for g in grams) >= 8
    shared = [len(a & b) / len(a) for i, a in enumerate(grams) for b in grams[:i]]
    assert np.mean(shared) < 0.02
    assert np.quantile(shared, 0.999) < 0.5


@pytest.mark.parametrize("kind", ["reasoning", "grading", "rewriting", "drip"])
def test_templates_wrap_their_items(world: World, rng: np.random.Generator, kind: str) -> None:
    """Each item stands in one of the templates, as it was; graders compare it with another item."""
    items = {name: np.zeros(400, np.int64) for name in ("middle", "extra")} | {"body": np.arange(400)}
    wrapped = apply_templates(world, rng, items, 3, kind)
    assert wrapped["body"].tolist() == list(range(400))
    pairs = set(zip(wrapped["lead"].tolist(), wrapped["tail"].tolist(), strict=True))
    assert len(pairs) == 3
    assert all(library_text.endswith("\n\n") for library_text in (world.library.text(lead) for lead, _ in pairs))
    assert (wrapped["extra"] > 0).any() == (kind == "grading")


def test_three_templates_mix_three_kinds(world: World, rng: np.random.Generator) -> None:
    """Without a kind, reasoning, grading and rewriting are all there."""
    items = {name: np.zeros(300, np.int64) for name in ("middle", "extra")} | {"body": np.arange(300)}
    wrapped = apply_templates(world, rng, items, 3)
    graded = wrapped["middle"] > 0
    assert 0 < graded.sum() < 300
    assert len(np.unique(wrapped["lead"][~graded])) == 2
