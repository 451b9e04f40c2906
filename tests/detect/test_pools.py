"""Known questions in traffic: wrapped, reworded, cut, or not there at all; and pools of hashes."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import traffic
from tests.scanning import harvests, write

import stillwatch
from stillwatch.detect.pools import POOL, HashPool, TextPool, load_pool, pooled_exchanges
from stillwatch.engine import LocalEngine
from stillwatch.errors import InvalidInput
from stillwatch.sketch import hash_strings

WORDS = [a + b for a in "bcdfgklmnprstvz" for b in ("ale", "emin", "irod", "ovan", "ulus", "arte", "ensi", "olpa")]
HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=20).map(lambda values: np.array(values, np.uint64))


def questions(seed: int, n: int = 2_000, words: int = 20) -> list[str]:
    """Distinct questions of random words."""
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, words)) + "?" for _ in range(n)]


def reworded(rng: np.random.Generator, text: str, share: float) -> str:
    """The text with a share of its words replaced."""
    return " ".join(str(rng.choice(WORDS)) if rng.random() < share else word for word in text.split())


def test_items_are_found_in_any_wrapping() -> None:
    """Bare, in capitals, and inside a template that was never seen."""
    items = questions(1)
    pool = TextPool.of(pa.array(items))
    assert pool.holds(pa.array(items)).all()
    assert pool.holds(pa.array([text.upper() + "!!" for text in items])).mean() > 0.99
    assert (
        pool.holds(pa.array([f"Think step by step about this: {text} Then answer in JSON." for text in items])).mean()
        > 0.99
    )


def test_light_rewording_is_seen_through_and_other_questions_are_not_met() -> None:
    """One word in twenty replaced loses few; questions of the same words in another order are almost never taken."""
    rng = np.random.default_rng(2)
    items = questions(1)
    pool = TextPool.of(pa.array(items))
    assert pool.holds(pa.array([reworded(rng, text, 0.05) for text in items])).mean() > 0.7
    assert pool.holds(pa.array(questions(3))).mean() < 0.005


def test_the_wording_of_a_pool_is_not_its_questions() -> None:
    """A preamble that all items share makes nobody else's question one of the pool."""
    preamble = "Answer the following multiple choice question with one letter and nothing else at all please:"
    pool = TextPool.of(pa.array([f"{preamble} {text}" for text in questions(1, 500)]))
    assert pool.holds(pa.array([f"{preamble} {text}" for text in questions(4, 500)])).mean() < 0.02
    assert pool.holds(pa.array(questions(1, 500))).mean() > 0.9


def test_short_items_are_found_whole() -> None:
    """Five words are too few for a stretch; the very same prompt is found all the same."""
    items = questions(5, 200, words=5)
    pool = TextPool.of(pa.array(items))
    assert pool.holds(pa.array(items)).all()
    assert not pool.holds(pa.array([None, "", *questions(6, 50, words=5)])).any()


@given(HASHES, HASHES, HASHES)
def test_merging_is_union(one: np.ndarray, other: np.ndarray, third: np.ndarray) -> None:
    """In any order, with nothing kept twice and no zero."""
    a, b, c = (HashPool.of(part) for part in (one, other, third))
    expected = sorted((set(one.tolist()) | set(other.tolist()) | set(third.tolist())) - {0})
    assert a.merge(b).merge(c).hashes.tolist() == c.merge(b.merge(a)).hashes.tolist() == expected
    assert a.merge(b).key == b.merge(a).key


def test_saved_pools_come_back(tmp_path: Path) -> None:
    """What is saved is what is loaded, and holds hashes only; an empty one is refused."""
    pool = HashPool.of(np.array([7, 9, 11], np.uint64))
    (tmp_path / "pool").touch(0o644)
    pool.save(tmp_path / "pool")
    assert (tmp_path / "pool").stat().st_mode & 0o777 == 0o600
    found = load_pool(tmp_path / "pool")
    assert isinstance(found, HashPool)
    assert found.hashes.tolist() == [7, 9, 11]
    assert pq.read_schema(tmp_path / "pool").equals(POOL)
    HashPool.of().save(tmp_path / "none")
    with pytest.raises(InvalidInput, match="at least 1"):
        load_pool(tmp_path / "none")


def test_the_first_pool_that_holds_an_exchange_counts() -> None:
    """Text and hashes together; exchanges come out once, ascending."""
    items = questions(1, 50)
    texts, hashes = TextPool.of(pa.array(items[:30])), HashPool.of(hash_strings(pa.array(items[20:40])))
    ids = [f"x{i}" for i in range(50)]
    exchange = hash_strings(pa.array(ids))
    table = pa.table({"exchange_id": ids, "prompt_text": items})
    rows = pa.table({"exchange": exchange, "content": hash_strings(pa.array(items)), "fill": np.zeros(50, np.uint64)})
    with LocalEngine() as engine:
        sent, sketched = (engine.dataset(t.to_batches(), t.schema) for t in (table, rows))
        found = pooled_exchanges(engine, sent, sketched, [texts, hashes])
        assert pooled_exchanges(engine, sent, sketched, []).num_rows == 0
    key = dict(zip(found["exchange"].to_pylist(), found["pool"].to_pylist(), strict=True))
    assert found["exchange"].to_pylist() == sorted(exchange[:40].tolist())
    assert [key[int(e)] for e in exchange[:40]] == [texts.key] * 30 + [hashes.key] * 10


def test_a_campaign_is_found_again_by_what_it_asked(tmp_path: Path) -> None:
    """The hashes that one scan saves make a pool family of the same list in another scan, and of nobody else."""
    first = write(tmp_path / "first", traffic.mixed(1))
    stillwatch.scan(first, save_pool=tmp_path / "asked")
    rng = np.random.default_rng(1)
    again = traffic.table(
        traffic.people(np.random.default_rng(8), 300, 24) + traffic.harvest(traffic_rng(rng), 60, 2_000), 9
    )
    findings = stillwatch.scan(write(tmp_path / "again", again), pools=[tmp_path / "asked"])
    families = [f for c in harvests(findings) for f in c.families if f.view == "pool"]
    assert [f.n_accounts for f in families] == [60]


def traffic_rng(rng: np.random.Generator) -> np.random.Generator:
    """The generator as `traffic.mixed` hands it to the harvest: after the same people."""
    traffic.people(rng, 300, 24)
    return rng
