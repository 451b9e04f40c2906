"""Exported ledgers: a good one verifies, and whatever is rewritten, dropped or cut off is named."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillwatch.errors import FailedProof, InvalidInput, UnreadableSource
from stillwatch.ledger.audit import audit, prove
from stillwatch.ledger.book import Event, append, sign_head
from stillwatch.ledger.edge import Edge
from stillwatch.ledger.entry import Entry, Kind
from stillwatch.ledger.export import export, heads_in
from stillwatch.ledger.head import head_of
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.ledger.tables import LEDGER_TABLES
from stillwatch.signing.keys import SigningKey, keys_of
from stillwatch.signing.signature import signed
from stillwatch.store.database import open_database

KEY = SigningKey.generate()
KEYS = keys_of([KEY.verify_key])
TIME = datetime(2026, 11, 27, tzinfo=UTC)
SIZE = 30
EVERY = 7

Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """A ledger of 30 entries, a head every seven and at the end."""
    folder = tmp_path_factory.mktemp("ledger")
    with open_database(folder / "forum.db", LEDGER_TABLES).begin() as connection:
        for n in range(SIZE):
            append(connection, Event(Kind.PUBLISH if n % 2 else Kind.QUERY, "member-a", {"n": n}, TIME))
            if (n + 1) % EVERY == 0 or n == SIZE - 1:
                sign_head(connection, KEY, TIME)
        assert export(connection, folder / "ledger.jsonl") == SIZE
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def written(folder: Path, lines: Lines) -> Path:
    """File with these lines."""
    path = folder / "ledger.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def place(lines: Lines, index: int) -> int:
    """Where an entry stands among the lines."""
    return next(i for i, line in enumerate(lines) if line.get("index") == index)


def with_new_roots(lines: Lines) -> Lines:
    """The work of a forger who has no key: every root made again from the entries as they are now."""
    edge, found = Edge(), []
    for line in lines:
        if "head" in line:
            found.append(line)
            continue
        edge.append(Entry.of({k: v for k, v in line.items() if k != "root"}).leaf)
        found.append({**line, "root": edge.root.hex()})
    return found


def changed(lines: Lines, index: int, /, **by: Any) -> Lines:
    """Lines with one entry changed."""
    at = place(lines, index)
    return [*lines[:at], {**lines[at], **by}, *lines[at + 1 :]]


def failure(path: Path, **options: Any) -> str:
    """What is said of a ledger that does not hold."""
    with pytest.raises(FailedProof) as caught:
        audit(path, **{"keys": KEYS, **options})
    return str(caught.value)


def test_a_good_ledger_verifies(tmp_path: Path, lines: Lines) -> None:
    """All entries counted, all heads, and those that were kept."""
    path = written(tmp_path, lines)
    found = audit(path, heads_in(path)[:2], KEYS)
    assert (found.size, found.n_heads, found.is_signed) == (SIZE, 7, True)
    assert found.kinds == {"query": 15, "publish": 15}
    assert found.root.hex() == lines[-2]["root"]
    assert not audit(path).is_signed


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(index=st.integers(0, SIZE - 1), member=st.sampled_from(["time", "kind", "actor", "commitment", "root", "index"]))
def test_a_changed_entry_is_named(tmp_path: Path, lines: Lines, index: int, member: str) -> None:
    """Any member of any entry, with no key and no kept head."""
    other = {"time": "2026-01-01T00:00:00.000000Z", "kind": "drill", "actor": "x", "index": index + 1}
    by: dict[str, Any] = {member: other.get(member, "0" * 64)}
    path = written(tmp_path, changed(lines, index, **by))
    assert failure(path, keys=None).startswith(f"entry {index} is bad")


@pytest.mark.parametrize("index", [0, 6, 7, 20, SIZE - 1])
def test_a_forger_who_makes_all_roots_again_is_caught_by_the_next_head(
    tmp_path: Path, lines: Lines, index: int
) -> None:
    """The first bad entry is between two heads; a kept head for every entry says which it is."""
    path = written(tmp_path, with_new_roots(changed(lines, index, actor="somebody-else")))
    good = index // EVERY * EVERY
    end = min(good + EVERY, SIZE)
    assert failure(path).startswith(f"the first bad entry is one of {good} to {end - 1}")
    every = [
        {"ledger": lines[-1]["head"]["ledger"], "size": n + 1, "root": lines[place(lines, n)]["root"]}
        for n in range(SIZE)
    ]
    kept = [signed({**told, "time": lines[-1]["head"]["time"]}, KEY) for told in every]
    assert failure(path, kept=kept).startswith(f"entry {index} is bad")


def test_a_forger_who_makes_heads_again_needs_the_key(tmp_path: Path, lines: Lines) -> None:
    """Heads with another key or the old signatures are refused; the forum itself is caught by a kept head."""
    forged = with_new_roots(changed(lines, 3, actor="somebody-else"))
    bare = [line for line in forged if "head" not in line]
    told = {**lines[-1]["head"], "root": bare[-1]["root"]}
    assert "does not fit" in failure(written(tmp_path, [*bare, {"head": told}]))
    assert "no key" in failure(written(tmp_path, [*bare, {"head": signed(told, SigningKey.generate())}]))
    by_the_forum = written(tmp_path, [*bare, {"head": signed(told, KEY)}])
    assert audit(by_the_forum, keys=KEYS).size == SIZE
    kept = [lines[place(lines, EVERY - 1) + 1]["head"]]
    assert failure(by_the_forum, kept=kept).startswith(f"the first bad entry is one of 0 to {EVERY - 1}")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda lines: lines[:4] + lines[5:], "entry 4 is bad: entry 5 stands in its place"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "entry 0 is bad: entry 1 stands"),
        (lambda lines: lines[:3] + lines[2:], "entry 3 is bad: entry 2 stands"),
        (lambda lines: lines[:-1], "entry 28 and what follows stand under no head"),
        (lambda lines: [line for line in lines if "head" not in line], "nobody has signed"),
        (lambda lines: [lines[7], *lines], "stands behind 0 entries"),
        (lambda lines: [*lines[:7], {"head": {}}, *lines[8:]], "must have exactly the members"),
        (lambda lines: [*lines[:7], {"head": 7}, *lines[8:]], "must have exactly the members"),
        (lambda _: [], "nobody has signed"),
    ],
)
def test_what_is_dropped_moved_or_repeated_is_named(
    tmp_path: Path, lines: Lines, edit: Callable[[Lines], Lines], message: str
) -> None:
    """Entries and heads."""
    assert message in failure(written(tmp_path, edit(lines)))


def test_an_older_ledger_does_not_continue_a_newer_head(tmp_path: Path, lines: Lines) -> None:
    """A forum that shows an old file is told how long the ledger was; another ledger is not this one."""
    old = written(tmp_path, lines[: place(lines, 13) + 2])
    assert "ends after 14 entries, a head of 30" in failure(old, kept=[lines[-1]["head"]])
    other = signed({**{k: v for k, v in lines[-1]["head"].items() if k != "signature"}, "ledger": "other"}, KEY)
    assert "another ledger" in failure(written(tmp_path, lines), kept=[other])


@pytest.mark.parametrize("line", ["{", "[]", '{"index": 1, "index": 1}', '{"a": "' + "x" * 5000 + '"}'])
def test_a_damaged_file_is_named_with_the_line(tmp_path: Path, lines: Lines, line: str) -> None:
    """Cut off, no object, a key twice, a line without an end."""
    path = written(tmp_path, lines[:2])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(UnreadableSource, match=":3"):
        audit(path)
    with pytest.raises(UnreadableSource, match="FileNotFound"):
        audit(tmp_path / "nowhere")


def test_a_proof_out_of_the_file_convinces_who_has_the_head(tmp_path: Path, lines: Lines) -> None:
    """Every entry; not for another head, not with another entry."""
    path = written(tmp_path, lines)
    last = head_of(heads_in(path)[-1])
    for index in range(SIZE):
        proof = Proof.of(json.loads(json.dumps(prove(path, index, SIZE).told())))
        check_proof(proof, last)
    with pytest.raises(FailedProof, match="for a ledger of 30"):
        check_proof(proof, head_of(heads_in(path)[0]))
    moved = Proof(Entry.of({**proof.entry.told(), "actor": "b"}), proof.size, proof.path)
    with pytest.raises(FailedProof, match="not in the ledger"):
        check_proof(moved, last)
    with pytest.raises(InvalidInput, match="0 to 29"):
        prove(path, SIZE, SIZE)


@pytest.mark.parametrize(
    "by", [{"path": "x"}, {"path": ["zz"]}, {"size": "1"}, {"entry": 1}, {"path": ["0" * 64] * 65}]
)
def test_what_is_no_proof_is_refused(tmp_path: Path, lines: Lines, by: dict[str, Any]) -> None:
    """Other types, other lengths."""
    told = prove(written(tmp_path, lines), 0, SIZE).told()
    with pytest.raises(InvalidInput):
        Proof.of({**told, **by})


def test_a_file_without_heads_has_none(tmp_path: Path, lines: Lines) -> None:
    """Entries are no heads."""
    with pytest.raises(UnreadableSource, match="no head"):
        heads_in(written(tmp_path, lines[:3]))
