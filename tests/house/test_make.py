"""The make targets are all there, explained, and mean one thing each; installation honours the user's own settings."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
NAMES = TARGETS[1].split() if TARGETS else []

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture(scope="module")
def install() -> ModuleType:
    """The installer as a module; it lives outside the package."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "requirements" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_make
@pytest.mark.parametrize("name", NAMES)
def test_target_is_whole(name: str) -> None:
    """Every target can be made, and none is defined twice."""
    result = subprocess.run(["make", "--dry-run", name], cwd=ROOT, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "warning" not in result.stderr


def test_public_targets_are_explained() -> None:
    """``make help`` names every target but the parts of ``check``."""
    explained = set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.MULTILINE))
    assert {"demo", "test", "check", "bench", "docs", "lock", "help"} <= explained
    assert {name for name in NAMES if not name.startswith("check-")} == explained


def test_continuous_integration_can_run() -> None:
    """``.ci/run`` is executable and calls both targets."""
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "for target in test check" in script.read_text()


def test_index_of_pip_goes_to_uv(install: ModuleType) -> None:
    """An index and certificates that pip was given are passed on: uv reads no settings of pip."""
    made = install.uv_environment({"HOME": "/h"}, {"index-url": "file:///mirror", "cert": "/ca.pem"})
    assert made == {"HOME": "/h", "UV_INDEX_URL": "file:///mirror", "SSL_CERT_FILE": "/ca.pem"}


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE"])
def test_settings_of_uv_come_first(install: ModuleType, name: str) -> None:
    """What the user told uv itself is left alone."""
    own = {name: "file:///own", "SSL_CERT_FILE": "/own.pem"}
    assert install.uv_environment(own, {"index-url": "file:///mirror", "cert": "/ca.pem"}) == own


def test_scripts_name_no_host() -> None:
    """Nothing that installs names a place to install from."""
    for path in [ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / "requirements").glob("*.py")]:
        assert not re.search(r"https?://", path.read_text()), path.name
