"""Identifiers that say nothing: a seeded bijection of small numbers to hexadecimal text."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["hex_ids", "mix"]

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


def mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finaliser, a bijection of 64-bit words.

    References    Steele, Lea, Flood (2014), OOPSLA, section 3.
    """
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def hex_ids(prefix: str, numbers: npt.ArrayLike, salt: int) -> pa.StringArray:
    """Text ids for whole numbers: different for different numbers, in no recognisable order; null for negative ones.

    salt    Makes the ids of one run differ from those of another.

    >>> hex_ids("a_", [1, 2, -1], 7).to_pylist()
    ['a_e099ec6cd7363ca5', 'a_b9f24f7bae4a6586', None]
    """
    signed = np.asarray(numbers, np.int64)
    with np.errstate(over="ignore"):
        salted = mix(signed.astype(np.uint64) + np.uint64(salt % 2**63) * np.uint64(0x9E3779B97F4A7C15))
    shifts = np.arange(60, -4, -4).astype(np.uint64)
    head = np.frombuffer(prefix.encode(), np.uint8)
    width = len(head) + 16
    text = np.empty((len(signed), width), np.uint8)
    text[:, : len(head)] = head
    text[:, len(head) :] = _HEX[((salted[:, None] >> shifts) & np.uint64(15)).astype(np.int64)]
    offsets = np.arange(0, (len(signed) + 1) * width, width, dtype=np.int32)
    valid = pa.array(signed >= 0)
    ids = pa.StringArray.from_buffers(len(signed), pa.py_buffer(offsets), pa.py_buffer(text.tobytes()))
    return pc.if_else(valid, ids, None)
