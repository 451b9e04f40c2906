"""Domains that many share, such as public mail providers: a domain is on a list when it, or one above it, is."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from stillwatch.stats.lookup import positions

__all__ = ["DomainTable", "parsed_domain"]

_MOST_CHARACTERS = 253
_MOST_IN_LABEL = 63
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def parsed_domain(text: str) -> str | None:
    """Domain in lower case without dots at its ends, names of other scripts in Punycode; None when it is none.

    >>> parsed_domain(".Mail.Example."), parsed_domain("no domain"), parsed_domain("bücher.example")
    ('mail.example', None, 'xn--bcher-kva.example')
    """
    name = text.strip().strip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            return None
    labels = name.split(".")
    is_sound = 0 < len(name) <= _MOST_CHARACTERS and len(labels) > 1 and not labels[-1].isdigit()
    return name if is_sound and all(_is_label(label) for label in labels) else None


def _is_label(label: str) -> bool:
    return 0 < len(label) <= _MOST_IN_LABEL and _ALLOWED.issuperset(label)


@dataclass(frozen=True, slots=True)
class DomainTable:
    """Hashes of listed domains, ascending, and the number of each one's list: ten bytes a domain."""

    hashes: NDArray[np.uint64]
    labels: NDArray[np.int16]

    @classmethod
    def of(cls, domains: Sequence[str], label: Sequence[int]) -> "DomainTable":
        """Table of domains as `parsed_domain` gives them; of equal ones the first list holds."""
        hashes, first = np.unique(_hashes(domains), return_index=True)
        return cls(hashes, np.array(label, np.int16)[first])

    @property
    def n_bytes(self) -> int:
        """Memory of the arrays."""
        return self.hashes.nbytes + self.labels.nbytes

    def lists_of(self, domains: Sequence[str]) -> NDArray[np.int16]:
        """List of each domain or the nearest one above it that is listed, -1 where there is none."""
        above = [_upwards(parsed_domain(domain)) for domain in domains]
        rows = positions(self.hashes, _hashes([name for names in above for name in names]))
        found = np.full(len(above), -1, np.int16)
        owner = np.repeat(np.arange(len(above)), [len(names) for names in above])
        hit = np.flatnonzero(rows >= 0)[::-1]
        found[owner[hit]] = self.labels[rows[hit]]
        return found


def _upwards(domain: str | None) -> tuple[str, ...]:
    """The domain, then the one above it, up to the top."""
    if domain is None:
        return ()
    return tuple(accumulate(reversed(domain.split(".")), lambda below, label: f"{label}.{below}"))[::-1]


def _hashes(names: Sequence[str]) -> NDArray[np.uint64]:
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, np.uint64)
