"""Marked and unmarked token texts of a toy model whose next-token distribution follows from the last two tokens."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import MarkKey, Purpose
from stillwatch.trace.leak.records import Record
from stillwatch.trace.leak.scoring import KeyTable
from stillwatch.trace.mark.gumbel import draw
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import uniforms
from stillwatch.trace.mark.slots import ACCOUNT, GLOBAL, code_words, slots, symbol_uniforms

__all__ = [
    "EPOCH",
    "KEEPER",
    "VOCABULARY",
    "Words",
    "accounts_of",
    "edited",
    "innocent",
    "marked",
    "record",
    "table_of",
]

KEEPER = KeyKeeper(bytes(range(32)))
EPOCH = "2026-11"
VOCABULARY = 1000
GLOBAL_KEY, SYMBOL_KEY = KEEPER.key(Purpose.GLOBAL, "", EPOCH), KEEPER.key(Purpose.SYMBOL, "", EPOCH)


@dataclass(frozen=True)
class Words:
    """A tokenizer whose texts are numbers with spaces between."""

    name: str = "numbers"
    sha256: str = "ab" * 32
    vocabulary_size: int = VOCABULARY

    def encode(self, text: str) -> NDArray[np.int64]:
        return np.array([int(word) for word in text.split() if word.isdigit()], np.int64)

    def decode(self, tokens: NDArray[np.int64]) -> str:
        return " ".join(str(token) for token in tokens)


def _next(tokens: list[int], entropy: float) -> NDArray[np.float64]:
    """Distribution after the last two tokens: a few likely ones, about `entropy` nats."""
    rng = np.random.default_rng(tokens[-1] * VOCABULARY + tokens[-2])
    size = max(2, round(np.exp(entropy) * 1.5))
    chosen = rng.choice(VOCABULARY, size, replace=False)
    weights = rng.dirichlet(np.full(size, 2.0))
    found = np.zeros(VOCABULARY)
    found[chosen] = weights
    return found


def innocent(rng: np.random.Generator, length: int, entropy: float = 1.5) -> list[int]:
    """Text of the model without any mark."""
    tokens: list[int] = rng.integers(0, VOCABULARY, 4).tolist()
    while len(tokens) < length:
        tokens.append(int(rng.choice(VOCABULARY, p=_next(tokens, entropy))))
    return tokens


def marked(
    rng: np.random.Generator, account: str, length: int, scheme: Scheme | None = None, entropy: float = 1.5
) -> list[int]:
    """Text of the model with the account layer for an account, in all its slots."""
    made = scheme or Scheme()
    key = KEEPER.key(Purpose.ACCOUNT, account, EPOCH)
    code = code_words(SYMBOL_KEY, [account])[0]
    tokens: list[int] = rng.integers(0, VOCABULARY, 4).tolist()
    while len(tokens) < length:
        context = tokens[-made.account_width :]
        turn = ACCOUNT
        if made.has_slots:
            place = np.array([len(tokens)])
            turn = int(slots(GLOBAL_KEY, [*tokens, 0], place, made)[0])
        if turn >= 0:
            numbers = symbol_uniforms(SYMBOL_KEY, context, (turn, int(code[turn])), VOCABULARY)
        else:
            numbers = uniforms((GLOBAL_KEY if turn == GLOBAL else key).words, context, VOCABULARY)
        tokens.append(draw(_next(tokens, entropy), numbers))
    return tokens


def edited(rng: np.random.Generator, tokens: list[int], share: float) -> list[int]:
    """A share of the tokens substituted, one in three of them deleted or doubled instead."""
    found: list[int] = []
    for token in tokens:
        if rng.random() >= share:
            found.append(token)
            continue
        kind = rng.random()
        if kind > 1 / 3:
            found.append(int(rng.integers(VOCABULARY)))
        elif kind > 1 / 6:
            found += [token, token]
    return found


def accounts_of(count: int) -> list[str]:
    """Ids of accounts."""
    return [f"acct-{i:05}" for i in range(count)]


def keys_of(accounts: list[str]) -> list[MarkKey]:
    """Their keys."""
    return KEEPER.keys(Purpose.ACCOUNT, accounts, EPOCH)


def table_of(count: int, scheme: Scheme | None = None) -> KeyTable:
    """Keys of accounts as a search takes them."""
    accounts = accounts_of(count)
    made = scheme or Scheme()
    return KeyTable(accounts, keys_of(accounts), made, (GLOBAL_KEY, SYMBOL_KEY) if made.has_slots else None)


def record(name: str, tokens: list[int]) -> Record:
    """A record of tokens."""
    return Record(name, " ".join(map(str, tokens)))
