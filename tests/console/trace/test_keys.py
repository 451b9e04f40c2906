"""Keys that were committed to: what the ledger proves, what is damaged, and that no secret is shown."""

from pathlib import Path

import pytest
from sqlalchemy import delete, update
from tests.console.conftest import NOW, Rig
from tests.console.trace.trace_room import add_epoch, with_trace

from stillwatch.console.trace.committed import epoch_at, epochs_in, holds_root, ledger_of, newest_head
from stillwatch.errors import MissingData, UnreadableSource
from stillwatch.ledger.book import Event, append, sign_head
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES, NODES
from stillwatch.trace.home import TraceHome


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with two epochs."""
    home = TraceHome.create(tmp_path / "keys")
    add_epoch(home, "2026-10", 5)
    add_epoch(home, "2026-11", 40, 3)
    return home.folder


def test_an_epoch_is_proved_against_the_newest_head(keys: Path) -> None:
    """Number of keys, root and entry are those of the ledger; the ids are only counted."""
    home = TraceHome(keys)
    with home.ledger() as connection:
        for n in range(5):
            append(connection, Event(Kind.DISCLOSURE, "ada", {"event": n}, NOW))
        sign_head(connection, home.signer, NOW)
    assert epochs_in(keys) == ["2026-11", "2026-10"]
    with ledger_of(keys) as connection:
        epoch = epoch_at(connection, keys, "2026-11", newest_head(connection))
    told = epoch.recorded
    assert told is not None
    assert (epoch.n_accounts, epoch.n_campaigns, epoch.entry) == (40, 3, 1)
    assert (told.n_keys, told.by, told.head.size) == (40 + 2 * 3 + 2, "ada", 7)
    assert told.root == home.commitments(home.epoch("2026-11")).root.hex()
    assert holds_root(keys, "2026-11", told.root) is True
    assert epoch.scheme is not None
    assert (epoch.scheme.delta, epoch.tokenizer) == (2.0, "ab" * 32)


def test_pages_show_commitments_and_no_secret(rig: Rig, keys: Path) -> None:
    """Neither the master secret nor an id nor a path of a secret stands in them; viewers may look."""
    browser = with_trace(rig, keys=keys).as_("vera")
    overview = browser.get("/console/trace").text
    page = browser.get("/console/trace/epochs/2026-11").text
    assert overview.count("inclusion verified") == 2
    assert all(told in page for told in ("4 tokens", "2 nats", "the list of commitments has this root", "verified"))
    secrets = [(keys / name).read_text().strip() for name in ("master.secret", "tags.secret")]
    for text in (overview, page):
        assert not any(secret in text for secret in secrets)
        assert "acct-" not in text
    told = browser.get("/console/trace/epochs/2026-11/commitments.txt")
    assert told.content == (keys / "epochs" / "2026-11" / "commitments.txt").read_bytes()


def test_secrets_are_not_opened(rig: Rig, keys: Path) -> None:
    """A service that has neither of them, nor the key that signs, shows the same."""
    for name in ("master.secret", "tags.secret", "signing.key"):
        (keys / name).unlink()
    for name in ("accounts.txt", "campaigns.txt"):
        (keys / "epochs" / "2026-11" / name).unlink()
    browser = with_trace(rig, keys=keys).as_("vera")
    assert browser.get("/console/trace").text.count("inclusion verified") == 2
    assert "may not read their number" in browser.get("/console/trace/epochs/2026-11").text


def test_a_ledger_that_was_changed_proves_nothing(rig: Rig, keys: Path) -> None:
    """Another root in the document, another commitment in the entry, another node of the tree."""
    home = TraceHome(keys)
    browser = with_trace(rig, keys=keys).as_("vera")
    document = DOCUMENTS.c.document, {"epoch": "2026-11", "keys": 9, "root": "00" * 32}
    with home.ledger() as connection:
        connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.index == 1).values({document[0]: document[1]}))
    text = browser.get("/console/trace").text
    assert "commits to something else" in text
    assert text.count("inclusion verified") == 1
    with home.ledger() as connection:
        connection.execute(update(ENTRIES).where(ENTRIES.c.index == 0).values(actor="eve"))
    page = browser.get("/console/trace/epochs/2026-10")
    assert page.status_code == 200
    assert "does not prove" in page.text
    assert "is not in the ledger of this head" in page.text
    assert "verified" not in page.text.split("<main")[1]
    with home.ledger() as connection:
        connection.execute(delete(NODES))
    assert browser.get("/console/trace/epochs/2026-10").status_code == 200


def test_a_document_that_was_forgotten_is_named(rig: Rig, keys: Path) -> None:
    """The entry stands, and what it committed to is not known any more."""
    with TraceHome(keys).ledger() as connection:
        connection.execute(delete(DOCUMENTS).where(DOCUMENTS.c.index == 1))
    assert "the document of entry 1 is gone" in with_trace(rig, keys=keys).as_("vera").get("/console/trace").text


def test_a_changed_list_of_commitments_is_named(rig: Rig, keys: Path) -> None:
    """Its root is another, or it has none; a list that is not there is not called changed."""
    path = keys / "epochs" / "2026-11" / "commitments.txt"
    lines = path.read_text().splitlines()
    browser = with_trace(rig, keys=keys).as_("vera")
    path.write_text("\n".join([*lines[:-1], "f" * 64]) + "\n")
    assert "it was changed" in browser.get("/console/trace/epochs/2026-11").text
    path.write_text("nothing")
    assert "it was changed" in browser.get("/console/trace/epochs/2026-11").text
    path.unlink()
    assert "or not there" in browser.get("/console/trace/epochs/2026-11").text
    assert browser.get("/console/trace/epochs/2026-11/commitments.txt").status_code == 404


@pytest.mark.parametrize(
    "scheme", ["", "entry = 'x'", "gamma = 'x'\nentry = 0", "gamma = 7\nentry = 0", "entry = 0\n["]
)
def test_a_damaged_scheme_costs_no_other_epoch(rig: Rig, keys: Path, scheme: str) -> None:
    """The row says so."""
    (keys / "epochs" / "2026-10" / "scheme.toml").write_text(scheme)
    browser = with_trace(rig, keys=keys).as_("vera")
    text = browser.get("/console/trace").text
    assert "its scheme.toml is damaged" in text
    assert text.count("inclusion verified") == 1
    assert "its scheme.toml is damaged" in browser.get("/console/trace/epochs/2026-10").text


def test_what_is_no_folder_of_marks_is_said(rig: Rig, keys: Path, tmp_path: Path) -> None:
    """Without a ledger, with one that is none, and without an epoch of that name; nothing is made on the way."""
    (tmp_path / "empty").mkdir()
    browser = with_trace(rig, keys=tmp_path / "empty").as_("vera")
    assert "holds no ledger of marks" in browser.get("/console/trace").text
    assert list((tmp_path / "empty").iterdir()) == []
    browser = with_trace(rig, keys=keys).as_("vera")
    for name in ("2026-09", "%2e%2e", "..%2f..", "2026-11%2f..%2f2026-10"):
        assert browser.get(f"/console/trace/epochs/{name}").status_code == 404
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (keys / name).unlink(missing_ok=True)
    (keys / "ledger.db").write_bytes(b"no database" * 500)
    answer = browser.get("/console/trace")
    assert answer.status_code == 200
    assert "ledger.db" in answer.text
    with pytest.raises(UnreadableSource), ledger_of(keys):
        pass
    with pytest.raises(MissingData), ledger_of(tmp_path / "empty"):
        pass


def test_before_the_first_epoch_the_page_says_what_to_do(rig: Rig, tmp_path: Path) -> None:
    """By the command that does it."""
    TraceHome.create(tmp_path / "fresh")
    text = with_trace(rig, keys=tmp_path / "fresh").as_("vera").get("/console/trace").text
    assert "No keys yet" in text
    assert "stillwatch trace keys commit" in text
    assert "--epoch 2026-11" in text
