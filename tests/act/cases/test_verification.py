"""Reading and verifying bundles: bounded, twice, and the second way finds what the first may not."""

from pathlib import Path

import pytest
from tests.act.cases.made import exported, opened_case
from tests.act.desk import Office

from stillwatch.act.cases import verification
from stillwatch.act.cases.verification import read_bundle, verify_bundle
from stillwatch.errors import FailedProof, UnreadableSource


def test_the_second_way_is_taken(opened: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the code in the bundle to say good to anything, the libraries would still refuse a changed one."""
    opened_case(opened)
    bundle = exported(opened)
    monkeypatch.setattr(verification, "check", lambda _data, _key: {"case": "campaign-1"})
    assert verify_bundle(bundle) == {"case": "campaign-1"}
    for before, after in ((b'"format_version": 1', b'"format_version": 2'), (b'"kind": "case"', b'"kind": "drill"')):
        assert before in bundle
        with pytest.raises(FailedProof):
            verify_bundle(bundle.replace(before, after))


def test_larger_than_any_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is too large is not read to its end."""
    monkeypatch.setattr(verification, "MOST_BYTES", 0)
    (tmp_path / "big").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(UnreadableSource, match="larger than a bundle can be"):
        read_bundle(tmp_path / "big")
    (tmp_path / "big").write_bytes(bytes(1 << 20))
    assert len(read_bundle(tmp_path / "big")) == 1 << 20


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\3\4" + bytes(26), b"\0" * 100])
def test_what_is_no_bundle_is_told_in_one_error(data: bytes) -> None:
    """Anything that is no bundle is refused as such."""
    with pytest.raises(FailedProof, match="does not hold"):
        verify_bundle(data)
