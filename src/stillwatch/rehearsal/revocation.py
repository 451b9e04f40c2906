"""An appeal as members see it through: one files, each holder answers, the forum deletes, each node says it is gone."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stillwatch.errors import FailedProof
from stillwatch.rehearsal.house import House
from stillwatch.rehearsal.processes import run_once

__all__ = ["FILER", "appealed"]

FILER: Final = "beta"
"""Member whose customer objects."""
_GONE_IN_S: Final = 240.0


def appealed(house: House, originator: str, indicator_id: str, key: Path) -> int:
    """Appeal against an indicator and see it through; how many holders have removed it, by a proof that was checked.

    All of it by the commands that people have, each a program of its own that talks to the forum.

    key     File with the forum's public key.
    Raises  FailedProof when the proof does not show what happened; EngineUnavailable when a command fails.
    """
    filing = ["member", "appeal", "file", indicator_id, "--grounds", "legitimate-use", "--json"]
    reference = run_once(filing, house.folder / FILER)["reference"]
    for name in sorted(house.members, key=lambda name: name == originator):
        asked = run_once(["member", "appeals", "--json"], house.folder / name)
        given = "withdraw" if name == originator else "abstain"
        run_once(["member", "appeal", "answer", asked["appeal"], given, "--json"], house.folder / name)
    _wait_gone(house, reference)
    run_once(["member", "appeal", "proof", reference, "--out", "removal.json"], house.folder / FILER)
    shown = run_once(["appeal", "check", "removal.json", "--key", str(key), "--json"], house.folder / FILER)
    return _counted(house, shown, indicator_id)


def _wait_gone(house: House, reference: str) -> None:
    """Until every node has said by itself that it has removed what the forum deleted."""
    until = time.monotonic() + _GONE_IN_S
    told: Mapping[str, Any] = {}
    while time.monotonic() < until:
        told = run_once(["member", "appeal", "status", reference, "--json"], house.folder / FILER)
        if told["state"] == "upheld" and told["n_removed"] == told["n_holders"]:
            return
        time.sleep(0.5)
    message = f"the appeal is {told.get('state')}, {told.get('n_removed')} of {told.get('n_holders')} have removed"
    raise FailedProof(message)


def _counted(house: House, shown: Mapping[str, Any], indicator_id: str) -> int:
    if shown["indicator"] != indicator_id or not shown["complete"] or len(shown["gone"]) != len(house.members):
        message = f"{len(shown['gone'])} of {len(house.members)} holders are shown to have removed the indicator"
        raise FailedProof(message)
    return len(shown["gone"])
