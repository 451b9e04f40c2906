"""What the input can show at all: which columns carry anything."""

from typing import Final

import numpy as np
import pyarrow as pa

from stillwatch.detect.accounts import AccountBook
from stillwatch.model.family import ATTRIBUTES
from stillwatch.model.view import Fingerprints

__all__ = ["COVERED", "coverage", "missing"]

COVERED: Final = ("content", "build", "prefix", "asn", "head", "system")
_CODES: Final = {
    "content": "no-text",
    "build": "no-clients",
    "prefix": "no-addresses",
    "asn": "no-networks",
    "head": "no-conversations",
    "system": "no-system",
}
_ACCOUNT_CODES: Final = {"payment": "no-payments", "email_domain": "no-email-domains"}


def coverage(fingerprints: Fingerprints) -> pa.Table:
    """One row: exchanges that carry each column, of heads those that are none, for a `Summary` with key ``all``."""
    carried = {name: fingerprints[name] != 0 for name in COVERED} | {"head": ~fingerprints["head"]}
    return pa.table({"all": [0], **{name: [int(np.count_nonzero(rows))] for name, rows in carried.items()}})


def missing(covered: pa.Table, book: AccountBook) -> tuple[str, ...]:
    """Codes of what cannot be judged because no row carries it."""
    codes = [code for name, code in _CODES.items() if not covered.num_rows or not covered[name][0].as_py()]
    for name, code in _ACCOUNT_CODES.items():
        if not book.attributes[:, ATTRIBUTES.index(name)].any():
            codes.append(code)
    return tuple(codes)
