"""Facts are those of the newest tick, found by whatever a gateway calls the account."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.service.collect.rows import SALT
from tests.service.collected import FORMATS, Collected, account_of, asked, collected

from stillwatch.act.decide.protected import Protected
from stillwatch.detect.stream_index.facts import FactsBook
from stillwatch.detect.stream_index.folder import IndexFolder
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import AccountFacts, Facts, PartnerWord, Request
from stillwatch.report import read_findings
from stillwatch.service import facts as facts_module
from stillwatch.service.concealing import RequestConcealer
from stillwatch.service.facts import LiveFacts, Sources, stale_after_s

CONCEALER = RequestConcealer(SALT)


@pytest.fixture(scope="module", autouse=True)
def salted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The collector's salt is the installation's."""
    file = tmp_path_factory.mktemp("salt") / "salt"
    file.write_bytes(SALT)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STILLWATCH_SALT", str(file))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, salted: None) -> Collected:  # noqa: ARG001 - the salt comes first
    """Collected and looked at once."""
    return collected(tmp_path_factory.mktemp("collected"))


def sources(made: Collected, scratch: Path) -> Sources:
    """Where facts are."""
    return Sources(made.folder / "out" / "index", scratch, made.folder / "accounts.parquet")


@pytest.fixture(scope="module")
def live(made: Collected, tmp_path_factory: pytest.TempPathFactory) -> LiveFacts:
    """With everything loaded."""
    live = LiveFacts(sources(made, tmp_path_factory.mktemp("scratch")), CONCEALER)
    assert live.refresh()
    assert not live.refresh()
    return live


def accusations(made: Collected) -> dict[str, str]:
    """Campaign of each accused exchange, as the findings say."""
    told = read_findings(made.folder / "out" / "findings").exchanges.to_pydict()
    return dict(zip(told["exchange_id"], told["campaign_id"], strict=True))


@pytest.mark.parametrize("format_name", FORMATS)
def test_what_was_collected_is_found_again(made: Collected, live: LiveFacts, format_name: str) -> None:
    """Each exchange that the findings accuse is accused when its gateway asks, with its stream's facts; no other is."""
    accused = accusations(made)
    number = FORMATS.index(format_name)
    accounts = {account_of(i) for i in range(number, 60, 3)}
    rows = [row for row in made.rows if row["account_id"] in accounts]
    names = [row["exchange_id"] for row in rows]
    if format_name == "otlp":
        names = [f"{i:032x}:{i + 1:016x}" for i in range(len(rows))]
    found = [live.facts(asked(row)).stream for row in rows]
    assert [None if one is None else one.campaign_id for one in found] == [accused.get(name) for name in names]
    assert len({row["account_id"] for row, one in zip(rows, found, strict=True) if one is not None}) == 20
    assert all(one is None or one.n_exchanges > 5 for one in found)


def test_others_are_what_the_findings_say(made: Collected, live: LiveFacts) -> None:
    """Whoever is not of the harvest is of nothing but what the findings name, and is known by the window."""
    accused, people = accusations(made), [row for row in made.rows if row["account_id"].startswith("person-")][::40]
    found = [live.facts(asked(row)) for row in people]
    named = [None if one.stream is None else one.stream.campaign_id for one in found]
    assert named == [accused.get(row["exchange_id"]) for row in people]
    assert all(one.stream is None or one.stream.verdict is not Verdict.HARVEST for one in found)
    assert {one.account.n_exchanges for one in found} == {24}
    assert {one.account.spend_band for one in found} <= {1, 2, 3, 4}


def test_the_account_is_known_by_its_own_id(live: LiveFacts) -> None:
    """The provider's table names accounts as the provider does; whatever is hidden of them is found all the same."""
    for i in (0, 2, 3, 5):  # LiteLLM's accounts are digests in the table of a provider who uses it
        account = live.facts(Request(account_id=account_of(i))).account
        assert (account.programme, account.verified_level, account.is_protected) == ("research", 2, False)
        assert account.age_days is not None
        assert 1.0 <= account.age_days < 3.0
        assert account.n_exchanges > 5
    assert live.facts(Request(account_id=account_of(6))).account.programme is None
    assert live.facts(Request(account_id="nobody")) == Facts()


def test_spend_bands_are_those_of_the_window(made: Collected, live: LiveFacts) -> None:
    """Sixty of 360 accounts pay ten times as much as the others: the top twentieth are among them."""
    bands = {a: live.facts(Request(account_id=a)).account.spend_band for a in {row["account_id"] for row in made.rows}}
    top = {a for a, band in bands.items() if band == 4}
    assert top
    assert all(not a.startswith("person-") for a in top)
    assert {bands[account_of(i)] for i in range(2, 60, 3)} == {0}  # no span says what it cost


def test_hidden_is_what_an_id_stays(live: LiveFacts, made: Collected) -> None:
    """A request that is hidden at the door has the same facts."""
    row = next(row for row in made.rows if row["account_id"] == account_of(0))
    request = asked(row)
    hidden = CONCEALER.request(request)
    assert hidden.account_id != request.account_id
    assert CONCEALER.request(hidden) is hidden
    assert live.facts(hidden).stream == live.facts(request).stream is not None


def test_protected_by_either_spelling_and_by_the_owner(made: Collected, tmp_path: Path) -> None:
    """A list in the operator's spelling protects an account, and all accounts of an organisation of the table."""
    listed = tmp_path / "protected"
    listed.write_text(f"{account_of(9)}\nLab@Uni.example\n")
    protected = Protected(listed, CONCEALER.id)
    live = LiveFacts(replace(sources(made, tmp_path / "s"), protected=protected), CONCEALER)
    live.refresh()
    found = [live.facts(Request(account_id=account_of(i))).account.is_protected for i in (0, 5, 9, 12)]
    assert found == [True, True, True, False]


def test_protected_by_the_owner_of_the_table_whatever_the_gateway_calls_it(made: Collected, tmp_path: Path) -> None:
    """A gateway's own name for the organisation takes the protection away from nobody; one on the list gives it."""
    listed = tmp_path / "protected"
    listed.write_text("Lab@Uni.example\ntown-hall\n")
    live = LiveFacts(replace(sources(made, tmp_path / "s"), protected=Protected(listed, CONCEALER.id)), CONCEALER)
    live.refresh()
    asked = [Request(account_id=account_of(5), organisation_id=name) for name in ("team-7", "town-hall", None)]
    assert [live.facts(one).account.is_protected for one in asked] == [True, True, True]
    assert not live.facts(Request(account_id=account_of(12), organisation_id="team-7")).account.is_protected


def test_a_partner_that_fails_takes_nothing_away(made: Collected, tmp_path: Path) -> None:
    """Its word is told; when it cannot be had, the rest is, and a problem says so until it can."""
    words: list[PartnerWord | None] = [PartnerWord(("indicator-1",), has_local_evidence=False)]

    def partner(_request: Request) -> PartnerWord | None:
        return words[0]

    live = LiveFacts(replace(sources(made, tmp_path), partner=partner), CONCEALER)
    assert live.facts(Request(account_id="a")).partner == words[0]
    word = words.pop()
    assert live.facts(Request(account_id="a")) == Facts()
    assert "IndexError" in live.problems()[0]
    words.append(word)
    assert live.facts(Request(account_id="a")).partner == word
    assert live.problems() == ()


def test_an_index_counts_once_it_was_taken_up(made: Collected, tmp_path: Path) -> None:
    """Before its cases are up to date nobody is accused by it, and what was loaded before stays."""
    index, taken = tmp_path / "index", set[str]()
    shutil.copytree(made.folder / "out" / "index", index)
    where = replace(sources(made, tmp_path / "s"), index=index, has_taken=taken.__contains__)
    live = LiveFacts(where, CONCEALER)
    row = next(row for row in made.rows if row["account_id"] == account_of(0))
    live.refresh()
    assert live.facts(asked(row)).stream is None
    taken.add(str(IndexFolder(index).current()))
    assert live.refresh()
    assert live.facts(asked(row)).stream is not None
    newer = IndexFolder(index).write(StreamIndex.empty(), FactsBook.empty())
    assert not live.refresh()
    assert live.facts(asked(row)).stream is not None
    taken.add(newer)
    assert live.refresh()
    assert live.facts(asked(row)).stream is None


def test_a_stale_index_accuses_nobody(made: Collected, tmp_path: Path) -> None:
    """What is too old is not told and is a problem; accounts are known all the same, and a new index ends it."""
    index = tmp_path / "index"
    shutil.copytree(made.folder / "out" / "index", index)
    old_s = (index / "CURRENT").stat().st_mtime - 4_000
    os.utime(index / "CURRENT", (old_s, old_s))
    live = LiveFacts(replace(sources(made, tmp_path / "s"), index=index), CONCEALER)
    live.refresh()
    row = next(row for row in made.rows if row["account_id"] == account_of(0))
    told, health = live.facts(asked(row)), live.health()
    assert told.stream is None
    assert told.account.programme == "research"
    assert health.is_stale
    assert health.index_age_s is not None
    assert health.index_age_s > 4_000
    assert "nobody is accused any more" in health.problems[0]
    IndexFolder(index).write(*IndexFolder(index).load())
    assert live.refresh()
    assert live.facts(asked(row)).stream is not None
    assert not live.health().is_stale


def test_an_index_of_a_slow_watch_is_not_stale_before_the_next(made: Collected, tmp_path: Path) -> None:
    """A watch that looks every two hours accuses for three of its rounds, and then nobody."""
    index = tmp_path / "index"
    shutil.copytree(made.folder / "out" / "index", index)
    row = next(row for row in made.rows if row["account_id"] == account_of(0))
    accused = []
    for age_s in (7_000, 20_000, 22_000):
        old_s = time.time() - age_s
        os.utime(index / "CURRENT", (old_s, old_s))
        live = LiveFacts(replace(sources(made, tmp_path / "s"), index=index), CONCEALER, stale_after_s(7_200.0))
        live.refresh()
        accused.append(live.facts(asked(row)).stream is not None)
    assert accused == [True, True, False]


def test_a_partner_is_asked_about_what_was_stored(made: Collected, tmp_path: Path) -> None:
    """The node knows accounts as they are stored, whatever a gateway calls them."""
    seen: list[str] = []
    live = LiveFacts(replace(sources(made, tmp_path), partner=lambda one: seen.append(one.account_id)), CONCEALER)
    live.facts(Request(account_id="Ada@Mail.example"))
    assert seen == [CONCEALER.id("Ada@Mail.example")]


def test_a_damaged_index_leaves_the_old_one(made: Collected, tmp_path: Path) -> None:
    """The accused stay accused, the problem names the file, and the next whole index ends it."""
    index = tmp_path / "index"
    shutil.copytree(made.folder / "out" / "index", index)
    live = LiveFacts(replace(sources(made, tmp_path / "s"), index=index), CONCEALER)
    live.refresh()
    row = next(row for row in made.rows if row["account_id"] == account_of(0))
    before, name = live.facts(asked(row)).stream, live.health().generation
    IndexFolder(index).write(StreamIndex.empty(), FactsBook.empty())
    damaged = max(index.glob("index-*")) / "facts.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert not live.refresh()
    assert live.facts(asked(row)).stream == before is not None
    assert live.health().generation == name
    assert "facts.parquet is damaged" in live.problems()[0]
    IndexFolder(index).write(StreamIndex.empty(), FactsBook.empty())
    assert live.refresh()
    assert live.facts(asked(row)).stream is None
    assert live.problems() == ()


def test_a_table_of_accounts_that_is_read_again(tmp_path: Path) -> None:
    """A change is taken up; a file that is none leaves the old table, is told, and is not read again at every call."""
    path = tmp_path / "accounts.csv"
    path.write_text("account_id,verified_level\nacct-1,1\n")
    live = LiveFacts(Sources(tmp_path / "index", tmp_path / "scratch", path), CONCEALER)
    assert live.refresh()
    assert live.facts(Request(account_id="acct-1")).account == AccountFacts(verified_level=1)
    path.write_text("something else\n")
    assert not live.refresh()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(facts_module, "converted", None)
        assert not live.refresh()
    assert live.facts(Request(account_id="acct-1")).account.verified_level == 1
    assert "no table of accounts" in live.problems()[0]
    path.write_text("account_id,verified_level\nacct-1,2\nacct-2,0\n")
    assert live.refresh()
    assert live.facts(Request(account_id="acct-1")).account.verified_level == 2
    assert (live.health().n_accounts, live.problems()) == (2, ())
    path.unlink()
    assert not live.refresh()
    assert "cannot be read: No such file" in live.problems()[0]


def test_decisions_go_on_while_an_index_is_loaded(made: Collected, tmp_path: Path) -> None:
    """Every answer during swaps is that of a whole generation, the old or the new."""
    index = tmp_path / "index"
    shutil.copytree(made.folder / "out" / "index", index)
    live = LiveFacts(replace(sources(made, tmp_path / "s"), index=index, accounts=None), CONCEALER)
    live.refresh()
    row = next(row for row in made.rows if row["account_id"] == account_of(0))
    request, whole = asked(row), live.facts(asked(row))
    assert whole.stream is not None
    wrong: list[Facts] = []
    n, ends = [0], threading.Event()

    def decide() -> None:
        while not ends.is_set():
            told = live.facts(request)
            n[0] += 1
            if told not in (whole, Facts()):
                wrong.append(told)

    thread = threading.Thread(target=decide)
    thread.start()
    loaded = IndexFolder(index).load()
    for other in ((StreamIndex.empty(), FactsBook.empty()), loaded) * 2:
        IndexFolder(index).write(*other)
        assert live.refresh()
    ends.set()
    thread.join()
    assert not wrong
    assert n[0] > 0
    assert live.facts(request) == whole


def test_nothing_found_yet(tmp_path: Path) -> None:
    """Before the first tick nobody is accused, and nothing is wrong."""
    live = LiveFacts(Sources(tmp_path / "index", tmp_path / "scratch"), CONCEALER)
    assert not live.refresh()
    assert live.facts(Request(account_id="a")) == Facts()
    health = live.health()
    assert (health.generation, health.index_age_s, health.is_stale, health.problems) == (None, None, False, ())
