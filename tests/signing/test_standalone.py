"""The code that lies in a bundle, held against libraries: signatures, keys, containers."""

import ast
import base64
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.signing import standalone
from stillwatch.signing.keys import SigningKey
from stillwatch.signing.standalone import BadBundle, check, files_in, is_signed, key_id_of, pem_of, zip_bytes

FILES = st.dictionaries(st.from_regex(r"[a-z]{1,8}\.[a-z]{3}", fullmatch=True), st.binary(max_size=60), max_size=5)


@settings(max_examples=15)
@given(st.binary(max_size=80), st.binary(min_size=32, max_size=32), st.integers(0, 63), st.integers(1, 255))
def test_signatures_as_the_library_makes_and_refuses_them(data: bytes, seed: bytes, place: int, change: int) -> None:
    """A signature of the library is good; with one byte changed it is not, for us as for the library."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = private.sign(data)
    assert is_signed(public, data, signature)
    bad = bytearray(signature)
    bad[place] ^= change
    assert not is_signed(public, data, bytes(bad))
    assert not is_signed(public, data + b"x", signature)


# RFC 8032, section 7.1, test 3.
PUBLIC = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
SIGNATURE = bytes.fromhex(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)


def test_vector_of_the_standard() -> None:
    """The standard's own example is good, and its second spelling, with the order of the group added, is not."""
    assert is_signed(PUBLIC, b"\xaf\x82", SIGNATURE)
    s = int.from_bytes(SIGNATURE[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    assert not is_signed(PUBLIC, b"\xaf\x82", SIGNATURE[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("public", [b"", bytes(31), b"\xff" * 32, bytes(31) + b"\x80", b"\x02" + bytes(31)])
def test_what_is_no_key(public: bytes) -> None:
    """Bytes that are no point of the curve verify nothing and break nothing."""
    assert not is_signed(public, b"", SIGNATURE)


def test_keys_as_others_spell_them() -> None:
    """Name and PEM of a key are those of the libraries."""
    key = SigningKey.generate().verify_key
    assert key_id_of(key.jwk()) == key.key_id
    read = load_pem_public_key(pem_of(key.jwk())).public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert base64.urlsafe_b64encode(read).rstrip(b"=").decode() == key.jwk()["x"]


@given(FILES)
def test_containers_as_others_read_them(files: dict[str, bytes]) -> None:
    """Python's own reader finds the same files in the same order, without a complaint, and so do we."""
    data = zip_bytes(files)
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == files
    assert list(files_in(data).items()) == list(files.items())


@given(st.binary(max_size=300) | FILES.map(zip_bytes))
def test_what_is_no_bundle(data: bytes) -> None:
    """Whatever is given is refused with a name, never with another error."""
    with pytest.raises(BadBundle):
        check(data)


def test_nothing_but_the_standard_library() -> None:
    """The file imports nothing that Python does not bring, and runs alone from an empty folder."""
    tree = ast.parse(Path(standalone.__file__).read_text())
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    ran = subprocess.run([sys.executable, "-I", standalone.__file__], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "Usage" in ran.stderr
