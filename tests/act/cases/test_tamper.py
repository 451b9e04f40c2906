"""Bundles that somebody has changed: refused, with the name of the file."""

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.act.cases.made import exported, opened_case
from tests.act.desk import Office, notice

from stillwatch.act.cases.bundle import Disclosure
from stillwatch.act.cases.verification import read_bundle, verify_bundle
from stillwatch.errors import FailedProof, UnreadableSource
from stillwatch.signing import standalone
from stillwatch.signing.keys import SigningKey
from stillwatch.signing.standalone import files_in, zip_bytes


@pytest.fixture
def bundle(opened: Office) -> bytes:
    """A good bundle with texts."""
    opened_case(opened)
    opened.file(notice())
    return exported(opened, disclosure=Disclosure("The court has asked for these exchanges."))


def resigned(files: dict[str, bytes], change: Callable[[dict[str, bytes]], None]) -> bytes:
    """What somebody makes who changes a bundle and signs it anew with a key of his own."""
    thief = SigningKey.generate()
    files = {**files, standalone.KEY: json.dumps(thief.verify_key.jwk()).encode()}
    files[standalone.PEM] = standalone.pem_of(thief.verify_key.jwk())
    change(files)
    manifest = json.loads(files[standalone.MANIFEST])
    manifest["key"] = thief.key_id
    manifest["files"] = [
        {"name": n, "size_bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()}
        for n, d in files.items()
        if n not in {standalone.MANIFEST, standalone.SIGNATURE}
    ]
    files[standalone.MANIFEST] = json.dumps(manifest).encode()
    files[standalone.SIGNATURE] = thief.sign(files[standalone.MANIFEST])
    return zip_bytes(files)


def test_each_file_with_a_byte_changed_is_named(bundle: bytes) -> None:
    """One byte anywhere in any file: refused, and the file is named."""
    files = files_in(bundle)
    for name, data in files.items():
        for at in {0, len(data) // 2, max(0, len(data) - 1)}:
            changed = bytearray(data or b"x")
            changed[at] ^= 1
            with pytest.raises(FailedProof) as raised:
                verify_bundle(zip_bytes({**files, name: bytes(changed)}))
            assert name in str(raised.value) or name == standalone.SIGNATURE, (name, str(raised.value))


def test_any_byte_of_the_container(bundle: bytes) -> None:
    """Three hundred bytes chosen by chance over the whole file, headers and directory included: all refused."""
    chance = random.Random(7)  # noqa: S311 - a seed, so that it is the same every time
    directory = bundle.index(b"PK\1\2")
    places = [chance.randrange(len(bundle)) for _ in range(100)]
    places += [chance.randrange(directory, len(bundle)) for _ in range(150)] + list(range(50))
    for at in places:
        changed = bytearray(bundle)
        changed[at] ^= 1 << chance.randrange(8)
        with pytest.raises(FailedProof):
            verify_bundle(bytes(changed))


def test_removed_added_twice_and_reordered(bundle: bytes) -> None:
    """A file that is missing, too many, there twice or in another place is named."""
    files = files_in(bundle)
    for name in files:
        with pytest.raises(FailedProof, match=f"{name}: it is missing"):
            verify_bundle(zip_bytes({n: d for n, d in files.items() if n != name}))
    with pytest.raises(FailedProof, match=r"more\.txt: it is in no manifest"):
        verify_bundle(zip_bytes({**files, "more.txt": b""}))
    first, second, third, *rest = files.items()
    with pytest.raises(FailedProof, match=r"(about|case)\.json: it stands where"):
        verify_bundle(zip_bytes(dict([first, third, second, *rest])))
    start = 30 + len("README.txt") + len(files["README.txt"])
    end = start + 30 + len("about.json") + len(files["about.json"])
    with pytest.raises(FailedProof, match=r"about\.json: it stands in the bundle twice"):
        verify_bundle(bundle[:end] + bundle[start:end] + bundle[end:])


@pytest.mark.parametrize("spoil", [lambda b: b + b"x", lambda b: b"x" + b, lambda b: b[:-1], lambda b: b[:5000]])
def test_before_behind_and_cut_off(bundle: bytes, spoil: Callable[[bytes], bytes]) -> None:
    """Something before or behind the files, and a bundle that is cut off, are refused."""
    with pytest.raises(FailedProof):
        verify_bundle(spoil(bundle))


def test_another_key_is_refused_by_whoever_knows_the_right_one(opened: Office, bundle: bytes) -> None:
    """A bundle that was changed and signed anew gives itself away by its key, and by its ledger's head."""
    forged = resigned(files_in(bundle), lambda files: files.update({"README.txt": b"nothing to see"}))
    with pytest.raises(FailedProof, match=r"key\.json: the bundle was signed with the key"):
        verify_bundle(forged, opened.trail.key.key_id)
    with pytest.raises(FailedProof, match=r"head\.json"):
        verify_bundle(forged)


@pytest.mark.parametrize("name", ["ledger.jsonl", "openings.jsonl"])
def test_the_holder_of_the_key_cannot_change_what_is_proved(opened: Office, bundle: bytes, name: str) -> None:
    """Even signed with the right key, an entry that is not in the ledger and a text that is not hashed are named."""
    key, files = opened.trail.key, files_in(bundle)
    files[name] = files[name].replace(b"campaign-1", b"campaign-2").replace(b"Explain", b"explain")
    manifest = json.loads(files[standalone.MANIFEST])
    for one in manifest["files"]:
        data = files[one["name"]]
        one["size_bytes"], one["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    files[standalone.MANIFEST] = json.dumps(manifest).encode()
    files[standalone.SIGNATURE] = key.sign(files[standalone.MANIFEST])
    with pytest.raises(FailedProof, match=name):
        verify_bundle(zip_bytes(files), key.key_id)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """No file is told as such."""
    with pytest.raises(UnreadableSource, match="cannot read"):
        read_bundle(tmp_path / "nothing.zip")
