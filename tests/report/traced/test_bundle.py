"""The bundle of a report: the same bytes again, verified by its own code, and no change passes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.report.traced.sample import KEY, report

from stillwatch.errors import FailedProof
from stillwatch.report.traced.bundle import trace_bundle, verify_trace_bundle
from stillwatch.signing import standalone
from stillwatch.signing.keys import SigningKey

SIGNER = SigningKey.generate()
OPENING = {
    "purpose": KEY.purpose.value,
    "for_id": KEY.for_id,
    "epoch": KEY.epoch,
    "secret": KEY.secret.hex(),
    "commitment": KEY.commitment,
}


def test_one_report_is_one_sequence_of_bytes() -> None:
    """Made twice, the bundle is the same, and says what it is."""
    made = trace_bundle(report(), SIGNER)
    assert made == trace_bundle(report(), SIGNER)
    found = verify_trace_bundle(made, SIGNER.key_id)
    assert (found["kind"], found["openings"], found["key"]) == ("dataset", 0, SIGNER.key_id)
    assert KEY.secret.hex().encode() not in made


def test_a_disclosed_key_is_held_against_its_commitment() -> None:
    """With the right secret the bundle holds; with another one it names the file."""
    assert verify_trace_bundle(trace_bundle(report(), SIGNER, [OPENING]))["openings"] == 1
    for name, value in (("secret", "00" * 16), ("for_id", "acct-0018"), ("epoch", "2026-12"), ("purpose", "campaign")):
        with pytest.raises(FailedProof, match=r"openings\.jsonl: a key is not the one"):
            verify_trace_bundle(trace_bundle(report(), SIGNER, [OPENING | {name: value}]))


@pytest.mark.parametrize("name", ["report.json", "report.html", "README.txt", "verify.py", "openings.jsonl"])
def test_a_changed_file_is_named(name: str) -> None:
    """One byte of any file changed, and the failure says in which."""
    files = standalone.files_in(trace_bundle(report(), SIGNER, [OPENING]))
    files[name] = files[name][:-2] + b"~\n"
    with pytest.raises(FailedProof, match=name):
        verify_trace_bundle(standalone.zip_bytes(files))


def test_another_signer_is_told() -> None:
    """Whoever signs anew is not the provider."""
    forged = trace_bundle(report(), SigningKey.generate())
    with pytest.raises(FailedProof, match="not with"):
        verify_trace_bundle(forged, SIGNER.key_id)


def test_the_bundle_verifies_with_python_alone(tmp_path: Path) -> None:
    """The code that lies in the bundle runs without stillwatch, and says good."""
    made = trace_bundle(report(), SIGNER, [OPENING])
    bundle, code = tmp_path / "b.zip", tmp_path / "verify.py"
    bundle.write_bytes(made)
    code.write_bytes(standalone.files_in(made)["verify.py"])
    ran = subprocess.run(
        [sys.executable, "-I", str(code), str(bundle), SIGNER.key_id], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0
    assert ran.stdout.startswith("good")
    assert json.loads(standalone.files_in(made)["report.json"])["format"] == "stillwatch-trace-report"
