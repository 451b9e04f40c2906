"""A page of the documentation that is followed to the letter: its commands run as they stand, on other ports."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.house.test_docs import Block, blocks, commands
from tests.service.gateways.program import environment

__all__ = ["Walked"]


@dataclass(frozen=True)
class Walked:
    """A page, where it is followed, and what stands in it otherwise here."""

    page: Path
    folder: Path
    instead: Mapping[str, str]

    def here(self, text: str) -> str:
        """Text of the page with what stands here."""
        for there, here in self.instead.items():
            text = text.replace(there, here)
        return text

    def console(self, first: str, nth: int = 0) -> Block:
        """The block whose first command starts like this, in the order of the page."""
        found = [
            b for b in blocks(self.page.read_text()) if b.language == "console" and b.body.startswith(f"$ {first}")
        ]
        assert len(found) > nth, f"no block {nth} starts with {first}"
        return found[nth]

    def script(self, first: str) -> str:
        """A block's commands as a shell script."""
        return self.here(commands(self.console(first).body))

    def follow(self, first: str) -> str:
        """Do what a block says; what it prints."""
        return self.shell(self.script(first))

    def line(self, start: str) -> str:
        """Do what one line says that stands without a prompt, in columns with what it is for; what it prints."""
        (found,) = re.findall(rf"^({re.escape(start)}.*?)(?:   .*)?$", self.page.read_text(), re.MULTILINE)
        return self.shell(found)

    def shell(self, script: str) -> str:
        """What a script prints, which must not fail."""
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=environment(), check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def save(self, name: str, **changes: str) -> None:
        """Write the file that the page shows under this name."""
        found = next(b for b in blocks(self.page.read_text()) if f"save={name}" in b.orders)
        text = self.here(found.body)
        for there, here in changes.items():
            assert there in text
            text = text.replace(there, here)
        (self.folder / name).write_text(text)
