"""Real prompts and traces: read from a folder like the real one, and from the real one when there is one."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import MissingData
from stillwatch.simulate import simulate
from stillwatch.simulate.arrivals import real_rhythm
from stillwatch.simulate.corpora import keyword_topics, read_corpora, unwrap
from stillwatch.simulate.grammar import Grammar, invent_names

ROLES = ("harvest", "chat", "enterprise", "agent", "evaluation")


def write_corpora(folder: Path) -> None:
    """A folder laid out like the real one, with prompts that name their role."""
    rng = np.random.default_rng(0)
    grammar, names = Grammar(), invent_names(rng, 1_500)
    roles = [role for role in ROLES for _ in range(300)]
    texts = grammar.texts(rng, "question", rng.choice(grammar.topics("legit"), len(roles)), 1.0).to_pylist()
    prompts = pa.table(
        {
            "corpus": pa.array([f"{role}_{i % 2}" for i, role in enumerate(roles)]).dictionary_encode(),
            "role": pa.array(roles).dictionary_encode(),
            "text": [f"{role}mark {name} {text}" for role, name, text in zip(roles, names, texts, strict=True)],
        }
    )
    start = np.arange(400, dtype=np.float32) * 600
    clients = pa.table(
        {
            "client_id": pa.array(["busy"] * 400).dictionary_encode(),
            "window_start_s": start,
            "rate_per_s": rng.uniform(0.1, 1.0, 400).astype(np.float32),
            "cv": np.full(400, 2.0, np.float32),
        }
    )
    lengths = pa.table({"workload": ["conv", "code"] * 50, "output_tokens": pa.array([77, 5] * 50, pa.int32())})
    for name in ("traces", "network"):
        (folder / name).mkdir()
    pq.write_table(prompts, folder / "prompts.parquet")
    pq.write_table(clients, folder / "traces" / "servegen.parquet")
    pq.write_table(lengths, folder / "traces" / "azure_llm_2023.parquet")
    (folder / "network" / "datacenter_ipv4.txt").write_text("20.30.0.0/16\n1.44.96.0/24\n40.0.0.0/14\n")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder of corpora."""
    folder = tmp_path_factory.mktemp("corpora")
    write_corpora(folder)
    return folder


def test_reading(small: Path) -> None:
    """Prompts by role, lengths of conversations only, busy clients, blocks of 65,536 addresses and more."""
    corpora = read_corpora(small)
    assert all(text.as_py().startswith("chatmark") for text in corpora.texts.take(pa.array(corpora.rows("chat"))))
    assert set(corpora.output_tokens.tolist()) == {77.0}
    assert len(corpora.clients) == 1
    assert corpora.datacentres.tolist() == [20 << 24 | 30 << 16, 40 << 24]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """A folder without the files says which."""
    with pytest.raises(MissingData, match=r"not found: prompts\.parquet, traces/servegen\.parquet"):
        read_corpora(tmp_path)


def test_roles_keep_to_their_sides(small: Path, tmp_path: Path) -> None:
    """Harvest prompts are sent by campaigns alone; chat and enterprise prompts never by them."""
    made = simulate(tmp_path / "run", exchanges=6_000, seed=1, corpora=small)
    assert made.manifest["prompts"] == "corpora"
    truth, logs = pq.read_table(made.truth / "exchanges.parquet"), pq.read_table(made.logs[0])
    planted = truth["campaign"].is_valid().to_pylist()
    for prompt, mine in zip(logs["prompt_text"].to_pylist(), planted, strict=True):
        assert ("harvestmark" in prompt) <= mine
        if mine:
            assert not any(f"{role}mark" in prompt for role in ROLES[1:])


def test_the_same_corpora_give_the_same_run(small: Path, tmp_path: Path) -> None:
    """A run from corpora can be made again."""
    first, second = (simulate(tmp_path / n, exchanges=2_000, seed=3, corpora=small) for n in "ab")
    assert first.logs[0].read_bytes() == second.logs[0].read_bytes()


def test_rhythm_of_a_real_client(small: Path) -> None:
    """Rates and variation of gaps are the client's, and silence where it was silent."""
    rates, cvs = real_rhythm(np.random.default_rng(0), 7.0, read_corpora(small))
    assert (rates > 0.0).sum() == 400
    assert rates[rates > 0.0].min() >= 0.1 - 1e-6
    assert np.median(cvs) == 2.0


def test_unwrapping_keeps_the_question_and_drops_its_copies() -> None:
    """Lines that many texts share go; the same question in two wrappings is one question."""
    items = [f"Is item {name} heavier than a stone of granite?" for name in "abcdef"]
    wrapped = [f"Think first.\\n{item} Answer:" for item in items] + [f"Q: {item} Give a reason." for item in items]
    bare, sources = unwrap(pa.array(wrapped), np.arange(len(wrapped)))
    assert bare.to_pylist() == items
    assert sources.tolist() == list(range(6))


def test_topics_follow_words() -> None:
    """Texts that share their rarest common word share a topic."""
    texts = pa.array(["train to Kyoto", "train to Lisbon", "garden hose leaks", "garden hose kinks"])
    topics = keyword_topics(texts)
    assert topics[0] == topics[1]
    assert topics[2] == topics[3]
    assert topics[0] != topics[2]


def test_the_real_folder(corpora: Path, tmp_path: Path) -> None:
    """The real corpora simulate, with real heavy clients."""
    real = read_corpora(corpora)
    assert len(real.clients) > 20
    assert len(real.rows("harvest")) > 10_000
    assert simulate(tmp_path / "run", exchanges=5_000, seed=1, corpora=corpora).manifest["exchanges"] == 5_000
