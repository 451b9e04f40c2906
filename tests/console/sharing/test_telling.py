"""What would leave is shown before it leaves, to the byte, and sent only by who may."""

import re

import orjson
import pytest
from sqlalchemy import select
from tests.console.conftest import Rig
from tests.console.sharing.members import REALLY_OPENED, Beside, now

from stillwatch.console.sharing.drafts import DRAFTS, KEPT, Draft, key_of
from stillwatch.console.sharing.telling import STAYS, read_wish
from stillwatch.errors import Declined
from stillwatch.ledger.entry import Kind
from stillwatch.share.node import service
from stillwatch.share.node.tables import OWN


def path_of(beside: Beside, *more: str) -> str:
    """Path of the page of alpha's harvest."""
    return "/".join(("/console/sharing/publish", beside.harvest, *more))


def prepared(beside: Beside, name: str = "bea", **fields: str) -> Draft:
    """What would leave, prepared by a user."""
    job = beside.job(beside.as_(name).send(path_of(beside, "prepare"), **fields), name)
    assert job.wrong is None
    found = DRAFTS.of(key_of(beside.rig.console, name, "draft", beside.harvest), now())
    assert isinstance(found, Draft)
    return found


def n_own(beside: Beside) -> int:
    """Indicators that alpha's node has told."""
    with beside.house.service.node.engine.begin() as connection:
        return len(connection.execute(select(OWN.c.indicator_id)).all())


def n_published(beside: Beside) -> int:
    """Objects that the forum has."""
    return len(beside.exchange.store.after(0, [beside.exchange.campaigns], limit=1000)[0])


def test_a_page_that_is_looked_at_asks_nobody_and_sends_nothing(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when nobody could be asked."""

    def never(*_: object) -> None:
        message = "a page asks nobody"
        raise AssertionError(message)

    monkeypatch.setattr(service, "opened", never)
    answer = beside.as_("vera").get(path_of(beside))
    assert answer.status_code == 200
    assert "What does not leave" in answer.text
    assert all(how in answer.text for _, how in STAYS)
    assert 'class="wish"' not in answer.text


def test_every_field_is_shown_with_its_row_of_the_table(beside: Beside) -> None:
    """Values, rows, limits; tags are counted and sampled; nothing was kept or sent meanwhile."""
    before = n_own(beside), n_published(beside)
    draft = prepared(beside, tlp="green", days="7", quiet_h="12")
    assert draft.may_be_sent
    assert (n_own(beside), n_published(beside)) == before
    text = beside.as_("bea").get(path_of(beside)).text
    assert "The guard lets it cross" in text
    for row in ("indicator.pattern", "indicator.extensions.stillwatch.quiet_until", "relationship.target_ref"):
        assert f'title="{row}"' in text
    tags = [tag.value for tag in draft.indicator.tags]
    assert len(tags) > 2
    assert sum(tag in text for tag in tags) == 0
    assert any(f"{tag[:12]}…" in text for tag in tags)
    assert draft.indicator.quiet_until is not None


def test_no_value_that_a_tag_was_made_of_is_shown(beside: Beside) -> None:
    """Neither addresses nor anything else of the index."""
    draft = prepared(beside)
    text = beside.as_("bea").get(path_of(beside)).text
    values = beside.house.service.index.signals["value"].to_pylist()
    long = [value for value in values if len(value) > 6]
    assert long
    assert not [value for value in long if value in text]
    assert not [value for value in long if value.encode() in draft.body]


def test_what_is_sent_is_what_was_looked_at_to_the_byte(beside: Beside) -> None:
    """The forum has these objects, the node remembers the campaign, the record names the person."""
    draft = prepared(beside)
    job = beside.job(beside.as_("bea").send(path_of(beside), seen=draft.digest), "bea")
    assert (job.wrong, job.where) == (None, f"/console/sharing/indicators/{draft.indicator.indicator_id}?done=told")
    records, _ = beside.exchange.store.after(0, [beside.exchange.campaigns], limit=1000)
    stored = {made["id"]: made for made in (orjson.loads(record.document) for record in records if record.document)}
    for made in orjson.loads(draft.body)["objects"]:
        assert stored[made["id"]] == made
    with beside.house.service.node.engine.begin() as connection:
        named = OWN.c.indicator_id == draft.indicator.indicator_id
        own = connection.execute(select(OWN).where(named)).one()
    assert (own.campaign_id, own.body) == (beside.harvest, draft.body)
    told = [(who, what) for who, what, about in beside.recorded(Kind.PUBLISH) if about == draft.indicator.indicator_id]
    assert told == [("bea", "telling"), ("bea", "told")]
    page = beside.as_("bea").get(job.where or "")
    assert "stands" in page.text
    assert "The others are told" in page.text


def test_what_was_prepared_again_is_not_sent_unseen(beside: Beside) -> None:
    """Nor what is no longer kept."""
    before, draft = n_published(beside), prepared(beside)
    prepared(beside)
    for seen in (draft.digest, "0" * 64):
        answer = beside.as_("bea").send(path_of(beside), seen=seen)
        assert answer.status_code == 409
        assert "nothing was sent" in answer.text
    assert n_published(beside) == before


def test_a_draft_is_kept_a_quarter_of_an_hour_for_who_prepared_it(beside: Beside) -> None:
    """Another person has none."""
    draft = prepared(beside, "ada")
    DRAFTS.drop(key_of(beside.rig.console, "bea", "draft", draft.campaign_id))
    assert "Field by field" in beside.as_("ada").get(path_of(beside)).text
    assert "Field by field" not in beside.as_("bea").get(path_of(beside)).text
    key = key_of(beside.rig.console, "ada", "draft", draft.campaign_id)
    assert DRAFTS.of(key, draft.made_at + KEPT) is None


def test_only_who_approves_tells(beside: Beside) -> None:
    """An analyst prepares and looks."""
    before, draft = n_published(beside), prepared(beside, "ada")
    text = beside.as_("ada").get(path_of(beside)).text
    assert "needs the right to approve" in text
    assert draft.digest not in text
    assert beside.as_("ada").send(path_of(beside), seen=draft.digest).status_code == 403
    assert beside.as_("vera").send(path_of(beside, "prepare")).status_code == 403
    assert n_published(beside) == before


def test_without_evaluators_what_is_told_in_clear_is_shown(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that tags are missing, and cannot be sent."""

    def away(*_: object) -> None:
        message = "evaluator north does not answer"
        raise Declined(message)

    monkeypatch.setattr(service.Service, "tagged", lambda *_: away)
    before, draft = n_published(beside), prepared(beside)
    assert draft.missing == ("tags: evaluator north does not answer",)
    text = beside.as_("bea").get(path_of(beside)).text
    assert "Missing: tags: evaluator north does not answer" in text
    assert "indicator.pattern" in text
    assert 'name="seen"' not in text
    assert beside.as_("bea").send(path_of(beside), seen=draft.digest).status_code == 422
    assert n_published(beside) == before


def test_without_the_forum_the_descriptor_is_shown_unsigned(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the pseudonym that the node has used before, or under none."""
    monkeypatch.setattr(service, "opened", REALLY_OPENED)
    draft = prepared(beside)
    assert draft.missing[0].startswith("signature and tags: ")
    assert not draft.may_be_sent
    assert b"signature" not in draft.body
    assert "indicator.valid_until" in beside.as_("bea").get(path_of(beside)).text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tlp": "purple"}, "the level must be one of"),
        ({"days": "31"}, "days must be a whole number from 1 to 30"),
        ({"days": "x"}, "days must be a whole number from 1 to 30"),
        ({"quiet_h": "-1"}, "quiet hours must be a whole number from 0 to 72"),
    ],
)
def test_a_wrong_field_is_shown_again_with_what_was_typed(beside: Beside, fields: dict[str, str], said: str) -> None:
    """At its place."""
    answer = beside.as_("ada").send(path_of(beside, "prepare"), **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_wish_reads_as_it_was_typed() -> None:
    """Defaults are those of the command."""
    assert read_wish({}).wished.days == 14
    assert read_wish({"days": "<b>"}).wrong


def test_what_is_no_harvest_is_not_told(beside: Beside) -> None:
    """Neither prepared nor sent; what the index does not know is not found."""
    others = [name for name, act in beside.house.service.index.acts.items() if act["verdict"] != "harvest"]
    for name in others[:1]:
        assert "Only a harvest is told" in beside.as_("ada").get(f"/console/sharing/publish/{name}").text
        assert beside.as_("ada").send(f"/console/sharing/publish/{name}/prepare").status_code == 422
    assert beside.as_("ada").get("/console/sharing/publish/nobody").status_code == 404
    assert beside.as_("ada").send("/console/sharing/publish/nobody/prepare").status_code == 404


def test_a_form_that_is_not_ours_is_refused(beside: Beside) -> None:
    """Of another session, or of none."""
    browser = beside.as_("bea")
    for path in (path_of(beside), path_of(beside, "prepare")):
        answer = browser.client.post(path, data={"form": "0" * 64, "seen": "x"})
        assert answer.status_code == 403


def test_told_already_is_said(beside: Beside) -> None:
    """Telling again makes one more."""
    beside.house.publish()
    assert "was told already" in beside.as_("bea").get(path_of(beside)).text


def test_who_is_no_member_tells_nobody(rig: Rig) -> None:
    """The page says how to join; the forms find nothing."""
    assert "You take part in no exchange" in rig.as_("bea").get("/console/sharing/publish/x").text
    assert rig.as_("bea").send("/console/sharing/publish/x/prepare").status_code == 404
    assert rig.as_("bea").send("/console/sharing/publish/x", seen="x").status_code == 404


def test_the_page_has_no_inline_style_or_script(beside: Beside) -> None:
    """The policy of the pages would not let it run."""
    prepared(beside)
    text = beside.as_("bea").get(path_of(beside)).text
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", text)
