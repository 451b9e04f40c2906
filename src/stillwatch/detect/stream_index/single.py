"""One request at a time, within a fraction of a millisecond: what a gateway asks before an answer is made."""

from itertools import accumulate
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.pools import HashPool, TextPool
from stillwatch.detect.stream_index._kernels_single import (
    KIN,
    LINKED,
    POOL,
    TEMPLATE,
    Learnt,
    Settings,
    account_row,
    campaign_row,
    identify,
)
from stillwatch.detect.stream_index.index import NOBODYS, StreamIndex
from stillwatch.detect.stream_index.nearest import Nearest
from stillwatch.model.decision import Request
from stillwatch.model.fingerprint import SEGMENTS_PER_PROMPT, SIGNATURE_LENGTH
from stillwatch.sketch import PhraseCounts
from stillwatch.sketch._kernels_elicitation import Prompts
from stillwatch.sketch._kernels_segments import Book, Counters, Cut, sketch_rows
from stillwatch.sketch.elicitation import default_phrases
from stillwatch.sketch.folding import fold_tables
from stillwatch.sketch.strings import Strings
from stillwatch.sketch.templates import Templates
from stillwatch.sketch.topic import topic_weights
from stillwatch.stats.lookup import HashIndex, among

__all__ = ["SingleLookup"]

N = TypeVar("N", bound=np.generic)

_TEXT: Final = 1 << TEMPLATE | 1 << LINKED | 1 << KIN
_POOLED: Final = 1 << POOL
_NO_SEGMENTS: Final = np.zeros(SEGMENTS_PER_PROMPT, np.uint64)
_NO_EXCHANGE: Final = np.zeros(1, np.uint64)
_LOW_BITS: Final = (1 << 32) - 1


class SingleLookup:
    """Looks requests up in a stream index, one by one; the answers are those of `StreamIndex.campaign_of`.

    Most requests are of accounts that have no accused stream: these cost one hash. Of the others only what the views
    need that hold a stream of this account is computed, so the prompt is cut only where a text is held against it.
    Kernels are compiled or read from disk when it is made, not at the first request. Threads may share it.

    index   What is looked up in; it stays as it is.
    """

    def __init__(self, index: StreamIndex) -> None:
        self.index = index
        self._accounts, self._views = _owned(index.held.accounts), index.held.views
        self._starts, shift = HashIndex(self._accounts).buckets
        self._shift = np.array([shift], np.uint64)
        self._learnt = _learnt(index)
        self._nearest = _owned_nearest(index.nearest)
        self._counters = _counters(index.counts)
        self._counters_of = {pool.key: _counters(pool.counts) for pool in index.pools if isinstance(pool, TextPool)}
        self._warm()

    def holds(self, account_id: str) -> bool:
        """Whether any stream of the account is accused: most have none, and need no look at what they send."""
        return self._row(account_id) >= 0

    def campaign_of(self, request: Request) -> int:
        """Place in `index.campaigns` of the campaign whose stream the request is of, `NOBODYS` for most.

        A request without its prompt can be of a stream by its client alone.
        """
        row = self._row(request.account_id)
        return NOBODYS if row < 0 else self._of_account(row, request)

    def campaign_id_of(self, request: Request) -> str | None:
        """Id of that campaign, None for most."""
        place = self.campaign_of(request)
        return None if place == NOBODYS else self.index.campaigns[place]

    def minhashes(self, prompt_text: str) -> NDArray[np.uint32]:
        """MinHashes of the templates of any prompt, uint32[n, 16], cut as the scan cut its own; none without a scan."""
        prompt = _bytes(prompt_text)
        if not prompt or not self.index.counts.n_prompts:
            return np.zeros((0, SIGNATURE_LENGTH), np.uint32)
        _, _, (_, size, _, minhashes, *_) = _sketched(prompt, self._counters)
        return np.asarray(minhashes[: size[0]], np.uint32)

    def _row(self, account_id: str) -> int:
        name = np.frombuffer(_bytes(account_id), np.uint8)
        return int(account_row(name, self._accounts, self._starts, self._shift)) if len(self._accounts) else -1

    def _of_account(self, row: int, request: Request) -> int:
        views, prompt = self._views[row], _bytes(request.prompt_text)
        hashes = identify(_identities(request, prompt), _settings(request))
        templates, fill = _NO_SEGMENTS, np.uint64(0)
        if prompt and views & (_TEXT | _POOLED):
            templates, fill = self._templates(prompt)
        if views & _POOLED:
            hashes[4] = self._pool(prompt, hashes[3], fill)
        head = request.turn_count in {None, 1}
        return int(campaign_row(row, self._accounts, hashes, templates, head, self._learnt))

    def _templates(self, prompt: bytes) -> tuple[NDArray[np.uint64], np.uint64]:
        """Templates of the segments, longest first, and the hash of what is between them."""
        _, cut, (_, size, signatures, minhashes, *_) = _sketched(prompt, self._counters)
        templates = cut.signatures[0]
        if size[0]:
            self._nearest.replace(templates, (signatures[: size[0]], minhashes[: size[0]]))
        return templates, cut.fills[0]

    def _pool(self, prompt: bytes, content: np.uint64, fill: np.uint64) -> int:
        """Key of the first pool that holds the prompt, 0 for none."""
        sent = np.array([content, fill], np.uint64)
        for pool in self.index.pools:
            if isinstance(pool, HashPool):
                found = bool(among(pool.hashes, sent).any())
            else:
                found = bool(among(pool.whole, sent[:1])[0]) or _has_segment(prompt, self._counters_of[pool.key])
            if found:
                return pool.key
        return 0

    def _warm(self) -> None:
        """Compile or load all kernels, whatever the index holds."""
        if not len(self._accounts):
            return
        self._row("nobody")
        prompt = b"some words"
        request = Request("", prompt_text="some words", temperature=1.0, max_tokens=1)
        hashes = identify(_identities(request, prompt), _settings(request))
        templates, _ = self._templates(prompt)
        self._nearest.replace(
            templates, (_NO_SEGMENTS.copy(), np.zeros((SEGMENTS_PER_PROMPT, SIGNATURE_LENGTH), np.uint32))
        )
        campaign_row(0, self._accounts, hashes, templates, True, self._learnt)


def _owned(array: NDArray[N]) -> NDArray[N]:
    """Contiguous and writable: kernels are compiled once, for that."""
    return np.require(array, requirements=["C", "W"])


def _learnt(index: StreamIndex) -> Learnt:
    held, known = index.held, index.grouping
    return Learnt(
        held.bounds,
        _owned(held.family),
        _owned(held.campaign),
        _owned(held.rank),
        _owned(known.rhythm_stream),
        _owned(known.rhythm_cell),
        _owned(known.tied_account),
        _owned(known.tied_group),
        _owned(known.profile_account),
        _owned(known.profile_group),
        _owned(known.followed),
        _owned(known.kin_template),
        _owned(known.kin_group),
        _owned(index.talks),
        _owned(index.talk_campaign),
    )


def _owned_nearest(nearest: Nearest) -> Nearest:
    known = Templates(_owned(nearest.known.signature), _owned(nearest.known.template))
    return Nearest(known, _owned(nearest.leader), _owned(nearest.minhashes))


def _counters(counts: PhraseCounts) -> Counters:
    return counts.cells, counts.words, topic_weights(counts.n_prompts)


def _bytes(text: str | None) -> bytes:
    """UTF-8; what is no text, lone surrogates, becomes a question mark rather than an error before an answer."""
    return text.encode("utf-8", "replace") if text else b""


def _sketched(prompt: bytes, counters: Counters) -> tuple[Prompts, Cut, Book]:
    strings = Strings(np.frombuffer(prompt, np.uint8), np.array([0, len(prompt)], np.int64))
    found: tuple[Prompts, Cut, Book] = sketch_rows(strings, _NO_EXCHANGE, fold_tables(), counters, default_phrases())
    return found


def _has_segment(prompt: bytes, counters: Counters) -> bool:
    return bool(prompt) and bool(_sketched(prompt, counters)[1].signatures[0, 0])


def _identities(request: Request, prompt: bytes) -> Strings:
    """Texts that `identify` hashes."""
    parts = (
        _bytes(request.conversation_id or request.session_id),
        _bytes(request.client_build or request.user_agent),
        _bytes(request.system_text),
        _bytes(request.reasoning_effort),
        prompt,
    )
    ends = np.array([0, *accumulate(map(len, parts))], np.int64)
    return Strings(np.frombuffer(b"".join(parts), np.uint8), ends)


def _settings(request: Request) -> Settings:
    temperature, top_p = request.temperature, request.top_p
    return Settings(
        0.0 if temperature is None else float(temperature),
        temperature is not None,
        0.0 if top_p is None else float(top_p),
        top_p is not None,
        _low_bits(request.max_tokens),
        _low_bits(request.choice_count),
        _low_bits(request.wants_logprobs),
        bool(request.has_tools),
    )


def _low_bits(value: int | None) -> int:
    """What a record keeps of an integer, -1 for null."""
    return -1 if value is None else int(value) & _LOW_BITS
