"""Every warning list of a member as one table, those that are built in included."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.share.warnings.domains import DomainTable
from stillwatch.share.warnings.loading import LoadedList, Problem, read_list
from stillwatch.share.warnings.prefixes import NO_LIST, PrefixTable, packed_addresses, parsed_prefix

__all__ = ["BUILT_IN", "WarningLists", "load_warning_lists"]

BUILT_IN: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("carrier-grade NAT (RFC 6598)", ("100.64.0.0/10",)),
    ("private (RFC 1918, RFC 4193)", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")),
    (
        "this host and its link (RFC 1122, RFC 3927, RFC 4291)",
        ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/128", "::1/128", "fe80::/10"),
    ),
    (
        "documentation (RFC 5737, RFC 3849, RFC 9637)",
        ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
    ),
    (
        "benchmarks, multicast, reserved (RFC 2544, RFC 5771, RFC 4291)",
        ("198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "ff00::/8"),
    ),
    ("translated addresses (RFC 6052, RFC 3056)", ("64:ff9b::/96", "2002::/16")),
)
_MOST_LISTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class WarningLists:
    """Addresses and domains that many innocent people share.

    names       Names of the lists, by their numbers.
    problems    What of the files was not taken.
    """

    names: tuple[str, ...]
    prefixes: PrefixTable
    domains: DomainTable
    problems: tuple[Problem, ...] = ()

    def lists_of_addresses(self, addresses: Sequence[str]) -> NDArray[np.int16]:
        """Number of the list of the longest prefix over each address; -1 for none, and for what is no address."""
        rows, is_address = packed_addresses(addresses)
        return np.where(is_address, self.prefixes.lists_of(rows), np.int16(NO_LIST))

    def lists_of_domains(self, domains: Sequence[str]) -> NDArray[np.int16]:
        """Number of the list that each domain, or one above it, is on; -1 for none."""
        return self.domains.lists_of(domains)

    def name_of_address(self, address: str) -> str | None:
        """Name of the list that an address is on; None when it is on none."""
        number = int(self.lists_of_addresses([address])[0])
        return None if number == NO_LIST else self.names[number]


def load_warning_lists(paths: Iterable[Path] = ()) -> WarningLists:
    """The built-in lists and those of the files; of the same prefix on two lists the first holds.

    Raises      What `read_list` raises; InvalidInput for more than 1,000 files.

    >>> load_warning_lists().name_of_address("100.64.7.9")
    'carrier-grade NAT (RFC 6598)'
    """
    files = list(paths)
    if len(files) > _MOST_LISTS:
        msg = f"at most {_MOST_LISTS} warning lists can be loaded, got {len(files)}"
        raise InvalidInput(msg)
    lists = [_built_in(name, blocks) for name, blocks in BUILT_IN] + [read_list(path) for path in files]
    numbers = np.arange(len(lists), dtype=np.int16)
    labels = np.repeat(numbers, [len(one.prefixes) for one in lists])
    first = np.frombuffer(b"".join(p[0] for one in lists for p in one.prefixes), np.uint8).reshape(-1, 16)
    bits = np.array([p[1] for one in lists for p in one.prefixes], np.uint8)
    domains = [domain for one in lists for domain in one.domains]
    owners = np.repeat(numbers, [len(one.domains) for one in lists]).tolist()
    return WarningLists(
        tuple(one.name for one in lists),
        PrefixTable.of(first, bits, labels),
        DomainTable.of(domains, owners),
        tuple(problem for one in lists for problem in one.problems),
    )


def _built_in(name: str, blocks: Sequence[str]) -> LoadedList:
    parsed = [prefix for block in blocks if (prefix := parsed_prefix(block)) is not None]
    if len(parsed) != len(blocks):
        msg = f"a block of the built-in list {name} is none"
        raise InvalidInput(msg)
    return LoadedList(name, prefixes=parsed)
