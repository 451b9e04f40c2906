"""The service runs with the extra `serve` alone."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE_OF = {"pyyaml": "yaml", "rbcl": "rbcl", "opendp": "opendp"}
"""Packages of the exchange that the service has no use for, by the module that they bring."""
WITHOUT = """
import importlib, pkgutil, sys
for name in {names}:
    sys.modules[name] = None
import stillwatch.act, stillwatch.service
for package in (stillwatch.act, stillwatch.service):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name not in {left_out} and ".migrations" not in module.name:
            importlib.import_module(module.name)
"""
OF_MEMBERS = {f"stillwatch.service.partner.{name}" for name in ("bands", "table", "words")}


def packages(extra: str) -> set[str]:
    """Names of the packages that an extra asks for."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][extra]
    return {one.split(">=")[0] for one in told}


def test_what_only_the_exchange_needs() -> None:
    """The list above is what the extra `share` asks for and `serve` does not."""
    assert packages("share") - packages("serve") == set(MODULE_OF)


def test_the_service_needs_nothing_of_it() -> None:
    """Every module of acting and of the service can be imported without it, but for those of a member's node."""
    script = WITHOUT.format(names=sorted(MODULE_OF.values()), left_out=sorted(OF_MEMBERS))
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
