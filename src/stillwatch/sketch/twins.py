"""Plain-Python twins of the kernels: what the numbers mean, in a few lines each. Slow; for reading and for tests."""

import ipaddress
from collections.abc import Iterator

from stillwatch.sketch.folding import DIGIT, LETTER, SEPARATOR, SINGLE, Unit, units_of

__all__ = ["hash_bytes", "mix", "multiply_fold", "prefix", "tokens", "word_hash"]

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


def tokens(text: str) -> list[tuple[int, int, int]]:
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
