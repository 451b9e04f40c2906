"""Verify a bundle twice: by the code that lies in it, and by the libraries that the rest of stillwatch uses."""

import json
from pathlib import Path
from typing import Any

from stillwatch.act.cases.bundle import MOST_BYTES
from stillwatch.errors import FailedProof, StillwatchError, UnreadableSource
from stillwatch.ledger.entry import Opening, is_of
from stillwatch.ledger.head import verify_head
from stillwatch.ledger.proof import Proof, check_proof
from stillwatch.signing import standalone
from stillwatch.signing.keys import VerifyKey, keys_of
from stillwatch.signing.standalone import BadBundle, check, files_in

__all__ = ["read_bundle", "verify_bundle"]


def read_bundle(path: Path) -> bytes:
    """Bytes of a bundle.

    Raises      UnreadableSource when it cannot be read, or is larger than any bundle.
    """
    most = MOST_BYTES + (1 << 20)
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
    if len(data) > most:
        message = f"{path} is larger than a bundle can be, {most >> 20} MiB"
        raise UnreadableSource(message)
    return data


def verify_bundle(data: bytes, key_id: str | None = None) -> dict[str, Any]:
    """Verify a bundle; what it holds.

    key_id      Name of the key that must have signed, from somewhere else; None leaves open who signed.
    Raises      FailedProof, which names the file of the bundle that does not hold.
    """
    try:
        found = check(data, key_id)
    except BadBundle as error:
        message = f"the bundle does not hold: {error}"
        raise FailedProof(message) from error
    try:
        _check_again(files_in(data))
    except (StillwatchError, KeyError, TypeError, ValueError) as error:
        message = f"the bundle does not hold: {error}"
        raise FailedProof(message) from error
    return found


def _check_again(files: dict[str, bytes]) -> None:
    key = VerifyKey.of(json.loads(files[standalone.KEY]))
    if not key.is_signed(files[standalone.MANIFEST], files[standalone.SIGNATURE]):
        message = f"{standalone.MANIFEST}: it or its signature was changed"
        raise FailedProof(message)
    head = verify_head(json.loads(files["head.json"]), keys_of([key]))
    for line in map(json.loads, files["ledger.jsonl"].splitlines()):
        proof = Proof.of({"entry": line["entry"], "size": head.size, "path": line["path"]})
        check_proof(proof, head)
        if not is_of(proof.entry, Opening(bytes.fromhex(line["salt"]), json.loads(line["document"]))):
            message = f"ledger.jsonl: entry {proof.entry.index} is of another document"
            raise FailedProof(message)
