"""What is installed with the core: few, hashed, and under licences that let a provider use it."""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
# LiteLLM's own environment, in which nothing of the core runs.
OTHERS = {"gateways.lock"}
OURS = [lock for lock in LOCKS if lock.name not in OTHERS]
COPYLEFT = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)
LESSER = re.compile(r"\bLGPL|Lesser General", re.IGNORECASE)
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def normal(name: str) -> str:
    """Name of a package as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements_of(name: str) -> Iterator[str]:
    """Names that an installed package needs here, without its extras."""
    environment: dict[str, str] = {**{k: str(v) for k, v in default_environment().items()}, "extra": ""}
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({**environment}):
            yield normal(requirement.name)


def closure() -> set[str]:
    """All packages that come with ``pip install stillwatch``."""
    found: set[str] = set()
    waiting = [normal(Requirement(text).name) for text in PROJECT["project"]["dependencies"]]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(requirements_of(name))
    return found


def licence(name: str) -> str:
    """What a package says its licence is: expression, classifiers, or the head of the free text."""
    data = distribution(name).metadata
    classifiers = [c for c in data.get_all("Classifier", []) if c.startswith("License")]
    texts = [*data.get_all("License-Expression", []), *classifiers, *data.get_all("License", [])]
    return "; ".join(text[:200] for text in texts)


def test_at_most_ten_core_dependencies() -> None:
    """The core needs ten packages or fewer; everything else is an extra."""
    assert len(PROJECT["project"]["dependencies"]) <= 10


@pytest.mark.parametrize("name", sorted(closure()))
def test_no_copyleft_in_the_core(name: str) -> None:
    """No package of the core is under the GPL or AGPL, and every one says its licence."""
    text = licence(name)
    assert text.strip("; ")
    assert not COPYLEFT.search(LESSER.sub("", text))


def test_copyleft_pattern_recognises_it() -> None:
    """The pattern finds the licences it is there for and not their permissive neighbours."""
    assert COPYLEFT.search("License :: OSI Approved :: GNU General Public License v2 (GPLv2)")
    assert COPYLEFT.search("AGPL-3.0-only")
    assert not COPYLEFT.search("MIT AND PSF-2.0")


def test_core_lock_holds_the_closure() -> None:
    """Whatever the core needs is pinned in its lock."""
    pinned = {normal(name) for name, _ in PIN.findall((ROOT / "requirements" / "core.lock").read_text())}
    assert closure() <= pinned


@pytest.mark.parametrize("lock", LOCKS, ids=[p.name for p in LOCKS])
def test_locks_are_hashed(lock: Path) -> None:
    """Every pinned package carries SHA-256 hashes."""
    entries = re.split(r"\n(?=[a-z0-9])", lock.read_text())
    unhashed = [e.split("==")[0] for e in entries if PIN.match(e) and "--hash=sha256:" not in e]
    assert len(entries) > 10
    assert not unhashed


@pytest.mark.parametrize("lock", LOCKS, ids=[p.name for p in LOCKS])
def test_locks_name_no_host(lock: Path) -> None:
    """A lock works with the index its user has configured: no address, no path, no index option."""
    text = lock.read_text()
    assert not re.search(r"https?:|file:|://|--index-url|--extra-index-url|--find-links|@ ", text)


def test_there_is_no_uv_lock() -> None:
    """uv.lock records the host each file came from, so there is none."""
    assert not (ROOT / "uv.lock").exists()


@pytest.mark.parametrize("lock", OURS, ids=[p.name for p in OURS])
def test_locks_hold_to_the_core_lock(lock: Path) -> None:
    """The tests and the extras run on the very versions that users of the core get."""
    core = set(PIN.findall((ROOT / "requirements" / "core.lock").read_text()))
    assert core <= set(PIN.findall(lock.read_text()))


def test_the_tests_run_on_the_spark_that_users_get() -> None:
    """What the extra pins, the lock of the tests pins too."""
    spark, dev = (set(PIN.findall((ROOT / "requirements" / name).read_text())) for name in ("spark.lock", "dev.lock"))
    assert spark <= dev


def test_python_is_supported() -> None:
    """The interpreter that runs the tests is one the project says it supports."""
    assert sys.version_info >= (3, 11)
    assert PROJECT["project"]["requires-python"] == ">=3.11"
