"""Secrets and texts that must not go further."""

import stat
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.ingest import Content, installation_salt
from stillwatch.ingest.conceal import Concealer, is_card_number

from .conftest import Lines, Read, Row

KEYS = [
    "sk-abcdefghijklmnop",
    "sk-proj-abc_DEF-0123456789",
    "Bearer abc",
    "bearer sk-abcdefghijklmnop",
    "gsk_abcdefghijklmnopq",
    "AIzaSyA0123456789abcdefghijkl",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
]
NAMES = ["acct-1", "sk", "sk-short", "skylark-industries-inc", "42", "hf", "eyJ", "Basic", "AK-47-enthusiasts", "a\nb"]


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_hashed(key: str) -> None:
    """What looks like a key of a provider is replaced; nothing of it is left."""
    hidden = Concealer(b"s").ids(pa.array(["x", key, None])).to_pylist()
    assert hidden[0] == "x"
    assert hidden[1].startswith("key-")
    assert key not in hidden[1]
    assert hidden[2] is None


def test_ordinary_ids_are_left_alone() -> None:
    """Ids that begin like a key but are none stay as they are, in the same memory."""
    array = pa.array(NAMES)
    assert Concealer(b"s").ids(array) is array


def test_equal_secrets_stay_equal_and_salts_differ() -> None:
    """Within one salt a secret has one hash; under another it has another."""
    ids = pa.array([KEYS[0], KEYS[0], KEYS[1]])
    one, two, three = Concealer(b"s").ids(ids).to_pylist()
    assert one == two != three
    assert Concealer(b"other").ids(ids)[0].as_py() != one
    assert Concealer().ids(ids)[0].as_py() != Concealer().ids(ids)[0].as_py()


def test_mail_names_are_hashed_and_domains_stay() -> None:
    """Two people of one company stay two, one person in two spellings is one."""
    ann, bob, also_ann = Concealer(b"s").ids(pa.array(["ann@x.org", "bob@x.org", "Ann@X.org"])).to_pylist()
    assert ann == also_ann != bob
    assert "ann" not in ann
    assert ann.endswith("@x.org")


@pytest.mark.parametrize(
    ("text", "is_card"), [("5555555555554444", True), ("fp_5555555555554444", False), (None, False)]
)
def test_card_numbers(text: str | None, *, is_card: bool) -> None:
    """Only whole values with a valid check digit are card numbers."""
    assert is_card_number(text) == is_card


@pytest.mark.parametrize("content", ["hashed", "none"])
def test_content_modes(lines: Lines, row: Row, read: Read, content: str) -> None:
    """No text leaves; in mode hashed equal system prompts have equal hashes."""
    rows = [row(i, system_text=s, output_text="answer") for i, s in enumerate(["same", "same", "other", None])]
    _, table = read(lines(*rows), content=content, salt=b"s")
    assert table["prompt_text"].null_count == table["output_text"].null_count == 4
    system = table["system_text"].to_pylist()
    if content == Content.NONE:
        assert system == [None] * 4
    else:
        assert system[0] == system[1] != system[2]
        assert system[3] is None
        assert all(text.startswith("hash-") for text in system[:3])


def test_the_salt_of_an_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made once, readable by its owner only, found through the environment."""
    monkeypatch.setenv("STILLWATCH_SALT", str(tmp_path / "deep" / "salt"))
    salt = installation_salt()
    assert installation_salt() == salt
    assert stat.S_IMODE((tmp_path / "deep" / "salt").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["salt"]


def test_a_salt_that_is_none(tmp_path: Path) -> None:
    """A short salt and a place that cannot be written are errors with the path."""
    (tmp_path / "salt").write_bytes(b"short")
    with pytest.raises(InvalidInput, match=r"at least 16 bytes, got 5 \(.*salt\)"):
        installation_salt(tmp_path / "salt")
    with pytest.raises(UnreadableSource, match="cannot be read or made"):
        installation_salt(tmp_path / "salt" / "below")


PARTS = ["sk-", "pk_", "Bearer ", "BASIC\t", "ba\u017fic ", "to\u212aen ", "hf_", "AIza", "AKIA", "eyJ", "eyJ.", ".eyJ"]
SPELLINGS = st.lists(
    st.sampled_from([*PARTS, "@", "x.org", "A" * 12, "a" * 20, "\u00a0", "\u2003", "\v", " ", "\n", "1" * 32]),
    max_size=5,
).map("".join)


@given(SPELLINGS)
def test_one_id_is_hidden_as_a_column_is(text: str) -> None:
    """Whatever characters it has; and what is hidden stays as it is, alone and in a column."""
    concealer = Concealer(b"s")
    (hidden,) = concealer.ids(pa.array([text])).to_pylist()
    assert concealer.id(text) == hidden
    assert concealer.id(hidden) == hidden
    assert concealer.ids(pa.array([hidden])).to_pylist() == [hidden]


def test_a_name_of_hexadecimal_digits_is_hidden_too() -> None:
    """Only what stands behind our own prefix is taken for hidden."""
    name = "0123456789abcdef0123456789abcdef"
    assert name not in Concealer(b"s").id(f"{name}@x.org")


def test_hashed_system_prompts_stay_as_they_are(lines: Lines, row: Row, read: Read) -> None:
    """A scan of what a collector has stored in mode hashed gives the same hashes."""
    _, once = read(lines(row(1, system_text="be brief")), content="hashed", salt=b"s")
    (text,) = once["system_text"].to_pylist()
    _, twice = read(lines(row(1, system_text=text)), content="hashed", salt=b"s")
    assert twice["system_text"].to_pylist() == [text] == [Concealer(b"s").text("be brief")]
