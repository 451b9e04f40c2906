"""Imports go downwards only, detection never sees the truth, and plugins are all listed."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

# Folder, where its tuple is, the Protocol its plugins follow.
REGISTRIES = (
    ("stillwatch.ingest", "stillwatch.ingest.registry:READERS", "stillwatch.model.reader:Reader"),
    ("stillwatch.detect.views", "stillwatch.detect.views:VIEWS", "stillwatch.model.view:View"),
    ("stillwatch.act.gateways", "stillwatch.act.gateways.registry:GATEWAYS", "stillwatch.model.decision:Gateway"),
    ("stillwatch.bench.baselines", "stillwatch.bench.baselines:BASELINES", "stillwatch.model.baseline:Baseline"),
    (
        "stillwatch.simulate.populations",
        "stillwatch.simulate.populations:POPULATIONS",
        "stillwatch.simulate.population:Population",
    ),
    (
        "stillwatch.simulate.campaigns",
        "stillwatch.simulate.campaigns:CAMPAIGNS",
        "stillwatch.simulate.campaign:Campaign",
    ),
)

# Not readers of exchanges in a fixed order: one is made from a user's mapping, one reads tables of accounts.
UNLISTED = {"stillwatch.ingest.mapped.MappedReader", "stillwatch.ingest.accounts.AccountsReader"}


def load(place: str) -> Any:  # a class object of a Protocol: nothing narrower is true
    """Load what ``module:name`` names."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def methods(protocol: type) -> set[str]:
    """Public methods that a Protocol asks for."""
    return {name for name, value in vars(protocol).items() if inspect.isfunction(value) and not name.startswith("_")}


def follows(candidate: type, protocol: type) -> bool:
    """Say whether a class has all methods of the Protocol."""
    return all(callable(getattr(candidate, name, None)) for name in methods(protocol))


def plugins(folder: ModuleType, protocol: type) -> set[type]:
    """Classes of the modules in a folder that follow its Protocol."""
    modules = [importlib.import_module(f"{folder.__name__}.{m.name}") for m in pkgutil.iter_modules(folder.__path__)]
    return {
        cls
        for module in modules
        for name, cls in vars(module).items()
        if inspect.isclass(cls) and cls.__module__ == module.__name__ and not name.startswith("_")
        if follows(cls, protocol) and f"{cls.__module__}.{name}" not in UNLISTED
    }


def test_contracts_hold() -> None:
    """import-linter keeps every contract of pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_truth_is_out_of_reach_of_detection() -> None:
    """The contract that keeps the truth from detection names every room detection is made of."""
    (contract,) = [c for c in CONTRACTS if c["type"] == "forbidden" and "stillwatch.simulate" in c["forbidden_modules"]]
    rooms = {"detect", "sketch", "ingest", "engine", "report", "scan"}
    assert {f"stillwatch.{room}" for room in rooms} <= set(contract["source_modules"])


@pytest.mark.parametrize(("folder", "place", "protocol"), REGISTRIES, ids=[r[0] for r in REGISTRIES])
def test_every_plugin_is_listed(folder: str, place: str, protocol: str) -> None:
    """A class in the folder that follows the Protocol is an entry of the folder's tuple."""
    registered = load(place)
    found = plugins(importlib.import_module(folder), load(protocol))
    assert isinstance(registered, tuple)
    assert found
    assert {type(entry) for entry in registered} == found


@pytest.mark.parametrize(("folder", "place", "protocol"), REGISTRIES, ids=[r[0] for r in REGISTRIES])
def test_plugin_names_are_unique(folder: str, place: str, protocol: str) -> None:
    """No two entries share a name, and no entry comes from another folder or follows another Protocol."""
    registered = load(place)
    names = [entry.name for entry in registered]
    assert len(set(names)) == len(names)
    assert all(type(entry).__module__.startswith(f"{folder}.") for entry in registered)
    assert all(follows(type(entry), load(protocol)) for entry in registered)
