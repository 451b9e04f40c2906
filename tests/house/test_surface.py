"""What users can rely on: a small pinned surface that works with the core alone and talks to nobody."""

import ast
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

import stillwatch

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "stillwatch"
MODULES = sorted(SOURCE.rglob("*.py"))

# The exchange between members is the one room that talks to others; its rehearsal stays on loopback, the service
# answers whoever the operator lets ask, and what both their servers are made of is a room of its own. Of what acts, the
# plugin inside a gateway asks its own service, and the middleware waits for a decision no longer than it may. Of what
# traces, one file asks the suspect that a person names; of the console, one asks the identity provider of the settings.
# Nothing else does.
ASKING = {SOURCE / "act" / "gateways" / name for name in ("litellm_plugin.py", "asgi.py", "asked.py")}
ASKING |= {SOURCE / "trace" / "suspects" / "endpoint.py"}
ASKING |= {SOURCE / "console" / "access" / "oidc_wire.py"}
TALKING = {"share", "rehearsal", "service", "web"}
OFFLINE = [p for p in MODULES if p.relative_to(SOURCE).parts[0] not in TALKING and p not in ASKING]

# Whoever talks to another machine imports one of these first. ipaddress and urllib.parse only look at text.
TALKERS = ("socket", "ssl", "http", "urllib.request", "ftplib", "smtplib", "asyncio", "requests", "httpx", "aiohttp")


def imported(path: Path) -> set[str]:
    """Modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_version_is_the_installed_one() -> None:
    """The version in the source and the one in the metadata are one."""
    assert stillwatch.__version__ == version("stillwatch")


def test_command_is_installed() -> None:
    """The package brings one command."""
    commands = [e for e in entry_points(group="console_scripts") if e.dist and e.dist.name == "stillwatch"]
    assert [(e.name, e.value) for e in commands] == [("stillwatch", "stillwatch.cli:main")]


def test_import_needs_the_core_only() -> None:
    """``import stillwatch`` loads no development package."""
    names = {"hypothesis", "pytest", "mypy", "networkx", "playwright", "hatchling", "importlinter"}
    code = f"import sys, stillwatch; print(sorted({names!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("path", OFFLINE, ids=[str(p.relative_to(SOURCE)) for p in OFFLINE])
def test_nothing_talks_to_the_network(path: Path) -> None:
    """No module but those of the exchange imports what opens connections: what SECURITY.md promises."""
    names = imported(path)
    names -= {"asyncio"} if path == SOURCE / "act" / "decide" / "decider.py" else set()  # it waits, and opens nothing
    names -= {"asyncio", "http", "http.HTTPStatus"} if "console" in path.parts else set()  # it answers, and asks nobody
    talkers = {name for name in names if any(name == t or name.startswith(f"{t}.") for t in TALKERS)}
    assert not talkers


def test_wheel_holds_everything(tmp_path: Path) -> None:
    """A built wheel has every file of the package: data and templates, the marker for type checkers, the licence."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path))
    held = set(ZipFile(wheel).namelist())
    files = {p.relative_to(ROOT / "src") for p in SOURCE.rglob("*") if p.is_file()}
    wanted = {str(p) for p in files if "__pycache__" not in p.parts and p.suffix not in {".nbi", ".nbc"}}
    assert "stillwatch/py.typed" in held
    assert wanted <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)


PUBLIC = ("Campaign", "Findings", "StillwatchError", "Verdict", "__version__", "scan")


def test_surface_is_pinned() -> None:
    """These names, no more and no fewer: a change here is a change for every user and belongs into the changelog."""
    assert tuple(stillwatch.__all__) == PUBLIC
    assert all(getattr(stillwatch, name) is not None for name in PUBLIC)


@pytest.mark.parametrize("first", ["import stillwatch", "import stillwatch.scan", "from stillwatch.cli import app"])
def test_scan_is_a_function(first: str) -> None:
    """``stillwatch.scan`` is the function, also for whoever asks twice and after its module was imported."""
    code = f"{first}; import stillwatch; print(*(callable(stillwatch.scan) for _ in range(2)))"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.split() == ["True", "True"]


def test_unknown_names_are_refused() -> None:
    """A misspelt name is an attribute error, not a surprise later."""
    with pytest.raises(AttributeError, match="skan"):
        stillwatch.skan  # noqa: B018
