"""Bundles: whole, the same bytes again, without texts unless they are asked for, and readable by other programs."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.act.cases.made import PROMPT, SECRET, campaign, evidence, exported, hand, opened_case, rows
from tests.act.desk import WORDS, Office, notice

from stillwatch.act.cases.bundle import Disclosure, export_case
from stillwatch.act.cases.changes import note
from stillwatch.act.cases.commitment import canonical_row, commitment_of, salt_of
from stillwatch.act.cases.lookup import case_at, events_of
from stillwatch.act.cases.verification import verify_bundle
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ledger.tables import ENTRIES
from stillwatch.signing.standalone import files_in

REASON = "The court has asked for these exchanges."


def lines(files: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    """Objects of a file of JSON lines."""
    return [json.loads(line) for line in files[name].splitlines()]


@pytest.fixture
def worked(opened: Office) -> Office:
    """A case with a note, a decision and an appeal."""
    opened_case(opened, campaign(also_known_as=("campaign-0",)))
    opened.file(notice())
    opened.file(notice(2, campaign_id="campaign-0"))
    opened.file(notice(3, campaign_id="campaign-of-others"))
    opened_case(opened)
    with opened.engine.begin() as connection:
        note(hand(connection, opened), "campaign-1", "Looked at it.")
    return opened


def test_whole_and_good(worked: Office) -> None:
    """A bundle verifies by both ways, names the key, and holds the case with all its names."""
    bundle = exported(worked)
    found = verify_bundle(bundle, worked.trail.key.key_id)
    assert (found["case"], found["exchanges"], found["exchanges_hashed"], found["openings"]) == ("campaign-1", 3, 3, 0)
    told = json.loads(files_in(bundle)["case.json"])
    assert [event["what"] for event in told["events"]] == ["opened", "acted", "noted"]
    assert len(told["decisions"]) == len(told["appeals"]) == 2
    assert "campaign-of-others" not in str(files_in(bundle))


def test_the_ledger_of_this_case_and_no_other(worked: Office) -> None:
    """Every entry about the case is there with its document, and none about another campaign."""
    documents = [json.loads(line["document"]) for line in lines(files_in(exported(worked)), "ledger.jsonl")]
    assert [one["event"] for one in documents] == ["opened", "filed", "filed", "acted", "noted"]


def test_no_text_unless_asked_for(worked: Office) -> None:
    """Neither prompts nor a customer's words are anywhere in a bundle, nor salts to try with."""
    bundle = exported(worked)
    assert PROMPT.encode() not in bundle
    assert b"stranger" not in bundle
    assert WORDS.encode() not in bundle
    assert salt_of(SECRET, "x-1").hex().encode() not in bundle
    assert "No prompt and no answer" in files_in(bundle)["README.txt"].decode()


def test_the_same_bytes_again(worked: Office) -> None:
    """Rows in another order and a second export of the same state give the same bytes."""
    made = []
    for kept in (rows(), rows()[::-1]):
        with worked.engine.connect() as connection, connection.begin() as transaction:
            made.append(export_case(hand(connection, worked), "campaign-1", evidence(kept), SECRET))
            transaction.rollback()
    assert made[0] == made[1]


def test_a_disclosed_exchange_is_the_one_that_was_hashed(worked: Office) -> None:
    """An opening of a later bundle has the hash of the first one, checked by hand; other texts stay closed."""
    first = {one["exchange_id"]: one["sha256"] for one in lines(files_in(exported(worked)), "exchanges.jsonl")}
    bundle = exported(worked, disclosure=Disclosure(REASON, frozenset({"x-1"})))
    (opening,) = lines(files_in(bundle), "openings.jsonl")
    by_hand = hashlib.sha256(bytes.fromhex(opening["salt"]) + opening["row"].encode()).hexdigest()
    assert first["x-1"] == by_hand == commitment_of(salt_of(SECRET, "x-1"), canonical_row(rows()[1]))
    assert json.loads(opening["row"])["prompt_text"] == rows()[1]["prompt_text"]
    assert rows()[2]["prompt_text"].encode() not in bundle
    assert "THIS BUNDLE HOLDS PROMPTS" in files_in(bundle)["README.txt"].decode()
    assert verify_bundle(bundle)["openings"] == 1


def test_to_disclose_is_on_record(worked: Office) -> None:
    """An export leaves an event; one with texts leaves its reason and an entry of its own as well."""
    exported(worked)
    bundle = exported(worked, disclosure=Disclosure(REASON))
    with worked.engine.begin() as connection:
        events = events_of(connection, case_at(connection, "campaign-1"))[-2:]
        kinds = [row.kind for row in connection.execute(select(ENTRIES).order_by(ENTRIES.c.index))]
    assert [(event.what, event.facts["with_text"], event.text) for event in events] == [
        ("exported", False, None),
        ("exported", True, REASON),
    ]
    assert events[1].facts["sha256"] == hashlib.sha256(bundle).hexdigest()
    assert kinds[-1] == "disclosure"
    assert kinds.count("disclosure") == 1


def test_what_is_no_longer_kept_has_no_hash(worked: Office) -> None:
    """Exchanges whose logs are gone are named without a hash; they cannot be disclosed."""
    told = evidence(rows()[:1])
    found = lines(files_in(exported(worked, told)), "exchanges.jsonl")
    assert [one["sha256"] is None for one in found] == [False, True, True]
    with pytest.raises(InvalidInput, match="1 exchanges to be disclosed are not kept"):
        exported(worked, told, Disclosure(REASON, frozenset({"x-0", "x-2"})))


def test_refused_before_anything_is_recorded(worked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """No such case, no reason, too large: refused, and nothing is on record."""
    with worked.engine.begin() as connection:
        before = len(connection.execute(select(ENTRIES)).all())
        with pytest.raises(MissingData):
            export_case(hand(connection, worked), "nothing", evidence(), SECRET)
    with pytest.raises(InvalidInput, match="reason must have 20"):
        Disclosure("please")
    monkeypatch.setattr("stillwatch.act.cases.bundle.MOST_BYTES", 100)
    with pytest.raises(InvalidInput, match="at most"):
        exported(worked)
    with worked.engine.begin() as connection:
        assert len(connection.execute(select(ENTRIES)).all()) == before


def test_the_file_inside_verifies_the_bundle_alone(worked: Office, tmp_path: Path) -> None:
    """verify.py out of the bundle says good with the right key and bad with another, with Python alone."""
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(exported(worked))
    with zipfile.ZipFile(bundle) as read:
        (tmp_path / "verify.py").write_bytes(read.read("verify.py"))
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), str(bundle)]
    good = subprocess.run([*command, worked.trail.key.key_id], capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout[:4]) == (0, "good")
    bad = subprocess.run([*command, "x" * 43], capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout[:13]) == (1, "BAD: key.json")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is absent: its commands are not tried")
def test_openssl_verifies_it_as_the_readme_says(worked: Office, tmp_path: Path) -> None:
    """The command of the README, word for word, verifies the manifest, and refuses a changed one."""
    with zipfile.ZipFile(io.BytesIO(exported(worked))) as read:
        read.extractall(tmp_path)
    readme = (tmp_path / "README.txt").read_text()
    (command,) = [line.strip() for line in readme.splitlines() if line.strip().startswith("openssl")]
    ran = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    manifest = tmp_path / "MANIFEST.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"campaign-1", b"campaign-2"))
    assert subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False).returncode != 0
