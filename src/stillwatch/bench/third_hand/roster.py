"""Accounts and what they come with: sign-up, payment, mail, address, client, parameters."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.third_hand.clock import DAY_US, Ints
from stillwatch.bench.third_hand.scene import Scene, weights

__all__ = ["CARDS", "Addresses", "Book", "cards", "clients", "harvester", "homes", "hosted", "names", "signups"]

CARDS: Final = ("own", "shared", "virtual", "gift", "unknown")
_STACKS: Final = ("python-requests", "aiohttp", "httpx", "Go-http-client", "okhttp", "undici", "reqwest", "guzzle")
_VOWELS, _CONSONANTS = "aeiou", "bcdfghklmnprstvz"


@dataclass(frozen=True, slots=True)
class Book:
    """Accounts of a unit, column by column; -1 is null."""

    organisation: Ints
    created_us: Ints
    payment: Ints
    domain: tuple[str, ...]
    programme: tuple[str | None, ...]
    verified: Ints
    declared: tuple[str | None, ...]

    def __len__(self) -> int:
        """Count accounts."""
        return len(self.organisation)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where requests come from, one row an address."""

    address: pa.Array
    asn: pa.Array
    country: pa.Array

    def __len__(self) -> int:
        """Count addresses."""
        return len(self.address)


def names(rng: np.random.Generator, n: int) -> list[str]:
    """Made-up names of two to four syllables."""
    made = []
    for _ in range(n):
        syllables = [rng.choice(list(_CONSONANTS)) + rng.choice(list(_VOWELS)) for _ in range(rng.integers(2, 5))]
        made.append("".join(syllables) + str(rng.choice(["", "n", "x", "lab", "io"])))
    return made


def _addresses(rows: list[tuple[str, int, str]]) -> Addresses:
    address, asn, country = zip(*rows, strict=True)
    return Addresses(pa.array(address), pa.array(asn, pa.int64()), pa.array(country))


def _moved(rng: np.random.Generator, address: str, keep: int) -> str:
    """Another address with the same first `keep` octets; of IPv6, the same /48."""
    if ":" in address:
        head = address.split(":")[: 4 if keep == 3 else 3]
        return ":".join([*head, *(f"{rng.integers(1, 65536):x}" for _ in range(8 - len(head)))])
    octets = address.split(".")[:keep]
    return ".".join([*octets, *(str(rng.integers(1, 255)) for _ in range(4 - keep))])


def homes(rng: np.random.Generator, scene: Scene, n: int, *, blocks: int | None = None) -> Addresses:
    """Residential addresses.

    blocks  How many /24s they crowd in; None for one anywhere each.
    """
    if blocks is None:
        picked = [scene.homes[i] for i in rng.integers(0, len(scene.homes), n)]
        return _addresses([(_moved(rng, a, 2), asn, c) for a, asn, c in picked])
    base = [scene.homes[i] for i in rng.integers(0, len(scene.homes), blocks)]
    base = [(_moved(rng, a, 2), asn, c) for a, asn, c in base]
    picked = [base[i] for i in rng.integers(0, blocks, n)]
    return _addresses([(_moved(rng, a, 3), asn, c) for a, asn, c in picked])


def hosted(rng: np.random.Generator, scene: Scene, n: int, *, blocks: int = 1) -> Addresses:
    """Addresses in a few data-centre or company /24s."""
    base = [scene.hosts[i] for i in rng.integers(0, len(scene.hosts), blocks)]
    base = [(_moved(rng, a, 2), asn, c) for a, asn, c in base]
    picked = [base[i] for i in rng.integers(0, blocks, n)]
    return _addresses([(_moved(rng, a, 3), asn, c) for a, asn, c in picked])


def clients(rng: np.random.Generator, scene: Scene, n: int, *, top: int = 60) -> list[tuple[str, str, str]]:
    """Clients as common as in the logs, of the `top` most popular."""
    common = scene.clients[:top]
    return [common[i][0] for i in rng.choice(len(common), n, p=weights(common))]


def harvester(rng: np.random.Generator, scene: Scene, versions: int) -> list[tuple[str, str, str]]:
    """Versions of one operator's or firm's own program, or of a plain HTTP library, in order of release."""
    name = str(rng.choice(_STACKS)) if rng.random() < 0.6 else names(rng, 1)[0]
    like = scene.clients[rng.integers(len(scene.clients))][0]
    system = like[1].rpartition(" ")[2]
    major, minor = rng.integers(0, 5), rng.integers(0, 30)
    numbers = [f"{major}.{minor + i // 2}.{i % 2 * rng.integers(1, 9)}" for i in range(versions)]
    return [(f"{name}/{v}", f"{name} {v} {system}", like[2]) for v in numbers]


def signups(rng: np.random.Generator, how: str, n: int, start_us: int) -> Ints:
    """When accounts were opened, `start_us` being when they are needed first.

    how     batches, aged, trickle or long-ago.
    """
    if how == "batches":
        batches = max(1, n // int(rng.integers(15, 120)))
        when = start_us - rng.integers(DAY_US // 4, 20 * DAY_US, batches)
        return when[np.sort(rng.integers(0, batches, n))] + rng.integers(0, 3 * 3_600_000_000, n)
    if how == "trickle":
        return start_us - (rng.random(n) ** 1.5 * 25 * DAY_US).astype(np.int64)
    spread = 90 if how == "aged" else 500
    return start_us - (rng.exponential(spread * DAY_US, n) + DAY_US).astype(np.int64)


def cards(rng: np.random.Generator, how: str, n: int) -> Ints:
    """Means of payment: whose number repeats shares a card; -1 when the provider knows none."""
    if how == "shared":
        group = int(rng.choice([2, 3, 5, 12, 40]))
        return np.arange(n) // group
    if how == "gift":
        return np.where(rng.random(n) < 0.6, -1, np.arange(n))
    known: NDArray[np.bool_] = rng.random(n) < (0.1 if how == "unknown" else 0.9)
    return np.where(known, np.arange(n), -1)
