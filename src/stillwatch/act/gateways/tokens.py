"""Tokens that gateways prove themselves with."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from stillwatch.act.gateways.decision_words import PREFIX
from stillwatch.errors import InvalidInput, UnreadableSource

__all__ = ["TOKEN_HEADER", "Tokens", "read_tokens", "tokens_shown"]

TOKEN_HEADER: Final = f"{PREFIX}token"
_LONGEST: Final = 4096
_SHORTEST: Final = 16
_MOST_BYTES: Final = 1 << 20


def tokens_shown(headers: Mapping[str, str]) -> tuple[str, ...]:
    """All that a call shows as a token; names in lower case.

    A gateway sends its client's headers along with its own. Any one that is valid counts: else a client could spoil the
    gateway's call with a header of its own, and the gateway would fail open.

    >>> tokens_shown({"x-api-key": "a", "authorization": "Bearer b"})
    ('a', 'b')
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    shown = (
        headers.get(TOKEN_HEADER, ""),
        headers.get("x-api-key", ""),
        bearer.strip() if scheme.lower() == "bearer" else "",
    )
    return tuple(token for token in shown if 0 < len(token) <= _LONGEST)


class Tokens:
    """A few tokens, kept as digests and compared in constant time.

    >>> Tokens(["secret"]).admits("secret"), Tokens(["secret"]).admits("guess"), Tokens([]).admits("")
    (True, False, False)
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        self._digests = tuple(_digest(token) for token in tokens if token)

    def admits(self, token: str) -> bool:
        """Whether it is one of them."""
        shown = _digest(token)
        return bool(sum(hmac.compare_digest(shown, known) for known in self._digests))


def read_tokens(path: Path) -> Tokens:
    """Tokens of a file, one a line; empty lines and those that start with ``#`` are none.

    Raises      UnreadableSource when it cannot be read; InvalidInput when it holds none, or one of fewer than 16 or
                more than 4096 characters. It names lines, never what is in them.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        lines = data.decode("ascii").splitlines()
    except OSError as error:
        message = f"cannot read the tokens {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    except UnicodeDecodeError as error:
        message = f"{path} must hold tokens in ASCII"
        raise InvalidInput(message) from error
    if len(data) > _MOST_BYTES:  # what was cut off would be another token
        message = f"{path} must have at most {_MOST_BYTES:,} bytes"
        raise InvalidInput(message)
    told = {row: line.strip() for row, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")}
    wrong = [str(row) for row, token in told.items() if not _SHORTEST <= len(token) <= _LONGEST]
    if wrong or not told:
        problem = (
            f"of {_SHORTEST} to {_LONGEST} characters, not so in line {', '.join(wrong)}" if wrong else "one a line"
        )
        message = f"{path} must hold tokens, {problem}"
        raise InvalidInput(message)
    return Tokens(told.values())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
