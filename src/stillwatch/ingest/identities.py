"""The digest that stands for an API key where a field was meant for one.

Keys and e-mail addresses that turn up in other identity fields are concealed centrally, with the salt of the
installation (`stillwatch.ingest.conceal`). This one is without salt on purpose: it is what LiteLLM itself writes.
"""

import hashlib
import re

__all__ = ["key_identity"]

DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def key_identity(value: object) -> object:
    """Identity of a field meant for a key's digest: a SHA-256 in hex stays, any other text is hashed by SHA-256.

    LiteLLM hashes keys that start with ``sk-``; others it logs as they are. Its digest of a key and ours are the same.

    >>> key_identity("my-plain-key") == key_identity(key_identity("my-plain-key"))
    True
    """
    if not isinstance(value, str) or not value or DIGEST.fullmatch(value):
        return value
    return hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
