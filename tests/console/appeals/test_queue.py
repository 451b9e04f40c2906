"""The queue of appeals: what waits first, what is overdue, what is held back; filters, pages, figures, download."""

from datetime import timedelta
from io import BytesIO

import pyarrow.csv as pacsv
import pytest
from tests.console.appeals.waiting import NOW, WORDS, answered, filed
from tests.console.conftest import Rig
from tests.page import Page

from stillwatch.act.appeals.answering import look_at
from stillwatch.act.appeals.appeal import AppealRules, Outcome
from stillwatch.act.appeals.standing import overdue
from stillwatch.act.cases.tables import CASE_ALIASES, CASES
from stillwatch.act.decide.stream import Stream
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.console.appeals.asked import AskedAppeals
from stillwatch.console.appeals.queue import counts, heard, lines, next_deadline

QUEUE = "/console/appeals"


def ids(rig: Rig, asked: AskedAppeals, person: str = "ada", held_back: frozenset[Stream] = frozenset()) -> list[str]:
    """Ids that are found, in order."""
    with rig.home.engine.begin() as connection:
        return [one.appeal_id for one in lines(connection, asked, person, NOW, held_back).page(0, 50)]


def test_nobody_waits(rig: Rig) -> None:
    """An empty queue says so in every state, and that a refusal holds a link."""
    ada = rig.as_("ada")
    assert "Nobody waits for an answer" in Page(ada.get(QUEUE).text).text
    for state, words in {
        "overdue": "No appeal is overdue",
        "mine": "You read no appeal",
        "all": "has objected",
    }.items():
        assert words in Page(ada.get(f"{QUEUE}?state={state}").text).text
    assert "No appeal fits" in ada.get(f"{QUEUE}?campaign=nothing").text


def test_the_soonest_deadline_comes_first_and_answers_last(rig: Rig) -> None:
    """What waits stands by its deadline; of all appeals the answered ones come last, the newest answer first."""
    late, soon, done = filed(rig, 1, 20), filed(rig, 2, 2), filed(rig, 3, 9)
    older = filed(rig, 4, 10)
    answered(rig, older, Outcome.DENIED, NOW - timedelta(days=2))
    answered(rig, done, Outcome.DENIED, NOW - timedelta(days=1))
    assert ids(rig, AskedAppeals()) == [late.appeal_id, soon.appeal_id]
    assert ids(rig, AskedAppeals(state="overdue")) == [late.appeal_id]
    assert ids(rig, AskedAppeals(state="answered")) == [done.appeal_id, older.appeal_id]
    assert ids(rig, AskedAppeals(state="all")) == [one.appeal_id for one in (late, soon, done, older)]


def test_mine_are_those_that_i_took_up(rig: Rig) -> None:
    """Appeals that somebody else reads, or that are answered, are not mine."""
    mine, theirs = filed(rig, 1), filed(rig, 2)
    with rig.home.engine.begin() as connection:
        look_at(connection, rig.home.trail, mine.appeal_id, "ada", NOW)
        look_at(connection, rig.home.trail, theirs.appeal_id, "bea", NOW)
    assert ids(rig, AskedAppeals(state="mine")) == [mine.appeal_id]
    answered(rig, mine, Outcome.DENIED)
    assert ids(rig, AskedAppeals(state="mine")) == []


def test_held_back_ones_are_found_and_counted(rig: Rig) -> None:
    """Of a campaign with more overdue appeals than are eased, the later ones are held back, and the page says so."""
    many = [filed(rig, n, 30 - n / 10, account_id=f"acct-{n:04}") for n in range(1, 14)]
    with rig.home.engine.begin() as connection:
        late = overdue(connection, AppealRules(), NOW)
    assert ids(rig, AskedAppeals(state="held-back"), held_back=late.held_back) == [one.appeal_id for one in many[10:]]
    text = Page(rig.as_("ada").get(QUEUE).text).text
    assert "held back: nothing is eased" in text
    assert "10 overdue streams are only observed" in text
    assert "observed meanwhile" in text


def test_a_campaign_is_found_by_any_name(rig: Rig) -> None:
    """An appeal that was filed under an earlier name of a campaign is found by the name of now, and the other way."""
    with rig.home.engine.begin() as connection:
        case = connection.execute(CASES.select()).mappings().first()
        assert case is not None
        connection.execute(CASE_ALIASES.insert().values(alias="before", case_id=case["case_id"]))
    early, now = filed(rig, 1, 2, "before"), filed(rig, 2, 1, case["case_id"])
    filed(rig, 3, 1, "another")
    for name in ("before", case["case_id"]):
        assert ids(rig, AskedAppeals(state="all", campaign=name)) == [early.appeal_id, now.appeal_id]


def test_whoever_names_a_campaign_wants_all_of_its_appeals(rig: Rig) -> None:
    """A link to a campaign's appeals shows the answered ones too; the state stays in the links that follow."""
    one = answered(rig, filed(rig, 1, 2, "c&1"), Outcome.DENIED)
    ada = rig.as_("ada")
    assert one.appeal_id[:12] in ada.get(f"{QUEUE}?campaign=c%261").text
    assert one.appeal_id[:12] not in ada.get(f"{QUEUE}?campaign=c%261&state=waiting").text
    assert AskedAppeals(state="waiting", campaign="c&1").link() == f"{QUEUE}?state=waiting&campaign=c%261"
    assert AskedAppeals(state="all", campaign="c").link(page=2) == f"{QUEUE}?campaign=c&page=2"


def test_by_account(rig: Rig) -> None:
    """Appeals of one account."""
    mine = filed(rig, 1, account_id="acct-a")
    filed(rig, 2, account_id="acct-b")
    assert ids(rig, AskedAppeals(state="all", account="acct-a")) == [mine.appeal_id]


def test_pages(rig: Rig) -> None:
    """Fifty stand on a page; a page that is not there says so."""
    for n in range(1, 53):
        filed(rig, n, 2, account_id=f"acct-{n:04}")
    ada = rig.as_("ada")
    first, second = ada.get(QUEUE).text, ada.get(f"{QUEUE}?page=2").text
    assert (first.count('class="state appeal-filed"'), second.count('class="state appeal-filed"')) == (50, 2)
    assert "51 to 52 of 52 appeals" in Page(second).text
    assert "not so many pages" in ada.get(f"{QUEUE}?page=9").text


def test_figures(rig: Rig) -> None:
    """In time is what was answered by its deadline, of all that was due; the share upheld is of what was answered."""
    answered(rig, filed(rig, 1, 20), Outcome.UPHELD, NOW - timedelta(days=18))
    answered(rig, filed(rig, 2, 20, "campaign-2"), Outcome.DENIED, NOW)
    filed(rig, 3, 20, "campaign-3")
    soon = filed(rig, 4, 1, "campaign-4")
    answered(rig, filed(rig, 5, 400, "campaign-5"), Outcome.UPHELD, NOW - timedelta(days=399))
    with rig.home.engine.begin() as connection:
        found = heard(connection, NOW)
        told = counts(connection, "ada", NOW)
        assert next_deadline(connection, NOW) == soon.deadline
    assert (found.n_due, found.n_in_time, found.n_answered, found.n_upheld) == (3, 1, 2, 1)
    assert [(one.rule, one.n_answered, one.share) for one in found.by_rule] == [("slow-down", 2, 0.5)]
    assert found.by_rule[0].low < 0.5 < found.by_rule[0].high
    assert told == {"waiting": 2, "overdue": 1, "mine": 0}


def test_the_download_has_no_words_of_customers(rig: Rig) -> None:
    """Ids, times and states; what customers wrote and were written is in no file."""
    answered(rig, filed(rig, 1), Outcome.DENIED)
    filed(rig, 2, 20, account_id="=cmd")
    taken = rig.as_("ada").get(f"{QUEUE}/table?as=csv&state=all")
    assert taken.headers["content-type"].startswith("text/csv")
    assert WORDS not in taken.text
    assert "timetable" not in taken.text
    table = pacsv.read_csv(BytesIO(taken.content))
    assert table["state"].to_pylist() == ["filed", "denied"]
    assert table["is_overdue"].to_pylist() == [True, False]
    assert table["account_id"].to_pylist()[0] == "'=cmd"
    assert table["action"].to_pylist() == ["throttle", "throttle"]


def test_a_decision_that_is_gone_leaves_its_appeal_in_the_queue(rig: Rig) -> None:
    """The queue rests on appeals; what is not on record any more is said to be so."""
    filed(rig, 1)
    with rig.home.engine.begin() as connection:
        connection.execute(DECISIONS.delete())
    assert "not on record" in rig.as_("ada").get(QUEUE).text


@pytest.mark.parametrize("name", ["vera", "alma"])
def test_whoever_may_not_answer_sees_nothing(rig: Rig, name: str) -> None:
    """Customers' words are for the person who answers."""
    one = filed(rig)
    browser = rig.as_(name)
    for path in (QUEUE, f"{QUEUE}/table?as=csv", f"{QUEUE}/{one.appeal_id}", f"{QUEUE}/{one.appeal_id}/page"):
        refused = browser.get(path)
        assert refused.status_code == 403
        assert WORDS not in refused.text
        assert one.stream.account_id not in refused.text


def test_names_of_strangers_are_text(rig: Rig) -> None:
    """Ids of campaigns and accounts cannot write into the page."""
    filed(rig, 1, campaign_id="<script>alert(1)</script>", account_id="{{ 7*7 }}<img src=x>")
    text = rig.as_("ada").get(QUEUE).text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;" in text
