"""Whose key draws after a context: the account's, the global one, or a symbol of the account's code word.

The global key decides by the context alone. With 0 for both shares every context is the account's, and the global key
is not needed.

A code word is 31 symbols of 32 values, a pseudorandom function of the account's id: of a million accounts no two agree
in more than some eight symbols, nobody keeps a register, and to find the likeliest of N accounts costs 31 N look-ups.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.trace.keys.key import MarkKey
from stillwatch.trace.mark import _kernels_slots as kernels
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import seed, token_array

__all__ = ["ACCOUNT", "ALPHABET", "GLOBAL", "SYMBOLS", "code_words", "slots", "symbol_uniforms"]

ACCOUNT: Final = -2
GLOBAL: Final = -1
SYMBOLS: Final = 31
ALPHABET: Final = 32
_CODE: Final = b"stillwatch code word 1"


def slots(key: MarkKey, tokens: ArrayLike, places: NDArray[np.int64], scheme: Scheme) -> NDArray[np.int64]:
    """Whose turn it is at each place: ACCOUNT, GLOBAL, or a symbol's place in the code word, 0 to 30.

    key     The global key.
    places  Positions of tokens, each with `scheme.account_width` tokens before it.

    >>> from stillwatch.trace.keys.key import Purpose, derive
    >>> key = derive(bytes(32), Purpose.GLOBAL, "", "e")
    >>> slots(key, [1, 2, 3, 4, 5], np.array([4]), Scheme(global_share=1.0)).tolist()
    [-1]
    """
    words = np.array(key.words, np.uint64)
    shares = np.array([scheme.global_share, scheme.symbol_share])
    return np.asarray(
        kernels.slots_at(words, token_array(tokens), places, scheme.account_width, shares, SYMBOLS), np.int64
    )


def symbol_uniforms(
    key: MarkKey, context: ArrayLike, symbol: tuple[int, int], vocabulary_size: int
) -> NDArray[np.float64]:
    """Numbers of the vocabulary where it is a symbol's turn, shape (vocabulary_size,).

    key     The key of all symbols.
    symbol  Its place in the code word, and its value there.
    """
    place, value = symbol
    of_context = np.uint64(seed(key.words, context))
    first = (place * ALPHABET + value) << 32
    return np.asarray(kernels.uniforms_of_range(of_context, first, vocabulary_size), np.float64)


def code_words(key: MarkKey, accounts: Sequence[str]) -> NDArray[np.uint8]:
    """Code words of accounts, shape (accounts, 31), values 0 to 31.

    key     The key of all symbols.

    >>> from stillwatch.trace.keys.key import Purpose, derive
    >>> found = code_words(derive(bytes(32), Purpose.SYMBOL, "", "e"), ["acct-1", "acct-2"])
    >>> found.shape, int(found.max()) < ALPHABET
    ((2, 31), True)
    """
    digests = b"".join(
        hmac.digest(key.secret, _CODE + hashlib.sha256(account.encode()).digest(), "sha256")[:SYMBOLS]
        for account in accounts
    )
    return np.frombuffer(digests, np.uint8).reshape(len(accounts), SYMBOLS) % np.uint8(ALPHABET)
