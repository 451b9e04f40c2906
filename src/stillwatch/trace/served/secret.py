"""The secret of an index: who does not hold it cannot ask a stolen index whether a text was served."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final, Self

from stillwatch.errors import InvalidInput

__all__ = ["IndexSecret"]

_BYTES: Final = 16
_SHORTEST_MASTER: Final = 32
_TAG: Final = b"stillwatch index of served outputs 1"


@dataclass(frozen=True, slots=True)
class IndexSecret:
    """Key of the keyed hash of shingles, and of the choice which of them are kept.

    Without it an index tells ids, how many shingles each output has, and which outputs share some: texts cannot be
    guessed and checked. Whoever holds secret and index can check guesses; so keep the two apart.

    secret    16 bytes; never shown.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a secret of another length."""
        if len(self.secret) != _BYTES:
            message = f"the secret of an index must be {_BYTES} bytes, got {len(self.secret)}"
            raise InvalidInput(message)

    @classmethod
    def of(cls, master: bytes, epoch: str) -> Self:
        """Secret of an epoch, from the master secret.

        master    32 bytes or more from a random source.
        Raises    InvalidInput for a short master secret; the message does not hold it.

        >>> IndexSecret.of(bytes(32), "2026-11") == IndexSecret.of(bytes(32), "2026-12")
        False
        """
        if len(master) < _SHORTEST_MASTER:
            message = f"the master secret must be {_SHORTEST_MASTER} bytes or more, got {len(master)}"
            raise InvalidInput(message)
        return cls(hmac.digest(master, _TAG + epoch.encode(), "sha256")[:_BYTES])

    @property
    def words(self) -> tuple[int, int]:
        """The secret as the two words that SipHash takes."""
        return int.from_bytes(self.secret[:8], "little"), int.from_bytes(self.secret[8:], "little")

    @property
    def choice(self) -> tuple[int, int]:
        """Two more words, the second odd: they choose which shingles are kept."""
        digest = hashlib.sha256(_TAG + b" choice " + self.secret).digest()
        return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little") | 1

    @property
    def sign(self) -> str:
        """What tells secrets apart and gives none away: what an index says it was made with.

        >>> IndexSecret(bytes(16)).sign == IndexSecret(bytes(15) + b"1").sign
        False
        """
        return hashlib.sha256(_TAG + b" sign " + self.secret).hexdigest()[:16]
