"""What every process of ``benchmarks.share_exchange`` is told."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["WARM_UP_S", "World"]

WARM_UP_S: Final = 3.0


@dataclass(frozen=True)
class World:
    """Where the forum is, how much is published, and who takes part.

    members     Pseudonym and token; the publisher first.
    """

    folder: Path
    url: str
    rate: float
    seconds: float
    local: int
    members: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str) -> "World":
        """What `text` told."""
        told = json.loads(text)
        members = tuple((one, token) for one, token in told.pop("members"))
        return cls(Path(told.pop("folder")), members=members, **told)

    def text(self) -> str:
        """As an argument of a process."""
        return json.dumps({**self.__dict__, "folder": str(self.folder)})

    @property
    def n(self) -> int:
        """Indicators in all."""
        return int(self.rate * (self.seconds + WARM_UP_S))
