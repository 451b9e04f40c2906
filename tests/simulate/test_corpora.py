"""Real prompts and traces: read from a folder like the real one, and from the real one when there is one."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import MissingData
from stillwatch.simulate import CAMPAIGNS, simulate
from stillwatch.simulate.arrivals import client_sizes, real_rhythm
from stillwatch.simulate.corpora import keyword_topics, read_corpora, unwrap
from stillwatch.simulate.grammar import Grammar, invent_names
from stillwatch.simulate.library import open_library

ROLES = ("harvest", "chat", "enterprise", "agent", "evaluation")
LEGITIMATE = ROLES[1:]


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
            "system": [f"toolset{i % 7} of the agent" if role == "agent" else None for i, role in enumerate(roles)],
            "text": [
                f"{role}mark{i % 2} {name} {text}"
                for i, (role, name, text) in enumerate(zip(roles, names, texts, strict=True))
            ],
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
    lengths = pa.table(
        {
            "workload": ["conv", "code"] * 50,
            "input_tokens": pa.array([900, 5_000] * 50, pa.int32()),
            "output_tokens": pa.array([77, 5] * 50, pa.int32()),
        }
    )
    blocks = [[0, 1 + i // 3, 1_000 + i] for i in range(60)] + [[0, 5_000 + i] for i in range(20)]
    prefixes = pa.table({"prefix_block_ids": pa.array(blocks, pa.list_(pa.int32()))})
    for name in ("traces", "network"):
        (folder / name).mkdir()
    pq.write_table(prompts, folder / "prompts.parquet")
    pq.write_table(clients, folder / "traces" / "servegen.parquet")
    pq.write_table(lengths, folder / "traces" / "azure_llm_2023.parquet")
    pq.write_table(prefixes, folder / "traces" / "mooncake_conversation.parquet")
    (folder / "network" / "datacenter_ipv4.txt").write_text("20.30.0.0/16\n1.44.96.0/24\n40.0.0.0/14\n")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder of corpora."""
    folder = tmp_path_factory.mktemp("corpora")
    write_corpora(folder)
    return folder


def test_reading(small: Path) -> None:
    """Prompts by role, lengths by service, shared prefixes, busy clients, blocks of 65,536 addresses and more."""
    corpora = read_corpora(small)
    assert all(text.as_py().startswith("chatmark") for text in corpora.texts.take(pa.array(corpora.rows("chat"))))
    assert set(map(tuple, corpora.chat_tokens.tolist())) == {(900.0, 77.0)}
    assert set(map(tuple, corpora.code_tokens.tolist())) == {(5_000.0, 5.0)}
    assert corpora.systems.null_count == 4 * 300
    assert set(corpora.prefixes.sharers.tolist()) == {3}
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


def test_no_base_corpus_serves_both_sides(small: Path, tmp_path: Path) -> None:
    """With every campaign and population, a base corpus is sent by campaigns or by others, never by both."""
    made = simulate(tmp_path / "run", scale=1 / 1000, days=3, seed=2, corpora=small)
    truth = pq.read_table(made.truth / "exchanges.parquet")
    prompts = pa.concat_tables([pq.read_table(path, columns=["prompt_text"]) for path in made.logs])["prompt_text"]
    planted = truth["campaign"].is_valid()
    for role in ROLES:
        for base in range(2):
            sent = pc.match_substring(prompts, f"{role}mark{base}")
            mine, theirs = (pc.sum(pc.and_(sent, side)).as_py() for side in (planted, pc.invert(planted)))
            assert mine + theirs > 0
            assert (theirs if role == "harvest" else mine) == 0, (role, base)


def test_a_text_of_both_sides_is_nobodys_evidence(small: Path, tmp_path: Path) -> None:
    """A harvest prompt that stands in an ordinary corpus too is not harvested."""
    folder = tmp_path / "twice"
    write_corpora_with(folder, small)
    library = open_library(np.random.default_rng(0), 2_000, read_corpora(folder))
    shelf = library.all_texts()
    attack = set(shelf.take(pa.array(library.pools["attack"].texts)).to_pylist())
    assert not any("chatmark" in text for text in attack)
    assert sum("harvestmark" in text for text in attack) > 250


def write_corpora_with(folder: Path, small: Path) -> None:
    """A copy of a folder in which some ordinary prompts stand among the harvested ones too."""
    shutil.copytree(small, folder)
    table = pq.read_table(small / "prompts.parquet")
    chat = table.filter(pc.equal(table["role"].cast(pa.string()), "chat")).slice(0, 40)
    doubled = chat.set_column(1, "role", pa.array(["harvest"] * len(chat)).dictionary_encode())
    merged = pa.concat_tables(
        [part.set_column(i, n, part[n].cast(pa.string())) for part in (table, doubled) for i, n in [(1, "role")]]
    )
    pq.write_table(merged, folder / "prompts.parquet")


def test_recorded_system_prompts_keep_their_questions(small: Path, tmp_path: Path) -> None:
    """Where the corpora give system prompts, some agents have them, and ask under each what was asked under it."""
    made = simulate(tmp_path / "run", exchanges=20_000, seed=1, populations=["agents"], campaigns=(), corpora=small)
    logs = pq.read_table(made.logs[0], columns=["system_text", "prompt_text"])
    recorded = logs.filter(pc.match_substring(logs["system_text"], "toolset"))
    assert recorded.num_rows > 1_000
    table = pq.read_table(small / "prompts.parquet")
    asked = dict(zip(table["text"].to_pylist(), table["system"].to_pylist(), strict=True))
    assert all(asked[row["prompt_text"]] == row["system_text"] for row in recorded.to_pylist())


def test_lengths_are_the_services(small: Path, tmp_path: Path) -> None:
    """Long conversations bring a real request's tokens with them, and tools those of a coding service."""
    made = simulate(
        tmp_path / "run", exchanges=6_000, seed=1, populations=["people", "agents"], campaigns=(), corpora=small
    )
    logs = pq.read_table(made.logs[0])
    written = pc.utf8_length(logs["prompt_text"]).to_numpy() / 4.1
    written = written + pc.utf8_length(logs["system_text"]).fill_null(0).to_numpy() / 4.1
    brought = logs["input_tokens"].to_numpy() - written
    turn, tools = logs["turn_count"].to_numpy(), logs["has_tools"].to_numpy(zero_copy_only=False)
    assert np.abs(brought[(turn == 1) & ~tools] - 8).max() < 3
    assert np.abs(brought[(turn >= 4) & ~tools] - 908).max() < 3
    assert np.abs(brought[(turn == 1) & tools] - 5_008).max() < 3
    assert (np.abs(brought[(turn == 2) & ~tools] - 308) < 3).all()


def test_customers_follow_clients_of_all_sizes(small: Path) -> None:
    """Each customer behaves like one real client, and sends in proportion to the root of what that one sent."""
    corpora = read_corpora(small)
    big = (corpora.clients[0][0], corpora.clients[0][1] * 100.0, corpora.clients[0][2])
    two = dataclasses.replace(corpora, clients=(corpora.clients[0], big))
    chosen, weights = client_sizes(np.random.default_rng(0), 200, two)
    assert set(chosen.tolist()) == {0, 1}
    assert weights[chosen == 1][0] / weights[chosen == 0][0] == pytest.approx(10.0)
    rates, _ = real_rhythm(np.random.default_rng(0), 7.0, two, client=1)
    assert rates.max() > 10.0


def test_the_real_folder(corpora: Path, tmp_path: Path) -> None:
    """The real corpora simulate every campaign, with real heavy clients and prefixes, and sides share no source."""
    real = read_corpora(corpora)
    assert len(real.clients) > 20
    assert len(real.rows("harvest")) > 10_000
    assert len(real.prefixes.sharers) > 1_000
    legitimate = set(real.sources[real.rows(*LEGITIMATE)].tolist())
    assert not legitimate & set(real.sources[real.rows("harvest")].tolist())
    made = simulate(tmp_path / "run", scale=1 / 1000, days=4, seed=1, corpora=corpora)
    assert set(made.manifest["exchanges_by_campaign"]) == {c.name for c in CAMPAIGNS}  # type: ignore[call-overload]
