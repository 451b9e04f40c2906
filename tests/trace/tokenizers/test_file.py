"""A model's tokenizer file: ids, hash, and files that are none."""

import hashlib
import json
from pathlib import Path

import pytest

from stillwatch.errors import MissingData, UnreadableSource
from stillwatch.trace.tokenizers.file import TokenizerFile, _pieces

tokenizers = pytest.importorskip("tokenizers")

WORDS = ["[UNK]", "the", "cat", "sat", "on", "mat"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A word-level tokenizer as a file."""
    model = tokenizers.models.WordLevel({word: i for i, word in enumerate(WORDS)}, WORDS[0])
    made = tokenizers.Tokenizer(model)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def test_a_file_gives_ids_and_its_hash(path: Path) -> None:
    """Ids are the library's; the hash is of the bytes; unknown words, nothing and many scripts are no error."""
    found = TokenizerFile.open(path)
    assert found.encode("the cat sat").tolist() == [1, 2, 3]
    assert found.encode("").tolist() == []
    assert found.encode("猫 \u202e the").tolist()[-1] == 1
    assert found.decode(found.encode("the mat")) == "the mat"
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.vocabulary_size == len(WORDS)


def test_long_texts_are_encoded_in_pieces(path: Path) -> None:
    """Cut at white space, the ids are those of the whole."""
    found, text = TokenizerFile.open(path), "the cat sat on the mat " * 30_000
    assert found.encode(text).tolist() == [1, 2, 3, 4, 1, 5] * 30_000
    assert len(_pieces(text)) > 2
    assert "".join(_pieces(text)) == text


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", json.dumps({"model": 3}).encode()])
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, data: bytes) -> None:
    """The message names the file and not what it holds."""
    (tmp_path / "t.json").write_bytes(data)
    with pytest.raises(UnreadableSource, match=r"t\.json is no tokenizer"):
        TokenizerFile.open(tmp_path / "t.json")
    with pytest.raises(MissingData, match=r"tokenizer\.json"):
        TokenizerFile.open(tmp_path / "none.json")
    with pytest.raises(UnreadableSource, match="IsADirectory"):
        TokenizerFile.open(tmp_path)
