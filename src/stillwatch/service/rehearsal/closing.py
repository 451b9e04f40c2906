"""The end: one command takes the policy back, the ledger is verified, the case goes to counsel."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from stillwatch.act.audit.verify import verify
from stillwatch.act.cases.bundle import export_case
from stillwatch.act.cases.changes import Hand
from stillwatch.act.cases.lookup import case_at
from stillwatch.act.cases.verification import verify_bundle
from stillwatch.act.policy.activations import roll_back
from stillwatch.act.policy.book import highest
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.errors import StillwatchError
from stillwatch.model.decision import Action
from stillwatch.service.evidence import evidence_of
from stillwatch.service.rehearsal.objection import HARMLESS, until
from stillwatch.service.rehearsal.requests import asked
from stillwatch.service.rehearsal.scene import FIRST, READER, Scene, Touched
from stillwatch.service.rehearsal.words import counted
from stillwatch.service.rehearsal.world import MAIN
from stillwatch.signing.standalone import files_in
from stillwatch.store.database import reading

__all__ = ["export", "take_back", "verify_ledger"]

_VERIFIES_S: Final = 120


def take_back(scene: Scene, n_policies: int) -> None:
    """Roll policies back, the last one first, and ask about a stream that one of them held a moment ago."""
    held = _held(scene)
    if not scene.judge.check("somebody is held before the rollback", held is not None, f"{len(scene.touched):,}"):
        return
    assert held is not None  # noqa: S101 - checked above
    for _ in range(n_policies):
        with scene.home.engine.begin() as connection:
            done = roll_back(connection, scene.signer(FIRST), seen=highest(connection, ACTIVATIONS))
    seconds, decision = until(scene, held, lambda told: told["action"] == Action.OBSERVE.value)
    is_over = decision["action"] == Action.OBSERVE.value
    scene.judge.check("a rollback ends what was done", is_over, f"{seconds:.1f} s, {decision['action']}")
    scene.note(
        "rollback",
        f"by {done.by}, {n_policies} times one command: what was {held.decision['action']} is {decision['action']} "
        f"{seconds:.1f} s later",
        mark="rollback",
        seconds=seconds,
        action=decision["action"],
    )


def _held(scene: Scene) -> Touched | None:
    """Somebody whose requests are withheld or changed now, with that decision; the last one who was."""
    for touched in reversed(scene.touched.values()):
        decision = scene.caller.decide(asked(touched.row)).decision
        if decision["action"] not in HARMLESS:
            return Touched(decision, touched.row)
    return None


def verify_ledger(scene: Scene) -> None:
    """Recompute the whole ledger, and hold every decision against it."""
    key = scene.home.key
    try:
        with reading(scene.home.engine).begin() as connection:
            found = verify(connection, keys={key.key_id: key.verify_key})
    except StillwatchError as error:
        scene.judge.check("the ledger verifies", holds=False, told=str(error))
        return
    told = f"{found.ledger.size:,} entries under {found.ledger.n_heads:,} signed heads"
    scene.judge.check("the ledger verifies", found.n_unproved == 0, told)
    scene.note(
        "audit",
        f"verified: {told}; {counted(found.n_decisions, 'decision')} stand as they were recorded",
        entries=found.ledger.size,
        heads=found.ledger.n_heads,
        decisions=found.n_decisions,
    )


def export(scene: Scene) -> None:
    """Write the evidence of the main campaign's case, and verify it twice: here, and with nothing but Python."""
    there = {one.campaign_id for one in scene.findings.campaigns} if scene.findings else set()
    names = [name for alarm in scene.alarms if alarm.planted == MAIN for name in alarm.names if name in there]
    if not scene.judge.check("the campaign is among the last findings", bool(names), f"{len(there)} campaigns"):
        return
    name = names[0]
    with reading(scene.home.engine).begin() as connection:
        case = case_at(connection, name)
    evidence = evidence_of(case, scene.home.findings, [scene.home.traffic])
    with scene.home.engine.begin() as connection:
        hand = Hand(connection, scene.home.trail, READER, scene.clock.wall())
        bundle = export_case(hand, case.case_id, evidence, scene.home.secret)
    path = scene.folder / f"{case.case_id}.zip"
    path.write_bytes(bundle)
    is_good = _verifies(scene, path, bundle)
    scene.judge.check("the bundle verifies", is_good, path.name)
    scene.note(
        "case",
        f"{case.case_id} ({case.state.value}) exported for counsel: {path.name}, {len(bundle) / 1e6:.1f} MB, "
        f"hashes only; its own verify.py {'agrees' if is_good else 'does NOT agree'}",
        case=case.case_id,
        state=case.state.value,
        size_bytes=len(bundle),
        good=is_good,
    )


def _verifies(scene: Scene, path: Path, bundle: bytes) -> bool:
    try:
        verify_bundle(bundle, scene.home.key.key_id)
    except StillwatchError:
        return False
    program = scene.folder / "verify.py"
    program.write_bytes(files_in(bundle)["verify.py"])
    done = subprocess.run(  # noqa: S603 - the program that counsel gets
        [sys.executable, "-I", "-S", str(program), str(path), scene.home.key.key_id],
        capture_output=True,
        timeout=_VERIFIES_S,
        check=False,
    )
    return done.returncode == 0
