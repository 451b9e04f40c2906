"""Marking one answer, a token at a time: which secret numbers raise and which draw at each place.

Both layers work on the distribution that is left after penalties, grammar, temperature, top-k and top-p. The campaign's
layer raises its green tokens first; the account's draw then keeps what that has made. Contexts lie inside the answer,
because whoever finds it later has no prompt. A context that the answer has had already is drawn at ordinary random: the
same numbers again would make answers repeat themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.keys.key import MarkKey
from stillwatch.trace.mark._kernels_slots import uniforms_of_range
from stillwatch.trace.mark.green import raised
from stillwatch.trace.mark.gumbel import draw
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import seed, token_array
from stillwatch.trace.mark.slots import ACCOUNT, ALPHABET, GLOBAL, code_words, slots

__all__ = ["Lane", "MarkKeys", "Plan", "marked_batch", "marked_token", "numbers_at"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the next token's secret numbers come from.

    raising     Seed of the campaign's green list; None for no raise.
    drawing     Seed of the numbers that draw; None for a draw at ordinary random.
    first       Place in the drawing seed's stream of token 0.
    """

    raising: int | None = None
    drawing: int | None = None
    first: int = 0


@dataclass(frozen=True)
class MarkKeys:
    """Keys that one answer is marked with.

    account     None: nothing draws but ordinary chance.
    campaign    None: nothing is raised, which is right for every stream that is not under suspicion.
    provider    The global key; needed when the scheme has shares.
    symbol      The key of code words; needed when the scheme has a share of symbols.
    """

    account: MarkKey | None = None
    campaign: MarkKey | None = None
    provider: MarkKey | None = None
    symbol: MarkKey | None = None

    def check(self, scheme: Scheme) -> None:
        """Refuse keys that the scheme cannot work with.

        Raises      InvalidInput, naming the key that is missing.
        """
        if self.account is None:
            return
        needed = {"provider": scheme.has_slots, "symbol": scheme.symbol_share > 0}
        missing = [name for name, is_needed in needed.items() if is_needed and getattr(self, name) is None]
        if missing:
            message = f"a scheme with shares needs the keys {' and '.join(missing)}"
            raise InvalidInput(message)

    @cached_property
    def code(self) -> list[int]:
        """Values of the account's code word, 31 of them."""
        if self.symbol is None or self.account is None:
            return []
        return [int(value) for value in code_words(self.symbol, [self.account.for_id])[0]]


class Lane:
    """What one answer's marking remembers: its tokens and the contexts it has had.

    >>> from stillwatch.trace.keys.key import Purpose, derive
    >>> lane = Lane(MarkKeys(account=derive(bytes(32), Purpose.ACCOUNT, "a", "e")), Scheme())
    >>> lane.plan([5, 6, 7]).drawing is None, lane.plan([5, 6, 7, 8]).drawing is None
    (True, False)
    """

    def __init__(self, keys: MarkKeys, scheme: Scheme) -> None:
        keys.check(scheme)
        self._keys, self._scheme = keys, scheme
        self._tokens: list[int] = []
        self._seen: set[tuple[int, ...]] = set()

    def plan(self, answer: Sequence[int]) -> Plan:
        """Plan for the token after the answer so far.

        answer      All of its tokens, oldest first; it starts with what this lane was given before.
        Raises      InvalidInput when it does not: then rows were reordered, as beam search does.
        """
        known = len(self._tokens)
        if list(answer[:known]) != self._tokens:
            message = f"an answer must go on from its first {known} tokens: marks work without beams"
            raise InvalidInput(message)
        return self.plan_after(answer[known:])

    def plan_after(self, new: Sequence[int]) -> Plan:
        """As `plan`, from the tokens alone that came since the last plan; see `length`."""
        tokens = [int(token) for token in new]
        if min(tokens, default=0) < 0:  # vLLM puts -1 where a token is still on its way from the device
            return Plan()
        for token in tokens:
            self._seen.add(self._context())
            self._tokens.append(token)
        return self._next()

    @property
    def length(self) -> int:
        """Tokens of the answer that this lane knows."""
        return len(self._tokens)

    def _context(self) -> tuple[int, ...]:
        return tuple(self._tokens[-self._scheme.account_width :])

    def _next(self) -> Plan:
        tokens, scheme, keys = self._tokens, self._scheme, self._keys
        raising = None
        if keys.campaign is not None and len(tokens) >= scheme.campaign_width:
            raising = seed(keys.campaign.words, tokens[-scheme.campaign_width :])
        context = self._context()
        if keys.account is None or len(context) < scheme.account_width or context in self._seen:
            return Plan(raising)
        drawing, first = self._drawing(keys.account, context)
        return Plan(raising, drawing, first)

    def _drawing(self, account: MarkKey, context: tuple[int, ...]) -> tuple[int, int]:
        turn = ACCOUNT
        if self._keys.provider is not None and self._scheme.has_slots:
            row = [*context, 0]
            turn = int(slots(self._keys.provider, row, np.array([len(context)]), self._scheme)[0])
            if turn == GLOBAL:
                return seed(self._keys.provider.words, context), 0
        if turn == ACCOUNT or self._keys.symbol is None:
            return seed(account.words, context), 0
        return seed(self._keys.symbol.words, context), (turn * ALPHABET + self._keys.code[turn]) << 32


def numbers_at(of_seed: int, first: int, vocabulary_size: int) -> NDArray[np.float64]:
    """Secret numbers of the whole vocabulary in the stream of a seed, in (0, 1)."""
    return np.asarray(uniforms_of_range(np.uint64(of_seed), first, vocabulary_size), np.float64)


def marked_token(logits: ArrayLike, plan: Plan, scheme: Scheme, generator: np.random.Generator) -> int:
    """The next token of a marked answer.

    logits      After penalties, grammar, temperature, top-k and top-p, shape (vocabulary,); minus infinity where cut.
    generator   Of ordinary draws; used only where the plan has none.
    Raises      InvalidInput when no token is possible.

    >>> marked_token([0.0, -np.inf], Plan(drawing=3), Scheme(), np.random.default_rng(0))
    0
    """
    row = np.asarray(logits, np.float64)
    if plan.raising is not None:
        row = raised(row, numbers_at(plan.raising, 0, len(row)), scheme.gamma, scheme.delta)
    top = row.max(initial=-np.inf)
    if not np.isfinite(top):
        message = f"logits must leave a token possible and be below infinity, got a largest of {top}"
        raise InvalidInput(message)
    probabilities = np.exp(row - top)
    probabilities /= probabilities.sum()
    if plan.drawing is None:
        return int(generator.choice(len(row), p=probabilities))
    return draw(probabilities, numbers_at(plan.drawing, plan.first, len(row)))


def marked_batch(
    logits: ArrayLike, plans: Sequence[Plan], scheme: Scheme, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Next tokens of many answers, each with keys of its own, shape (answers,).

    logits      As for `marked_token`, shape (answers, vocabulary).
    """
    rows = np.asarray(logits, np.float64)
    if rows.ndim != 2 or len(rows) != len(plans):
        message = f"logits must have a row for each of {len(plans)} answers, got shape {rows.shape}"
        raise InvalidInput(message)
    found = [marked_token(row, plan, scheme, generator) for row, plan in zip(rows, plans, strict=True)]
    return token_array(found)
