"""A node's settings: one TOML file, every problem told at once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.model.indicator import SignalKind
from stillwatch.share.node.places import url_problem

__all__ = ["EvaluatorAt", "NodeSettings", "read_settings"]

_MOST_BYTES: Final = 1 << 16
_TEXTS: Final = ("forum", "collection", "token_file", "index", "folder")
_LISTS: Final = ("warning_lists", "open_searches")
_KINDS: Final = tuple(kind.value for kind in SignalKind)
_EVALUATOR: Final = ("url", "token_file", "keys_file")


@dataclass(frozen=True, slots=True)
class EvaluatorAt:
    """One evaluator.

    keys_file   Its public keys by epoch, learnt from the forum's ledger: ``{"2969": "hex", ...}`` as JSON.
    """

    name: str
    url: str
    token_file: Path
    keys_file: Path


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Where everything is.

    forum           URL of the forum; https, unless it is on this machine.
    collection      Id or alias of the collection that members write to.
    token_file      File with the member's token.
    index           What `stillwatch scan --index` wrote.
    folder          The node's own folder: its database, its signing key.
    evaluators      Two.
    warning_lists   Files of addresses and domains that many people share.
    open_searches   Kinds of values that other members may search for here; none of them unless they are named.
    """

    forum: str
    collection: str
    token_file: Path
    index: Path
    folder: Path
    evaluators: tuple[EvaluatorAt, EvaluatorAt]
    warning_lists: tuple[Path, ...] = ()
    open_searches: tuple[str, ...] = ()


def read_settings(path: Path) -> NodeSettings:
    """Settings of a file; relative paths are relative to it.

    Raises  UnreadableSource when it cannot be read; InvalidInput with all that is wrong with it.
    """
    try:
        with path.open("rb") as file:
            told = tomllib.loads(file.read(_MOST_BYTES).decode())
    except OSError as error:
        message = f"cannot read the settings {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path} must be TOML: {error}"
        raise InvalidInput(message) from error
    problems = _problems(told)
    if problems:
        message = f"{path}: {'; '.join(problems)}"
        raise InvalidInput(message)
    at = path.resolve().parent
    first, second = (
        EvaluatorAt(name, one["url"], at / one["token_file"], at / one["keys_file"])
        for name, one in sorted(told["evaluators"].items())
    )
    return NodeSettings(
        told["forum"].rstrip("/"),
        told["collection"],
        at / told["token_file"],
        at / told["index"],
        at / told["folder"],
        (first, second),
        tuple(at / name for name in told.get("warning_lists", [])),
        tuple(told.get("open_searches", [])),
    )


def _problems(told: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong, in the order of the file's form."""
    found = [f"{name} must be text" for name in _TEXTS if not _is_text(told.get(name))]
    found += [
        f"{name} is no setting; there are {', '.join((*_TEXTS, *_LISTS, 'evaluators'))}"
        for name in sorted(told.keys() - {*_TEXTS, *_LISTS, "evaluators"})
    ]
    lists = told.get("warning_lists", [])
    if not isinstance(lists, list) or not all(map(_is_text, lists)):
        found.append("warning_lists must be a list of paths")
    kinds = told.get("open_searches", [])
    if not isinstance(kinds, list) or not all(kind in _KINDS for kind in kinds):
        found.append(f"open_searches must be a list of kinds: {', '.join(_KINDS)}")
    found += _problem_of_url("forum", told.get("forum"))
    evaluators = told.get("evaluators")
    if not isinstance(evaluators, dict) or len(evaluators) != 2:
        return [*found, "evaluators must be two tables, [evaluators.NAME]"]
    for name, one in sorted(evaluators.items()):
        if not isinstance(one, dict) or set(one) != set(_EVALUATOR) or not all(map(_is_text, one.values())):
            found.append(f"evaluators.{name} must have {', '.join(_EVALUATOR)}, each text")
        else:
            found += _problem_of_url(f"evaluators.{name}.url", one["url"])
    return found


def _problem_of_url(name: str, url: object) -> list[str]:
    problem = url_problem(name, url) if isinstance(url, str) and url else None
    return [] if problem is None else [problem]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
