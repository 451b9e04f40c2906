"""An accused customer objects over HTTP, a person answers, and the next request is served."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from stillwatch.act.appeals.answering import Ruling, answer, appeals_of
from stillwatch.act.appeals.appeal import Appeal, Grounds, Outcome
from stillwatch.act.appeals.labels import labels
from stillwatch.act.appeals.outbox import to_revoke
from stillwatch.act.appeals.tables import APPEALS
from stillwatch.model.decision import Action
from stillwatch.service.rehearsal.caller import form_token_of
from stillwatch.service.rehearsal.requests import asked
from stillwatch.service.rehearsal.scene import READER, Scene, Touched
from stillwatch.service.rehearsal.words import counted
from stillwatch.store.database import reading

__all__ = ["HARMLESS", "hear", "until"]

_STATEMENT: Final = "These requests are our own product's: our staff ask the same questions about each document."
_ANSWER: Final = "We have looked at your requests. They are your own work, and the restriction has been lifted."
_TAKES_S: Final = 10.0
_AGAIN_S: Final = 0.1
HARMLESS: Final = frozenset({Action.ALLOW.value, Action.OBSERVE.value})


def hear(scene: Scene, latest: datetime) -> None:
    """One account objects and a person upholds, once.

    An innocent one as soon as any is touched, else at last one of a campaign's: then it is the person who is mistaken,
    and what is shown is that the word of a person counts.

    latest      Time from which on one of the campaign's objects.
    """
    if scene.heard is None:
        chosen = _who(scene, may_be_guilty=scene.clock.wall() >= latest)
        if chosen is not None:
            scene.heard = _object(scene, *chosen)


def _object(scene: Scene, touched: Touched, is_innocent: bool) -> str | None:  # noqa: FBT001 - half of a pair
    account, url = touched.row["account_id"], touched.decision["appeal_url"]
    token = form_token_of(scene.caller.page(url))
    fields = {"form": token or "", "grounds": Grounds.OWN_PRODUCT.value, "statement": _STATEMENT, "contact": ""}
    scene.caller.send_form(url, fields)
    appeal = _filed(scene, touched)
    if not scene.judge.check("the appeal is filed", appeal is not None, "by the form of the decision's link"):
        return None
    assert appeal is not None  # noqa: S101 - checked above
    who = "an innocent account" if is_innocent else "an account of a campaign, for nobody else is touched,"
    scene.note(
        "appeal",
        f"{who} opens the link in its refusal and objects; a person answers by {appeal.deadline:%a %d %b}",
        mark="appeal",
        account=account,
        innocent=is_innocent,
        decision=appeal.decision_id,
    )
    _uphold(scene, appeal, touched)
    return str(account)


def _who(scene: Scene, *, may_be_guilty: bool) -> tuple[Touched, bool] | None:
    """Somebody whose requests are still withheld or changed, and whether it is an innocent; the most touched first."""
    innocents = [account for account, _ in scene.tally.innocents_touched()]
    others = [account for account in scene.touched if account not in innocents] if may_be_guilty else []
    for account in (*innocents, *others):
        touched = scene.touched[account]
        if scene.caller.decide(asked(touched.row)).decision["action"] not in HARMLESS:
            return touched, account in innocents
    return None


def _filed(scene: Scene, touched: Touched) -> Appeal | None:
    with reading(scene.home.engine).begin() as connection:
        found = appeals_of(connection, APPEALS.c.decision_id == touched.decision["decision_id"])
    return found[0] if found else None


def _uphold(scene: Scene, appeal: Appeal, touched: Touched) -> None:
    with scene.home.engine.begin() as connection:
        ruling = Ruling(Outcome.UPHELD, _ANSWER, READER)
        answer(connection, scene.home.trail, appeal.appeal_id, ruling, scene.clock.wall())
    seconds, decision = until(scene, touched, lambda told: told["action"] in HARMLESS)
    with reading(scene.home.engine).begin() as connection:
        n_labels, n_revoke = len(labels(connection)), len(to_revoke(connection))
    scene.judge.check("an upheld appeal ends what was done", decision["action"] in HARMLESS, f"{seconds:.1f} s")
    scene.judge.check("an upheld appeal labels its stream", n_labels == 1, counted(n_labels, "label"))
    scene.judge.check("an upheld appeal goes to the forum", n_revoke == 1, counted(n_revoke, "campaign"))
    scene.note(
        "upheld",
        f"by {READER}; its next request is served after {seconds:.1f} s ({decision['action']}); "
        f"{counted(n_labels, 'stream')} labelled legitimate for calibration, {counted(n_revoke, 'campaign')} to be "
        "taken back at the forum",
        mark="upheld",
        seconds=seconds,
        action=decision["action"],
    )


def until(scene: Scene, touched: Touched, holds: Callable[[dict[str, Any]], bool]) -> tuple[float, dict[str, Any]]:
    """Ask again about an account's last request until an answer is as it should be, or for ten seconds."""
    began = time.monotonic()
    while True:
        decision = scene.caller.decide(asked(touched.row)).decision
        seconds = time.monotonic() - began
        if holds(decision) or seconds > _TAKES_S:
            return seconds, decision
        time.sleep(_AGAIN_S)
