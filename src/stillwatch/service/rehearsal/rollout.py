"""How a policy comes into force: what is refused on the way, the preview, a second person, one percent first."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from stillwatch.act.policy.activations import Activation, activate
from stillwatch.act.policy.approvals import approve
from stillwatch.act.policy.book import highest
from stillwatch.act.policy.cases import run_cases
from stillwatch.act.policy.limits import Needs
from stillwatch.act.policy.packaged import packaged
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import record_preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.act.policy.versions import add_version
from stillwatch.act.preview.figures import Previewed
from stillwatch.act.preview.judge import Terms, judge
from stillwatch.act.preview.preview import previewed
from stillwatch.act.preview.record import recorded
from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.report.previewed.html import to_html
from stillwatch.service.rehearsal.play import play
from stillwatch.service.rehearsal.scene import FIRST, SECOND, Scene
from stillwatch.service.rehearsal.words import percent, short
from stillwatch.service.replay.standing import standing_of
from stillwatch.service.replay.streams import ByIndex
from stillwatch.service.replay.traffic import Source, seen_of
from stillwatch.store.database import reading

__all__ = ["CARELESS", "prepare", "refuse_careless", "roll_out"]

_STAGES: Final = (1, 10, 100)
_STAYS: Final = timedelta(minutes=10)
"""At 1 % and at 10 %."""
CARELESS: Final = """
name = "careless"

[[rule]]
name = "everything that hangs together"
when = 'stream.accused'
then = "block"
lasts = "1d"
reason = "Requests of this kind are refused. If you think this is wrong: {appeal_url}"
"""
"""Blocks popular tools, classrooms and fleets as if they were harvests: a rule that is easily written."""
_TAKES_S: Final = 10.0
_LOOKS_S: Final = 0.05
_LONGEST: Final = 120


def prepare(scene: Scene, name: str) -> Policy:
    """Add a policy that comes along, preview it, and have a second person look where that is due; try it before each.

    Raises      FailedProof when nobody may put it in force.
    """
    policy = packaged(name)
    outcomes = run_cases(policy)
    n_good = sum(outcome.passes for outcome in outcomes)
    cases = f"{n_good} of {len(outcomes)}"
    scene.judge.check(f"{name} passes its own cases", n_good == len(outcomes), cases)
    with scene.home.engine.begin() as connection:
        add_version(connection, policy, scene.signer(FIRST))
    _refused(scene, policy, "without a preview")
    found = _previewed(scene, policy)
    page = scene.folder / f"preview-{name}.html"
    page.write_text(to_html(found), encoding="utf-8")
    _tell_preview(scene, found, cases, page)
    if found.needs is Needs.REFUSED:
        message = f"the policy {name} would touch more than anybody may allow: try more exchanges"
        raise FailedProof(message)
    if found.needs is Needs.TWO:
        _refused(scene, policy, f"with {FIRST}'s word alone")
        with scene.home.engine.begin() as connection:
            approve(connection, policy.version, scene.signer(SECOND))
    return policy


def roll_out(scene: Scene, policy: Policy) -> None:
    """Put it in force for some, for more, for all accused streams, with traffic between."""
    start = scene.clock.wall()
    for stage in _STAGES:
        done, seconds = _activated(scene, policy, stage)
        if stage != _STAGES[-1]:
            play(scene, scene.clock.wall() + _STAYS)
    second = f" and {done.approved_by}" if done.approved_by else ""
    minutes = _STAYS // timedelta(minutes=1)
    scene.note(
        "active",
        f"{policy.name} at 1, 10 and 100 % of accused streams, {minutes} minutes at each, by {done.by}{second}; the "
        f"service decides by it {seconds:.1f} s later",
        mark=policy.name,
        policy=policy.name,
        since=start.isoformat(),
        number=done.number,
        seconds=seconds,
    )


def _activated(scene: Scene, policy: Policy, stage: int) -> tuple[Activation, float]:
    """Put it in force for so many percent; seconds until the service decides by it."""
    with scene.home.engine.begin() as connection:
        done = activate(connection, policy.version, stage, scene.signer(FIRST), seen=highest(connection, ACTIVATIONS))
    return done, _in_force(scene, done.number)


def _in_force(scene: Scene, number: int) -> float:
    """Seconds until the service decides by what was just changed, or longer than is allowed."""
    began = time.monotonic()
    while (seconds := time.monotonic() - began) < _TAKES_S:
        if scene.service.deciding.in_force.number == number:
            break
        time.sleep(_LOOKS_S)
    scene.judge.check(f"change {number} of the policy takes effect", seconds < _TAKES_S, f"{seconds:.1f} s")
    return seconds


def _refused(scene: Scene, policy: Policy, how: str, why: str = "") -> None:
    """Try to put it in force at 1 %, which must be refused; nothing of the attempt is kept."""
    told = _attempted(scene, policy)
    scene.judge.check(f"{policy.name} {how} is refused", told is not None, told or "it was put in force")
    if told is not None and how not in scene.tried:
        scene.tried.add(how)
        words = f"would touch {why}" if why else _first_words(told)
        scene.note("refused", f"{policy.name} {how}: {words}", policy=policy.name, told=told)


def _attempted(scene: Scene, policy: Policy) -> str | None:
    try:
        with scene.home.engine.begin() as connection:
            number = highest(connection, ACTIVATIONS)
            activate(connection, policy.version, 1, scene.signer(FIRST), seen=number)
    except InvalidInput as error:
        return str(error)
    return None


def _first_words(told: str) -> str:
    """An error without the version that it begins with, and without its hints, which name a command."""
    return told.split(": stillwatch ", maxsplit=1)[0].removeprefix("policy ").partition(" ")[2][:_LONGEST]


def refuse_careless(scene: Scene) -> None:
    """Preview a policy that would hurt many, and see that nobody may put it in force."""
    policy = read_policy(CARELESS, "careless.toml")
    with scene.home.engine.begin() as connection:
        add_version(connection, policy, scene.signer(FIRST))
    found = _previewed(scene, policy)
    _refused(scene, policy, "(block all that hangs together)", _shares(found))


def _previewed(scene: Scene, policy: Policy) -> Previewed:
    """Preview on all stored traffic, looked up as a gateway's requests are; it is kept."""
    home, now = scene.home, scene.clock.wall()
    with reading(home.engine).begin() as connection:
        said = standing_of(connection, [rule.name for rule in policy.rules], home.settings.appeals, now)
    streams = ByIndex(home.index)
    source = Source([home.traffic], streams, home.settings.decide.accounts, None, said.found_at)
    terms = Terms(now=now, cleared=said.cleared, overdue=said.overdue)
    found = previewed(judge(policy, seen_of(source, policy.uses), terms), streams.evidence)
    with home.engine.begin() as connection:
        _record(connection, scene, found)
    return found


def _record(connection: Connection, scene: Scene, found: Previewed) -> None:
    record_preview(connection, recorded(found, scene.clock.wall()), scene.signer(FIRST))


def _tell_preview(scene: Scene, found: Previewed, cases: str, page: Path) -> None:
    whole = next((effect for effect in found.effects if effect.campaign_id is None), None)
    taken = "" if whole is None else f", withholds {percent(whole.withheld / max(whole.exchanges, 1))} of harvests"
    scene.note(
        "preview",
        f"{found.name} {short(found.version)}, {cases} of its own cases pass: touches {_shares(found)}{taken}; needs "
        f"{found.needs.value}; {page.name}",
        mark="preview",
        policy=found.name,
        version=found.version,
        exchanges=found.traffic.exchanges,
        shares=dict(found.shares),
        needs=found.needs.value,
        page=page.name,
    )


def _shares(found: Previewed) -> str:
    return ", ".join(f"{percent(share)} of {name}" for name, share in found.shares.items())
