"""What every account's key says of one text: sums of -ln(1 - u) over places, by accounts."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.trace.keys.key import MarkKey, key_words
from stillwatch.trace.leak import _kernels_scores as kernels
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import seed, uniforms_from
from stillwatch.trace.mark.slots import ACCOUNT, ALPHABET, GLOBAL, SYMBOLS, code_words, slots

__all__ = ["KeyTable", "Places", "sums_twin"]

_KEYS_A_THREAD: Final = 4096


@dataclass(frozen=True, slots=True)
class Places:
    """What of one record counts: places whose contexts came for the first time.

    tokens      The record's.
    places      Positions in it.
    turns       Whose turn it is at each place: `slots.ACCOUNT`, `slots.GLOBAL` or a symbol's place.
    """

    tokens: NDArray[np.int64]
    places: NDArray[np.int64]
    turns: NDArray[np.int64]

    def of(self, turn: int) -> NDArray[np.int64]:
        """Places of one turn."""
        return np.asarray(self.places[self.turns == turn], np.int64)

    @property
    def n_by_account(self) -> int:
        """Places that tell accounts apart."""
        return int((self.turns != GLOBAL).sum())


class KeyTable:
    """Keys of all accounts, laid out for the kernels.

    accounts    Ids, no two alike.
    keys        Their keys, in that order.
    shared      The global key and the key of all symbols; needed when the scheme divides contexts.
    """

    def __init__(
        self, accounts: Sequence[str], keys: Sequence[MarkKey], scheme: Scheme, shared: tuple[MarkKey, MarkKey] | None
    ) -> None:
        self.accounts = accounts
        self.scheme = scheme
        words = key_words(keys)
        self._low, self._high = np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])
        self._global: MarkKey | None = shared[0] if shared else None
        self._symbol: MarkKey | None = shared[1] if shared else None
        has_code = scheme.symbol_share > 0 and self._symbol is not None
        self._code = code_words(self._symbol, accounts) if has_code and self._symbol is not None else None

    def __len__(self) -> int:
        """How many accounts."""
        return len(self.accounts)

    def turns(self, tokens: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Whose turn it is at each place."""
        if self._global is None:
            return np.full(len(places), ACCOUNT)
        return slots(self._global, tokens, places, self.scheme)

    def global_numbers(self, record: Places) -> NDArray[np.float64]:
        """Numbers u of the tokens at which the global key draws."""
        if self._global is None:
            return np.zeros(0)
        words = np.array(self._global.words, np.uint64)
        found = kernels.numbers_of(words, record.tokens, record.of(GLOBAL), self.scheme.account_width)
        return np.asarray(found, np.float64)

    def sums(self, record: Places, rows: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Sum of scores of each account over a record's places.

        rows    Only these accounts; None: all.
        """
        sums = self._by_key(record.tokens, record.of(ACCOUNT), rows)
        self.add_symbols(record, sums, rows)
        return sums

    def add_symbols(self, record: Places, sums: NDArray[np.float64], rows: NDArray[np.int64] | None = None) -> None:
        """Add what each account's code word explains to its sum."""
        if self._code is not None:
            kernels.code_sums(self._by_symbol(record), self._code if rows is None else self._code[rows], sums)

    def apart_from(self, record: Places, row: int, others: Sequence[int]) -> tuple[float, int]:
        """Sum and places of one account where its code word differs from those of others.

        Accounts share symbols by chance. What an account that is named already explains is no evidence of another one.
        """
        total, count = float(self._by_key(record.tokens, record.of(ACCOUNT), np.array([row]))[0]), 0
        count += int((record.turns == ACCOUNT).sum())
        if self._code is not None:
            mine = self._code[row]
            differs = np.flatnonzero((self._code[list(others)] != mine).all(axis=0))
            total += float(self._by_symbol(record)[differs, mine[differs]].sum())
            count += int(np.isin(record.turns, differs).sum())
        return total, count

    @property
    def has_code(self) -> bool:
        """Whether symbols of code words draw anywhere."""
        return self._code is not None

    def _by_symbol(self, record: Places) -> NDArray[np.float64]:
        """What each value of each symbol would explain, shape (symbols, values)."""
        is_symbol = record.turns >= 0
        words = np.array(self._symbol.words if self._symbol is not None else (0, 0), np.uint64)
        places, turns = record.places[is_symbol], record.turns[is_symbol]
        size = (SYMBOLS, ALPHABET)
        found = kernels.symbol_scores(words, record.tokens, places, turns, self.scheme.account_width, size)
        return np.asarray(found, np.float64)

    def _by_key(
        self, tokens: NDArray[np.int64], places: NDArray[np.int64], rows: NDArray[np.int64] | None
    ) -> NDArray[np.float64]:
        low, high = (self._low, self._high) if rows is None else (self._low[rows], self._high[rows])
        if not len(places):
            return np.zeros(len(low))

        def part(start: int) -> NDArray[np.float64]:
            stop = start + _KEYS_A_THREAD
            return np.asarray(
                kernels.sums_by_key(low[start:stop], high[start:stop], tokens, places, self.scheme.account_width)
            )

        starts = range(0, len(low), _KEYS_A_THREAD)
        if len(starts) == 1:
            return part(0)
        with ThreadPoolExecutor() as pool:
            return np.concatenate(list(pool.map(part, starts)))


def sums_twin(keys: Sequence[MarkKey], tokens: Sequence[int], places: Sequence[int], width: int) -> list[float]:
    """What the kernel adds up, one key and one place at a time.

    >>> from stillwatch.trace.keys.key import Purpose, derive
    >>> keys = [derive(bytes(32), Purpose.ACCOUNT, str(i), "e") for i in range(2)]
    >>> [round(one, 3) for one in sums_twin(keys, [1, 2, 3, 4, 5], [4], 4)]
    [1.101, 0.083]
    """
    return [
        float(sum(-np.log1p(-uniforms_from(seed(key.words, tokens[i - width : i]), [tokens[i]])[0]) for i in places))
        for key in keys
    ]
