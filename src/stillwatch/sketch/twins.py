"""Plain-Python twins of the kernels: what the numbers mean, in a few lines each. Slow; for reading and for tests."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.sketch.folding import DIGIT, LETTER, SEPARATOR, SINGLE, Unit, units_of

__all__ = [
    "Token",
    "features",
    "fill",
    "grams",
    "hash_bytes",
    "leaders",
    "marks",
    "minhashes",
    "mix",
    "multiply_fold",
    "outside",
    "prefix",
    "runs",
    "script",
    "signature",
    "tokens",
    "topic",
    "word_hash",
]

Token: TypeAlias = tuple[int, int, int]
"""Hash with kind and script in the low six bits, first byte, past-the-end byte."""


MASK = (1 << 64) - 1
SECRET_A, SECRET_B = 0x2D358DCCAA6C78A5, 0x8BB84B93962EACC9
SECRET, FINAL = 0xA0761D6478BD642F, 0xE7037ED1A0B428DB
_KINDS = {LETTER: 0, DIGIT: 1, SINGLE: 2}


def multiply_fold(a: int, b: int) -> int:
    """High half xor low half of the 128-bit product.

    >>> multiply_fold(1 << 63, 4)
    2
    """
    return a * b >> 64 ^ a * b & MASK


def word_hash(folded: bytes) -> int:
    """Hash of a folded word, 16 bytes at a time."""
    value = 0
    for at in range(0, len(folded), 16):
        low, high = (int.from_bytes(folded[at + i : at + i + 8], "little") for i in (0, 8))
        value = multiply_fold(value ^ low ^ SECRET_A, high ^ SECRET_B)
    return value


def tokens(text: str) -> list[Token]:
    """Tokens of `text`, each with its first and past-the-end byte.

    >>> [(start, end) for _, start, end in tokens("Über 12 我们")]
    [(0, 5), (6, 8), (9, 12), (12, 15)]
    """
    found: list[tuple[int, int, int]] = []
    run: list[tuple[Unit, int, int]] = []
    for place in (*_places(text), (Unit(SEPARATOR, 0, 0), 0, 0)):
        unit = place[0]
        if run and (unit.kind != run[0][0].kind or unit.kind == SINGLE):
            found.append(_token(run))
            run = []
        if unit.kind != SEPARATOR:
            run.append(place)
    return found


def _token(run: list[tuple[Unit, int, int]]) -> tuple[int, int, int]:
    first = run[0][0]
    folded = "".join(chr(unit.code) for unit, _, _ in run).encode()
    return word_hash(folded) & ~63 | first.script << 2 | _KINDS[first.kind], run[0][1], run[-1][2]


def _places(text: str) -> Iterator[tuple[Unit, int, int]]:
    at = 0
    for character in text:
        end = at + len(character.encode())
        for unit in units_of(character):
            yield unit, at, end
        at = end


def hash_bytes(data: bytes) -> int:
    """Hash of a string: 16-byte pieces go to four lanes in turn."""
    lanes = [SECRET_A, SECRET_B, 0x4B33A62ED433D4A3, 0x4D5A2DA51DE1AA47]
    for at in range(0, len(data), 16):
        low, high = (int.from_bytes(data[at + i : min(at + i + 8, at + 16)], "little") for i in (0, 8))
        lanes[at // 16 % 4] = multiply_fold(lanes[at // 16 % 4] ^ low, high ^ SECRET)
    half = multiply_fold(lanes[0] ^ len(data), lanes[1] ^ FINAL) ^ multiply_fold(lanes[2], lanes[3] ^ FINAL)
    return max(multiply_fold(half ^ SECRET_B, FINAL), 1)


def mix(first: int, second: int) -> int:
    """One number of two, order kept."""
    return multiply_fold(multiply_fold(first ^ SECRET_A, FINAL) ^ second ^ 0x4B33A62ED433D4A3, SECRET)


def prefix(address: str) -> int:
    """Hash of the /24 or /48 of an address, 0 for anything else."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return 0
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return max(mix(ip.version, int(ip) >> (8 if ip.version == 4 else 80)), 1)


def grams(words: Sequence[int]) -> list[int]:
    """Hash of every four tokens in a row, all numbers alike."""
    factors = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
    alike = [1 if word & 3 == 1 else word for word in words]
    found = []
    for i in range(len(words) - 3):
        value = sum(word * factor for word, factor in zip(alike[i : i + 4], factors, strict=True)) & MASK
        value = (value ^ value >> 32) * 0xFF51AFD7ED558CCD & MASK
        found.append(value ^ value >> 29)
    return found


def runs(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Plateaus of the counts of a prompt's 4-grams, as first and past-the-end token."""
    found, i = [], 0
    while i < len(counts):
        last, members = i, [counts[i]]
        for j in range(i + 1, len(counts)):
            mean = sum(members) / len(members)
            if j - last > 4 or counts[j] < mean / 2 or counts[i] < 20:
                break
            if counts[j] <= 2 * mean:
                last, members = j, [*members, counts[j]]
        if counts[i] >= 20 and last - i + 4 >= 9:
            found.append((i, last + 4))
        i = last + 1
    return found


def minhashes(phrases: Iterable[int]) -> list[int]:
    """Smallest of 16 hashes of the 4-grams of a segment."""
    lanes = range(SIGNATURE_LENGTH)
    salts = [0x9E3779B1 * (2 * i + 1) % 2**32 for i in lanes]
    factors = [(0x85EBCA6B * (2 * i + 3) ^ 0x2C1B3C6C) % 2**32 | 1 for i in lanes]
    hashed = [[(p % 2**32 ^ salts[i]) * factors[i] % 2**32 ^ p >> 32 for i in lanes] for p in phrases]
    return [min(lane) for lane in zip(*hashed, strict=True)]


def signature(lanes: Sequence[int]) -> int:
    """Hash of 16 MinHashes."""
    value = 0
    for i in range(0, len(lanes), 2):
        value = mix(value, lanes[i] << 32 | lanes[i + 1])
    return max(value, 1)


def outside(words: Sequence[Token], pieces: Sequence[tuple[int, int]]) -> list[list[Token]]:
    """Tokens before, between and behind the segments."""
    edges = [0, *(edge for piece in pieces for edge in piece), len(words)]
    for i in range(2, len(edges), 2):
        edges[i] = max(edges[i - 2 : i + 1 : 2])
    return [list(words[a:b]) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def fill(words: Sequence[Token], pieces: Sequence[tuple[int, int]]) -> int:
    """Hash of the tokens outside all segments, and of numbers inside."""
    inside = {i for first, stop in pieces for i in range(first, stop)}
    kept = [word for i, (word, _, _) in enumerate(words) if i not in inside or word & 3 == 1]
    places = ((i + 1) * 0x9E3779B97F4A7C15 & MASK for i in range(len(kept)))
    return sum(multiply_fold(word ^ place, 0xC2B2AE3D27D4EB4F) for word, place in zip(kept, places, strict=True)) & MASK


def features(text: bytes, words: Sequence[Token]) -> list[int]:
    """Hashes of first five letters of words (whole words beyond ASCII) and of pairs of ideograms that touch."""
    found = []
    for (word, start, end), following in zip(words, [*words, (0, -1, -1)][1:], strict=True):
        stem = text[start:end][:5].lower()
        feature = int.from_bytes(stem, "little") if stem.isascii() else word & ~63
        if word & 3 == 2:
            feature = multiply_fold(word & ~63, following[0] ^ 0xD6E8FEB86659FD93)
        if word & 3 == 0 or (word & 3 == 2 and following[0] & 3 == 2 and following[1] == end):
            found.append(multiply_fold(feature ^ 0x9FB21C651E98DF25, 0xD6E8FEB86659FD93))
    return found


def topic(weighted: Iterable[tuple[int, int]]) -> int:
    """Signs of the 64 sums of features, each with its weight."""
    sums = [0] * 64
    for feature, weight in weighted:
        sums = [total + (weight if feature >> i & 1 else -weight) for i, total in enumerate(sums)]
    return sum(1 << i for i, total in enumerate(sums) if total > 0)


def script(words: Sequence[Token]) -> int:
    """Script of most tokens, the first of equals, 0 without letters."""
    found = [word >> 2 & 15 for word, _, _ in words if word & 3 != 1]
    return max(sorted(set(found)), key=found.count, default=0)


def marks(words: Sequence[Token], phrases: dict[tuple[int, ...], int]) -> int:
    """Class bits of the phrases among the tokens, all numbers alike."""
    alike = tuple(1 if word & 3 == 1 else word for word, _, _ in words)
    found = 0
    for phrase, bits in phrases.items():
        if any(alike[i : i + len(phrase)] == phrase for i in range(len(alike))):
            found |= bits
    return found


def leaders(lanes: Sequence[Sequence[int]], order: Sequence[int], needed: int) -> list[int]:
    """Leader of every signature; only those that share one of 8 bands of 2 MinHashes are compared."""
    leading: list[int] = []
    leader = [-1] * len(lanes)
    for me in order:
        same = {other: [a == b for a, b in zip(lanes[me], lanes[other], strict=True)] for other in leading}
        near = [o for o in leading if any(same[o][i] and same[o][i + 1] for i in range(0, 16, 2))]
        best = max(near, key=lambda o: sum(same[o]), default=me)
        leader[me] = best if best != me and sum(same[best]) >= needed else me
        if leader[me] == me:
            leading.append(me)
    return leader
