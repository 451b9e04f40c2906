"""Nothing grows past the size at which people stop reading: modules 500 lines, functions 60, six parameters."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "stillwatch"
MODULES = sorted(SOURCE.rglob("*.py"))
MODULE_LINES = 500
FUNCTION_LINES = 60

# A kernel is one flat loop over bytes or rows: cutting it up costs calls that numba cannot always inline. Its twin in
# plain Python is the version to read, and a property test compares both.
KERNELS = "_kernels"


def names(paths: list[Path]) -> list[str]:
    """Paths as they are named in a test's id."""
    return [str(p.relative_to(SOURCE)) for p in paths]


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods of a module."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", MODULES, ids=names(MODULES))
def test_module_is_short(path: Path) -> None:
    """A module has at most 500 lines, kernels included."""
    assert len(path.read_text().splitlines()) <= MODULE_LINES


READABLE = [p for p in MODULES if not p.name.startswith(KERNELS)]


@pytest.mark.parametrize("path", READABLE, ids=names(READABLE))
def test_functions_are_short(path: Path) -> None:
    """A function has at most 60 lines, unless it is a kernel."""
    long = {
        f.name: f.end_lineno - f.lineno + 1
        for f in functions(ast.parse(path.read_text()))
        if f.end_lineno is not None and f.end_lineno - f.lineno >= FUNCTION_LINES
    }
    assert not long


def test_no_module_is_named_after_nothing() -> None:
    """A module is named after its concept: no utils, misc, helpers, common, base or manager."""
    nothing = {"utils", "util", "misc", "helpers", "helper", "common", "base", "manager"}
    assert not [p for p in MODULES if p.stem in nothing or p.parent.name in nothing]
