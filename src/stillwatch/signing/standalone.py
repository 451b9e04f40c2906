"""Check a bundle of evidence with nothing but the standard library of Python 3.9 or later.

Usage: python3 verify.py BUNDLE.zip [KEY-ID]

KEY-ID is the name of the key that must have signed, from somewhere else than the bundle: the provider's web site, a
letter, an earlier bundle. Without it the bundle is shown to be whole and unchanged since it was signed, by whoever
holds the key inside it. Take this file from somewhere else, too, if you do not trust whoever gave you the bundle.

References: RFC 8032 (Ed25519), RFC 9162 (Merkle trees), RFC 7638 (names of keys), RFC 7515 (signature of the head).
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import sys
import zlib
from typing import Any

__all__ = ["BadBundle", "check", "files_in", "is_signed", "key_id_of", "pem_of", "zip_bytes"]

MANIFEST, SIGNATURE, KEY, PEM = "MANIFEST.json", "MANIFEST.sig", "key.json", "key.pem"
CASE, TRACE = "stillwatch-evidence", "stillwatch-trace"
_DATE = 33  # 1 January 1980, the first day that the format knows
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


class BadBundle(Exception):  # noqa: N818 - it says what the bundle is
    """Something does not hold; `name` is the file of the bundle in which."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(name + ": " + what)
        self.name = name


# The container: one sequence of bytes for one sequence of files.


def zip_bytes(files: dict[str, bytes]) -> bytes:
    """A ZIP file of these files, stored, in this order, without dates or anything else that could differ."""
    body, directory = bytearray(), bytearray()
    for name, data in files.items():
        told, crc, size = name.encode("ascii"), zlib.crc32(data), len(data)
        at = len(body)
        body += _LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, _DATE, crc, size, size, len(told), 0) + told + data
        sizes = (crc, size, size, len(told), 0, 0, 0, 0)
        directory += _CENTRAL.pack(b"PK\1\2", 20, 20, 0, 0, 0, _DATE, *sizes, 0, at) + told
    end = _END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return bytes(body + directory + end)


def files_in(data: bytes) -> dict[str, bytes]:
    """Files of a bundle in their order; every byte of the container is accounted for."""
    files: dict[str, bytes] = {}
    at = 0
    while data[at : at + 4] == b"PK\3\4":
        head = data[at : at + _LOCAL.size]
        if len(head) < _LOCAL.size:
            raise BadBundle("the bundle", "it is cut off")
        size, length = _LOCAL.unpack(head)[8], _LOCAL.unpack(head)[9]
        name = data[at + _LOCAL.size :][:length].decode("ascii", "replace")
        start = at + _LOCAL.size + length
        if start + size > len(data):
            raise BadBundle(name, "its length was changed, or the bundle is cut off")
        if name in files:
            raise BadBundle(name, "it stands in the bundle twice")
        files[name] = data[start : start + size]
        at = start + size
    return files


def _check_container(data: bytes, files: dict[str, bytes]) -> None:
    """The bytes are those that the files give; else the name of the file where they part."""
    try:
        wanted = zip_bytes(files)
    except UnicodeEncodeError:
        raise BadBundle("the bundle", "a file has a name that none has") from None
    if data == wanted:
        return
    at = next((i for i, (a, b) in enumerate(zip(data, wanted)) if a != b), min(len(data), len(wanted)))
    start = 0
    for name, content in files.items():
        start += _LOCAL.size + len(name) + len(content)
        if at < start:
            raise BadBundle(name, "its place in the container was changed")
    raise BadBundle("the bundle", "its directory was changed, or something stands behind it")


# The signature.

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def _add(a: _Point, b: _Point) -> _Point:
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    c, d = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(scalar: int, point: _Point) -> _Point:
    found = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = _add(found, point)
        point, scalar = _add(point, point), scalar >> 1
    return found


def _point(data: bytes) -> _Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return (x, y, 1, x * y % _P)


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is good (RFC 8032, section 5.1.7, without the cofactor)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or _BASE is None or s >= _L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    left, right = _times(s, _BASE), _add(commitment, _times(h, key))
    return not ((left[0] * right[2] - right[0] * left[2]) % _P or (left[1] * right[2] - right[1] * left[2]) % _P)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _canonical(document: Any) -> bytes:  # noqa: ANN401 - JSON of text and whole numbers only
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def key_id_of(jwk: dict[str, str]) -> str:
    """Name of a key (RFC 7638)."""
    return _base64url(hashlib.sha256(_canonical({name: jwk[name] for name in ("crv", "kty", "x")})).digest())


def pem_of(jwk: dict[str, str]) -> bytes:
    """The key as other programs read it (RFC 8410)."""
    der = bytes.fromhex("302a300506032b6570032100") + _unbase64url(jwk["x"])
    return b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----\n"


# What is inside.


def check(data: bytes, key_id: str | None = None) -> dict[str, Any]:
    """Check a bundle; what it is. Raises BadBundle, which names the file that does not hold."""
    try:
        return _checked(data, key_id)
    except (KeyError, TypeError, ValueError, AttributeError, struct.error) as error:
        raise BadBundle("the bundle", "something in it has not its form: " + type(error).__name__) from None


def _checked(data: bytes, key_id: str | None) -> dict[str, Any]:
    files = files_in(data)
    for name in (MANIFEST, SIGNATURE, KEY):
        if name not in files:
            raise BadBundle(name, "it is missing")
    manifest = _object(files[MANIFEST], MANIFEST)
    changed = _changed(files, manifest)
    jwk = _object(files[KEY], KEY)
    if KEY in changed or jwk.get("crv") != "Ed25519" or not isinstance(jwk.get("x"), str):
        raise BadBundle(KEY, "it was changed")
    if manifest.get("key") != key_id_of({"kty": "", **jwk}):
        raise BadBundle(KEY, "it is not the key that the manifest names")
    if not is_signed(_unbase64url(jwk["x"]), files[MANIFEST], files[SIGNATURE]):
        raise BadBundle(MANIFEST, "it or its signature was changed")
    if key_id is not None and manifest["key"] != key_id:
        raise BadBundle(KEY, "the bundle was signed with the key " + manifest["key"] + ", not with " + key_id)
    if changed:
        raise BadBundle(changed[0], "it was changed")
    _check_names(list(files), [one["name"] for one in manifest["files"]])
    _check_container(data, files)
    if files[PEM] != pem_of(jwk):
        raise BadBundle(PEM, "it is another key")
    return _CONTENTS[manifest["format"]](files, manifest, jwk)


def _changed(files: dict[str, bytes], manifest: dict[str, Any]) -> list[str]:
    """Files that are not what the manifest says; one that is missing or too many is told at once."""
    try:
        listed = {one["name"]: (one["size_bytes"], one["sha256"]) for one in manifest["files"]}
        is_ours = manifest["format"] in _CONTENTS and manifest["format_version"] == 1
    except (KeyError, TypeError):
        raise BadBundle(MANIFEST, "it lists no files") from None
    if not is_ours:
        raise BadBundle(MANIFEST, "it is of another format, or a later version")
    for name in listed:
        if name not in files:
            raise BadBundle(name, "it is missing")
    for name in files:
        if name not in listed and name not in (MANIFEST, SIGNATURE):
            raise BadBundle(name, "it is in no manifest: it was added")
    return [n for n, told in listed.items() if told != (len(files[n]), hashlib.sha256(files[n]).hexdigest())]


def _check_names(found: list[str], listed: list[str]) -> None:
    for name, wanted in zip(found, [*listed, MANIFEST, SIGNATURE]):
        if name != wanted:
            raise BadBundle(name, "it stands where " + wanted + " should")


def _object(data: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadBundle(name, "it is no JSON") from None
    if not isinstance(found, dict):
        raise BadBundle(name, "it is no JSON object")
    return found


def _lines(files: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    return [_object(line, name) for line in files.get(name, b"").splitlines()]


def _check_trace(files: dict[str, bytes], manifest: dict[str, Any], jwk: dict[str, str]) -> dict[str, Any]:  # noqa: ARG001
    """A report on a suspect, and the keys that its tests used as far as they are disclosed."""
    openings = _lines(files, "openings.jsonl")
    for line in openings:
        _check_key(line)
    report = _object(files["report.json"], "report.json")
    return {
        "report": manifest["report"],
        "kind": report["kind"],
        "key": manifest["key"],
        "files": len(files),
        "openings": len(openings),
    }


def _check_key(line: dict[str, Any]) -> None:
    """The disclosed secret is the one that its commitment binds."""
    pieces = [b"stillwatch mark commitment 1", *(line[name].encode() for name in ("purpose", "for_id", "epoch"))]
    framed = b"".join(len(piece).to_bytes(4, "big") + piece for piece in pieces)
    if hashlib.sha256(framed + bytes.fromhex(line["secret"])).hexdigest() != line["commitment"]:
        raise BadBundle("openings.jsonl", "a key is not the one that was committed to: " + str(line["for_id"]))


def _check_case(files: dict[str, bytes], manifest: dict[str, Any], jwk: dict[str, str]) -> dict[str, Any]:
    head = _object(files["head.json"], "head.json")
    _check_head(head, jwk)
    entries = _lines(files, "ledger.jsonl")
    for line in entries:
        _check_entry(line, head)
    exchanges = {line["exchange_id"]: line["sha256"] for line in _lines(files, "exchanges.jsonl")}
    openings = _lines(files, "openings.jsonl")
    for line in openings:
        _check_opening(line, exchanges)
    return {
        "case": manifest["case"],
        "key": manifest["key"],
        "files": len(files),
        "exchanges": len(exchanges),
        "exchanges_hashed": sum(digest is not None for digest in exchanges.values()),
        "openings": len(openings),
        "ledger_entries": len(entries),
        "ledger_size": head["size"],
    }


def _check_head(head: dict[str, Any], jwk: dict[str, str]) -> None:
    header, _, signature = head["signature"].split(".")
    bare = _canonical({name: value for name, value in head.items() if name != "signature"})
    message = (header + "." + _base64url(bare)).encode()
    if not is_signed(_unbase64url(jwk["x"]), message, _unbase64url(signature)):
        raise BadBundle("head.json", "its signature does not fit")


def _check_entry(line: dict[str, Any], head: dict[str, Any]) -> None:
    """The entry stands in the ledger of the head, and commits to the document."""
    entry = line["entry"]
    where = "entry " + str(entry["index"]) + " "
    leaf = hashlib.sha256(b"\0" + _canonical(entry)).digest()
    if _root(leaf, entry["index"], head["size"], [bytes.fromhex(one) for one in line["path"]]) != head["root"]:
        raise BadBundle("ledger.jsonl", where + "is not in the ledger")
    if line["document"] is not None:
        told = bytes.fromhex(line["salt"]) + line["document"].encode()
        if hashlib.sha256(told).hexdigest() != entry["commitment"]:
            raise BadBundle("ledger.jsonl", where + "is of another document")


def _root(leaf: bytes, index: int, size: int, path: list[bytes]) -> str:
    """Root of the tree that a path leads to (RFC 9162, section 2.1.3.2); empty when it leads nowhere."""
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return ""
        if at & 1 or at == last:
            found = hashlib.sha256(b"\1" + sibling + found).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + sibling).digest()
        at, last = at >> 1, last >> 1
    return found.hex() if last == 0 and 0 <= index < size else ""


def _check_opening(line: dict[str, Any], exchanges: dict[str, Any]) -> None:
    digest = hashlib.sha256(bytes.fromhex(line["salt"]) + line["row"].encode()).hexdigest()
    if exchanges.get(line["exchange_id"]) != digest:
        raise BadBundle("openings.jsonl", "an exchange is not the one that was hashed: " + str(line["exchange_id"]))


_CONTENTS = {CASE: _check_case, TRACE: _check_trace}


def _main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        sys.stderr.write((__doc__ or "") + "\n")
        return 2
    with open(arguments[0], "rb") as file:  # noqa: PTH123
        data = file.read()
    try:
        found = check(data, arguments[1] if len(arguments) == 2 else None)
    except BadBundle as error:
        sys.stdout.write("BAD: " + str(error) + "\n")
        return 1
    sys.stdout.write("good: nothing was changed since it was signed\n")
    for name, value in found.items():
        sys.stdout.write("  " + name.ljust(17) + str(value) + "\n")
    if len(arguments) == 1:
        sys.stdout.write("compare the key with one that you have from somewhere else\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
