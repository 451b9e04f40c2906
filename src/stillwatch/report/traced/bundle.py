"""A report on a suspect as a signed bundle that anybody can verify offline; keys only where they are disclosed."""

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stillwatch.errors import FailedProof, UnreadableSource
from stillwatch.model.trace_report import TraceReport
from stillwatch.report.traced import words
from stillwatch.report.traced.html import to_html
from stillwatch.report.traced.json import to_json
from stillwatch.signing import standalone
from stillwatch.signing.keys import SigningKey

__all__ = ["read_trace_bundle", "trace_bundle", "verify_trace_bundle"]

_MOST_BYTES: Final = 1 << 28


def trace_bundle(report: TraceReport, key: SigningKey, openings: Sequence[Mapping[str, str]] = ()) -> bytes:
    """The bundle; for one report, key and openings always the same bytes.

    openings    Disclosed keys, each with purpose, for_id, epoch, secret (hexadecimal) and commitment. Whoever has one
                can forge its mark, so disclose what a court asks for and retire its epoch.
    """
    jwk = key.verify_key.jwk()
    files = {
        "README.txt": _readme(report, key.key_id, len(openings)).encode(),
        "report.json": json.dumps(to_json(report), indent=1, sort_keys=True).encode() + b"\n",
        "report.html": to_html(report).encode(),
        "openings.jsonl": b"".join(json.dumps(dict(one), sort_keys=True).encode() + b"\n" for one in openings),
        standalone.KEY: json.dumps(jwk, indent=1, sort_keys=True).encode() + b"\n",
        standalone.PEM: standalone.pem_of(jwk),
        "verify.py": inspect.getsource(standalone).encode(),
    }
    files = {name: data for name, data in files.items() if data}
    listed = [
        {"name": name, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    ]
    about = {"report": hashlib.sha256(files["report.json"]).hexdigest()[:32], "key": key.key_id}
    told = {"format": standalone.TRACE, "format_version": 1, **about, "files": listed}
    manifest = json.dumps(told, indent=1, sort_keys=True).encode() + b"\n"
    signed = {**files, standalone.MANIFEST: manifest, standalone.SIGNATURE: key.sign(manifest)}
    return standalone.zip_bytes(signed)


def read_trace_bundle(path: Path) -> bytes:
    """Bytes of a bundle.

    Raises      UnreadableSource when it cannot be read, or is larger than any bundle.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    if len(data) > _MOST_BYTES:
        message = f"{path} is larger than a bundle can be, {_MOST_BYTES >> 20} MiB"
        raise UnreadableSource(message)
    return data


def verify_trace_bundle(data: bytes, key_id: str | None = None) -> dict[str, Any]:
    """Verify a bundle; what it holds.

    key_id      Name of the key that must have signed, from somewhere else; None leaves open who signed.
    Raises      FailedProof, which names the file of the bundle that does not hold.
    """
    try:
        return standalone.check(data, key_id)
    except standalone.BadBundle as error:
        message = f"the bundle does not hold: {error}"
        raise FailedProof(message) from error


def _readme(report: TraceReport, key_id: str, n_openings: int) -> str:
    label, meaning = words.FINDINGS[report.finding]
    opened = f"{n_openings} keys are disclosed in openings.jsonl" if n_openings else "No key is disclosed"
    return f"""Report of stillwatch {report.version} on {words.SUSPECTS[report.suspect]}

{label}. {meaning}

report.html     to read; it loads nothing from anywhere
report.json     every figure
verify.py       checks this bundle with nothing but Python: python3 verify.py BUNDLE.zip KEY-ID
key.json, .pem  the public key that signed; its name is {key_id}.
                Compare the name with one that you have from somewhere else.

{opened}. The commitments in the report bind the keys: a disclosed key can be held against them,
and each commitment against the ledger in which it was published before the key's use.
"""
