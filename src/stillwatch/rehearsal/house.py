"""The exchange on loopback: a forum, two evaluators and the members' nodes, every connection recorded."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stillwatch.rehearsal.processes import Program, free_port, run_once, wait_for
from stillwatch.rehearsal.recorder import Recorder

__all__ = ["EVALUATORS", "House", "opened_house"]

EVALUATORS: Final = ("north", "south")


@dataclass(frozen=True, slots=True)
class House:
    """Where everything runs.

    members     Pseudonym of each member at the forum, by name.
    nodes       Their running nodes.
    traffic     File with every byte that crossed.
    """

    folder: Path
    members: Mapping[str, str]
    nodes: Mapping[str, Program]
    traffic: Path

    def settings(self, name: str) -> Path:
        """Settings of a member's node."""
        return self.folder / name / "member.toml"

    @property
    def forum_db(self) -> Path:
        """The forum's database."""
        return self.folder / "forum" / "forum.db"

    @property
    def forum_key(self) -> Path:
        """The forum's signing key."""
        return self.folder / "forum" / "forum.key"

    def disks(self) -> list[Path]:
        """Everything that the forum and the evaluators keep."""
        kept = [self.folder / "forum", *(self.folder / name for name in EVALUATORS)]
        return [path for folder in kept for path in sorted(folder.rglob("*")) if path.is_file()]


@contextlib.contextmanager
def opened_house(folder: Path, indexes: Mapping[str, Path]) -> Iterator[House]:
    """Start everything; what was started is ended on the way out.

    indexes     Index of every member by its name.
    Raises      EngineUnavailable when a program does not start.
    """
    traffic = folder / "traffic.bin"
    with contextlib.ExitStack() as stack:
        forum_url, members = _forum(stack, folder / "forum", list(indexes), traffic)
        urls = {name: _evaluator(stack, folder / name, list(indexes), traffic) for name in EVALUATORS}
        for name, index in indexes.items():
            _settings(folder, name, index, forum_url, urls)
        nodes = {
            name: stack.enter_context(
                Program(name, ["member", "run", "--settings", "member.toml", "--json"], folder / name)
            )
            for name in indexes
        }
        yield House(folder, {name: members[name] for name in indexes}, nodes, traffic)


def _recorded(stack: contextlib.ExitStack, port: int, traffic: Path) -> str:
    return f"http://127.0.0.1:{stack.enter_context(Recorder(port, traffic)).port}"


def _forum(stack: contextlib.ExitStack, folder: Path, names: list[str], traffic: Path) -> tuple[str, dict[str, str]]:
    """URL of the forum, and the pseudonyms of its members; a token of each lies in its own folder."""
    folder.mkdir(parents=True)
    run_once(["forum", "init", "--json"], folder)
    members: dict[str, str] = {}
    for name in names:
        made = run_once(["forum", "member", "add", name, "--json"], folder)
        members[name] = made["member"]
        run_once(["forum", "collection", "grant", "campaigns", made["member"], "--read", "--write"], folder)
        _put(folder.parent / name / "forum.token", made["token"])
    port = free_port()
    stack.enter_context(Program("forum", ["forum", "--listen", f"127.0.0.1:{port}"], folder))
    wait_for(f"http://127.0.0.1:{port}/health/ready", "the forum")
    return _recorded(stack, port, traffic), members


def _evaluator(stack: contextlib.ExitStack, folder: Path, names: list[str], traffic: Path) -> str:
    """URL of an evaluator; each member's token and the evaluator's public keys lie in the members' folders."""
    folder.mkdir(parents=True)
    for name in names:
        made = run_once(["member", "evaluator-token", name, "--members", "members.txt", "--json"], folder)
        _put(folder.parent / name / f"{folder.name}.token", made["token"])
    port = free_port()
    options = ["--db", "sqlite:///meter.db", "--keys", "keys.json", "--members", "members.txt"]
    program = ["evaluator", *options, "--listen", f"127.0.0.1:{port}"]
    stack.enter_context(Program(folder.name, program, folder))
    wait_for(f"http://127.0.0.1:{port}/health", f"evaluator {folder.name}")
    url = _recorded(stack, port, traffic)
    for name in names:
        files = ["--token-file", f"{folder.name}.token", "--out", f"{folder.name}.keys"]
        run_once(["member", "evaluator-keys", url, *files], folder.parent / name)
    return url


def _settings(folder: Path, name: str, index: Path, forum_url: str, urls: Mapping[str, str]) -> None:
    told: dict[str, Any] = {
        "forum": forum_url,
        "collection": "campaigns",
        "token_file": "forum.token",
        "index": str(index.resolve()),
        "folder": "node",
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    for evaluator, url in urls.items():
        lines += [
            f"[evaluators.{evaluator}]",
            f"url = {json.dumps(url)}",
            f'token_file = "{evaluator}.token"',
            f'keys_file = "{evaluator}.keys"',
        ]
    (folder / name / "member.toml").write_text("\n".join(lines) + "\n")


def _put(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(secret)
    path.chmod(0o600)
