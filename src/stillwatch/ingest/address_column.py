"""A column of client addresses in one spelling."""

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest._kernels import plain_ipv4
from stillwatch.ingest._kernels_ipv6 import plain_ipv6
from stillwatch.ingest.addresses import client_address
from stillwatch.ingest.strings import string_parts

__all__ = ["canonical_addresses"]

_spelt = lru_cache(maxsize=65_536)(client_address)


def canonical_addresses(array: pa.Array) -> pa.Array:
    """Spell every address the one normal way, of a list the one `client_address` chooses; no address becomes null.

    Logs say ``unknown``, ``-`` or a host name when they do not know the address. That is no damage of the row:
    detectors go without it. The same array comes back when all is normal already.

    >>> canonical_addresses(pa.array(["203.0.113.7", "2001:DB8:0::1", "-"])).to_pylist()
    ['203.0.113.7', '2001:db8::1', None]
    """
    offsets, data = string_parts(array)
    plain, plain_6 = np.empty(len(array), np.bool_), np.empty(len(array), np.bool_)
    plain_ipv4(offsets, data, plain)
    plain_ipv6(offsets, data, plain_6)
    odd = pa.array(~(plain | plain_6))
    if array.null_count:
        odd = pc.and_(odd, array.is_valid())
    if not pc.any(odd).as_py():
        return array
    encoded = array.filter(odd).dictionary_encode()
    spelt = pa.array([_spelt(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(array, odd, spelt.take(encoded.indices))
