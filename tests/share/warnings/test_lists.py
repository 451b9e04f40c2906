"""Warning lists from files: both formats, built-in ones, and every problem with its line."""

import json
from pathlib import Path

import numpy as np
import pytest

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.warnings import loading
from stillwatch.share.warnings.lists import load_warning_lists
from stillwatch.share.warnings.loading import read_list


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("100.64.0.0", "carrier-grade NAT"),
        ("100.127.255.255", "carrier-grade NAT"),
        ("192.168.3.4", "private"),
        ("fd12::1", "private"),
        ("2001:db8::9", "documentation"),
        ("203.0.113.9", "documentation"),
        ("::ffff:10.1.2.3", "private"),
        ("100.128.0.0", None),
        ("8.8.8.8", None),
        ("2a00::1", None),
        ("unknown", None),
    ],
)
def test_shared_ranges_are_built_in(address: str, name: str | None) -> None:
    """Without any file, at their borders."""
    found = load_warning_lists().name_of_address(address)
    assert found is None if name is None else str(found).startswith(name)


def test_lists_in_the_format_of_misp_are_read(tmp_path: Path) -> None:
    """Blocks, addresses and host names, under the list's own name; the longest prefix decides."""
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    entries = ["198.18.0.0/16", "9.9.9.9", "2620:fe::fe"]
    first.write_text(json.dumps({"name": "resolvers", "type": "cidr", "version": 3, "list": entries}))
    second.write_text(json.dumps({"name": "mail", "type": "hostname", "list": ["mail.example"]}))
    lists = load_warning_lists([first, second])
    assert lists.problems == ()
    found = [lists.name_of_address(a) for a in ("9.9.9.9", "2620:fe::fe", "198.18.7.7", "198.19.0.1", "9.9.9.8")]
    assert found[:3] == ["resolvers"] * 3
    assert str(found[3]).startswith("benchmarks")
    assert found[4] is None
    assert [lists.names[n] for n in lists.lists_of_domains(["eu.mail.example"])] == ["mail"]
    assert lists.lists_of_addresses(["9.9.9.9", "x"]).tolist() == [lists.names.index("resolvers"), -1]


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    """In text and in JSON; what is sound is taken, and the message repeats no entry."""
    text, document = tmp_path / "a.txt", tmp_path / "b.json"
    text.write_text("# shared\n1.2.3.0/24\n\n1.2.3.4/24  # bits after it\nnot one\nok.example\n" + "x" * 500 + "\n")
    document.write_text('{\n "name": "b",\n "list": [\n  "5.6.7.8",\n  "5.6.7.8/8",\n  7,\n  "?"\n ]\n}')
    lists = load_warning_lists([text, document])
    places = [(problem.file, problem.line) for problem in lists.problems]
    assert places == [("a.txt", 4), ("a.txt", 5), ("a.txt", 7), ("b.json", 5), ("b.json", 6), ("b.json", 7)]
    assert not any("not one" in str(problem) or "1.2.3.4" in str(problem) for problem in lists.problems)
    assert str(lists.problems[0]).endswith("(a.txt:4)")
    assert lists.name_of_address("5.6.7.8") == "b"


@pytest.mark.parametrize(
    "content", ['{"list": 7}', "[1, 2]", "{", '{"list": [], "type": "regex"}', '{"type": "cidr"}', "[" * 5000]
)
def test_json_that_is_no_list_is_refused(tmp_path: Path, content: str) -> None:
    """With the file and a line."""
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InvalidInput, match=r"a\.json:\d"):
        read_list(tmp_path / "a.json")


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    """Missing, no text, too large."""
    (tmp_path / "binary").write_bytes(b"1.2.3.4\n\xff\xfe")
    with pytest.raises(UnreadableSource, match="binary:2"):
        read_list(tmp_path / "binary")
    with pytest.raises(UnreadableSource, match="cannot read"):
        read_list(tmp_path / "missing")


def test_limits_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes, entries, problems told, files."""
    path = tmp_path / "many"
    path.write_text("bad entry\n" * 300 + "1.2.3.4\n")
    found = read_list(path)
    assert (len(found.problems), found.n_refused, len(found.prefixes)) == (100, 300, 1)
    monkeypatch.setattr(loading, "MOST_ENTRIES", 300)
    assert not read_list(path).prefixes
    assert read_list(path).n_refused == 301
    monkeypatch.setattr(loading, "MOST_BYTES", 100)
    with pytest.raises(UnreadableSource, match="at most"):
        read_list(path)
    with pytest.raises(InvalidInput, match="at most 1000"):
        load_warning_lists([path] * 1001)


def test_whole_columns_are_looked_up() -> None:
    """A column of addresses gives a column of lists."""
    found = load_warning_lists().lists_of_addresses(["10.0.0.1", "8.8.8.8"] * 500)
    assert found.dtype == np.int16
    assert (found >= 0).tolist() == [True, False] * 500
