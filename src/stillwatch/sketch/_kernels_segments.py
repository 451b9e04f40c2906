"""Plateau segments of a prompt, their signatures, and what is left of the prompt outside them."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.fingerprint import SEGMENTS_PER_PROMPT, SIGNATURE_LENGTH
from stillwatch.sketch._kernels_bits import Int, kernel, min_hashes, multiply_fold, part
from stillwatch.sketch._kernels_counts import GRAM_SIZE, Prepared, gram_counts, prepare
from stillwatch.sketch._kernels_elicitation import Phrases, Prompts, read_prompt
from stillwatch.sketch._kernels_hash import mix
from stillwatch.sketch._kernels_tokens import DIGITS, KIND_MASK, Room, room_for
from stillwatch.sketch._kernels_topic import features_of, topic_of
from stillwatch.sketch.folding import FoldTables
from stillwatch.sketch.strings import Strings

Book: TypeAlias = tuple[
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.uint64],
    NDArray[np.uint32],
    NDArray[np.int64],
    NDArray[np.uint64],
    NDArray[np.int32],
]
"""Hash slots, number of entries; then by entry: signature, MinHashes, rows, example's exchange and span."""

Runs: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int32], Int]
"""First and past-the-end token of each run, and how many there are."""

Counters: TypeAlias = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int32]]
"""Cells of 4-grams, counts of words, weights of words by the bits of their counts."""

__all__ = ["BRIDGE", "MIN_COUNT", "MIN_TOKENS", "Cut", "find_runs", "sketch_rows", "spans_of"]

U64 = np.uint64
MIN_COUNT, BRIDGE, MIN_TOKENS = 20, 3, 9
SALTS = np.array([(0x9E3779B1 * (2 * i + 1)) % 2**32 for i in range(SIGNATURE_LENGTH)], np.uint32)
FACTORS = np.array([(0x85EBCA6B * (2 * i + 3) ^ 0x2C1B3C6C) % 2**32 | 1 for i in range(SIGNATURE_LENGTH)], np.uint32)
PLACE_STEP, FILL_SECRET = U64(0x9E3779B97F4A7C15), U64(0xC2B2AE3D27D4EB4F)


@part
def find_runs(counts: NDArray[np.uint32], n: Int, firsts: NDArray[np.int32], stops: NDArray[np.int32]) -> Int:
    """Write first and past-the-end token of every plateau of at least MIN_TOKENS tokens; return how many.

    A plateau starts at a count of MIN_COUNT and holds counts within a factor 2 of its running mean. Up to BRIDGE
    higher ones in a row are stepped over; a lower one ends it.
    """
    n_runs, i = 0, 0
    while i < n:
        if counts[i] < MIN_COUNT:
            i += 1
            continue
        total, members, last = np.int64(counts[i]), 1, i
        j = i + 1
        while j < n and j - last <= BRIDGE + 1:
            count = np.int64(counts[j]) * members
            if 2 * count < total:
                break
            if count <= 2 * total:
                total += np.int64(counts[j])
                members += 1
                last = j
            j += 1
        if last - i + GRAM_SIZE >= MIN_TOKENS:
            firsts[n_runs] = i
            stops[n_runs] = last + GRAM_SIZE
            n_runs += 1
        i = last + 1
    return n_runs


@part
def _minhash(grams: NDArray[np.uint64], first: Int, stop: Int, signature: NDArray[np.uint32]) -> Int:
    """Write the 16 MinHashes of the 4-grams in tokens first to stop; return their hash."""
    salts, factors = np.int64(SALTS.ctypes.data), np.int64(FACTORS.ctypes.data)
    size = np.int64(stop - first - GRAM_SIZE + 1)
    min_hashes(np.int64(grams.ctypes.data) + 8 * first, size, salts, factors, np.int64(signature.ctypes.data))
    value64 = U64(0)
    for lane in range(0, SIGNATURE_LENGTH, 2):
        value64 = mix(value64, U64(signature[lane]) << U64(32) | U64(signature[lane + 1]))
    return max(value64, U64(1))


@part
def _longest(firsts: NDArray[np.int32], stops: NDArray[np.int32], n_runs: Int, taken: NDArray[np.int64]) -> Int:
    """Index of the longest run not in `taken` (-1 entries are free), the first of equals; -1 when all are."""
    best, size = -1, 0
    for run in range(n_runs):
        free = True
        for other in taken:
            free = free and other != run
        if free and stops[run] - firsts[run] > size:
            best, size = run, stops[run] - firsts[run]
    return best


@part
def _insert(book: Book, signature: Int, minhashes: NDArray[np.uint32], example: tuple[Int, Int, Int]) -> None:
    """Count a segment in the book; the example of the smallest exchange, then of the first span, stays."""
    slots, size, signatures, values, rows, exchanges, spans = book
    slot = np.int64(signature & U64(len(slots) - 1))
    while slots[slot] >= 0 and signatures[slots[slot]] != signature:
        slot = (slot + 1) & (len(slots) - 1)
    exchange, start, end = example
    entry = slots[slot]
    if entry < 0:
        entry = size[0]
        size[0] += 1
        slots[slot] = entry
        signatures[entry] = signature
        for lane in range(SIGNATURE_LENGTH):
            values[entry, lane] = minhashes[lane]
        rows[entry] = 0
    elif exchange > exchanges[entry] or (exchange == exchanges[entry] and start >= spans[entry, 0]):
        rows[entry] += 1
        return
    rows[entry] += 1
    exchanges[entry] = exchange
    spans[entry, 0], spans[entry, 1] = start, end


@kernel
def empty_book(capacity: Int) -> Book:
    """Room for `capacity` signatures: hash slots, how many are used, and one array per column."""
    n_slots = 64
    while n_slots < 2 * capacity:
        n_slots *= 2
    return (
        np.full(n_slots, -1, np.int32),
        np.zeros(1, np.int32),
        np.empty(capacity, np.uint64),
        np.empty((capacity, SIGNATURE_LENGTH), np.uint32),
        np.empty(capacity, np.int64),
        np.empty(capacity, np.uint64),
        np.empty((capacity, 2), np.int32),
    )


@part
def _fill(tokens: NDArray[np.uint64], n_tokens: Int, runs: Runs) -> Int:
    """Hash of the tokens outside all runs and of numbers anywhere, in their order; 0 when there is none."""
    firsts, stops, n_runs = runs
    fill, place, position = U64(0), U64(0), 0
    for run in range(n_runs + 1):
        first = firsts[run] if run < n_runs else n_tokens
        stop = stops[run] if run < n_runs else n_tokens
        for i in range(position, stop):
            if i < first or tokens[i] & KIND_MASK == DIGITS:
                place += PLACE_STEP
                fill += multiply_fold(tokens[i] ^ place, FILL_SECRET)
        position = max(position, stop)
    return fill


@part
def _features_outside(address: Int, room: Room, n_tokens: Int, runs: Runs, features: NDArray[np.uint64]) -> Int:
    """Write the features of the words outside all runs; return how many."""
    firsts, stops, n_runs = runs
    n, position = 0, 0
    for run in range(n_runs + 1):
        first = firsts[run] if run < n_runs else n_tokens
        n = features_of(address, room, (position, first), features, n)
        position = max(position, stops[run]) if run < n_runs else n_tokens
    return n


class Slot(NamedTuple):
    """A prompt as it was prepared: its tokens and its 4-grams."""

    room: Room
    grams: NDArray[np.uint64]


class Desk(NamedTuple):
    """Where one prompt after another is read: counts, runs, features with weights, and what fits in a few lines."""

    counts: NDArray[np.uint32]
    firsts: NDArray[np.int32]
    stops: NDArray[np.int32]
    features: NDArray[np.uint64]
    weights: NDArray[np.int32]
    sums: NDArray[np.int32]
    scripts: NDArray[np.int64]
    taken: NDArray[np.int64]
    minhashes: NDArray[np.uint32]


class Cut(NamedTuple):
    """Signatures uint64[rows, 4], fill and topic of every row."""

    signatures: NDArray[np.uint64]
    fills: NDArray[np.uint64]
    topics: NDArray[np.uint64]


@kernel
def _slot_for(strings: Strings) -> Slot:
    room = room_for(strings)
    return Slot(room, np.empty_like(room.tokens))


@kernel
def _desk_for(size: Int) -> Desk:
    return Desk(
        np.empty(size, np.uint32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.uint64),
        np.empty(size, np.int32),
        np.empty(64, np.int32),
        np.empty(16, np.int64),
        np.empty(SEGMENTS_PER_PROMPT, np.int64),
        np.empty(SIGNATURE_LENGTH, np.uint32),
    )


@part
def _read(counters: Counters, slot: Slot, prepared: Prepared, desk: Desk) -> tuple[Int, Int, Int]:
    """Find the runs of a prompt: its fill, its topic and how many runs there are."""
    cells, words, scale = counters
    gram_counts(cells, slot.grams, prepared.n_grams, desk.counts)
    n_runs = find_runs(desk.counts, prepared.n_grams, desk.firsts, desk.stops)
    runs = (desk.firsts, desk.stops, n_runs)
    n_features = _features_outside(prepared.address, slot.room, prepared.n_tokens, runs, desk.features)
    topic = topic_of(words, scale, desk.features, n_features, desk.weights, desk.sums)
    return _fill(slot.room.tokens, prepared.n_tokens, runs), topic, n_runs


@part
def _sign(signatures: NDArray[np.uint64], exchange: Int, slot: Slot, n_runs: Int, desk: Desk, book: Book) -> None:
    """Write the signatures of the longest runs, equal ones once, and enter them in the book."""
    n_signed = 0
    for rank in range(SEGMENTS_PER_PROMPT):
        desk.taken[rank] = -1
    for rank in range(min(n_runs, SEGMENTS_PER_PROMPT)):
        run = _longest(desk.firsts, desk.stops, n_runs, desk.taken)
        desk.taken[rank] = run
        first, stop = np.int64(desk.firsts[run]), np.int64(desk.stops[run])
        signature = _minhash(slot.grams, first, stop, desk.minhashes)
        met = False
        for other in range(n_signed):
            met = met or signatures[other] == signature
        if not met:
            signatures[n_signed] = signature
            n_signed += 1
            span = (exchange, np.int64(slot.room.starts[first]), np.int64(slot.room.ends[stop - 1]))
            _insert(book, signature, desk.minhashes, span)


@part
def _sketch_row(
    row: Int,
    slot: Slot,
    prepared: Prepared,
    known: tuple[Counters, Phrases],
    desk: Desk,
    results: tuple[NDArray[np.uint64], Prompts, Cut, Book],
) -> None:
    """Fill one row of all results."""
    counters, phrases = known
    exchanges, prompts, cut, book = results
    prompts.n_tokens[row] = prepared.n_tokens
    prompts.script[row], prompts.elicitation[row] = read_prompt(slot.room, prepared, phrases, desk.scripts)
    cut.fills[row], cut.topics[row], n_runs = _read(counters, slot, prepared, desk)
    if n_runs:
        _sign(cut.signatures[row], exchanges[row], slot, n_runs, desk, book)


@kernel
def sketch_rows(
    strings: Strings, exchanges: NDArray[np.uint64], tables: FoldTables, counters: Counters, phrases: Phrases
) -> tuple[Prompts, Cut, Book]:
    """Everything about the prompts of a batch, each cut into tokens once."""
    n_rows = len(exchanges)
    prompts = Prompts(np.empty(n_rows, np.int32), np.empty(n_rows, np.uint8), np.empty(n_rows, np.uint16))
    cut = Cut(
        np.zeros((n_rows, SEGMENTS_PER_PROMPT), np.uint64), np.empty(n_rows, np.uint64), np.empty(n_rows, np.uint64)
    )
    book, one, two = empty_book(n_rows * SEGMENTS_PER_PROMPT), _slot_for(strings), _slot_for(strings)
    desk, known, results = _desk_for(len(one.grams)), (counters, phrases), (exchanges, prompts, cut, book)
    for row in range(0, n_rows - 1, 2):
        first = prepare(strings, row, tables, one.room, one.grams, counters[0])
        second = prepare(strings, row + 1, tables, two.room, two.grams, counters[0])
        _sketch_row(row, one, first, known, desk, results)
        _sketch_row(row + 1, two, second, known, desk, results)
    if n_rows % 2:
        last = prepare(strings, n_rows - 1, tables, one.room, one.grams, counters[0])
        _sketch_row(n_rows - 1, one, last, known, desk, results)
    return prompts, cut, book


@kernel
def spans_of(strings: Strings, tables: FoldTables, cells: NDArray[np.uint32]) -> NDArray[np.int64]:
    """First and past-the-end byte of every run of the first row, int64[runs, 2]."""
    slot = _slot_for(strings)
    desk = _desk_for(len(slot.grams))
    prepared = prepare(strings, 0, tables, slot.room, slot.grams, cells)
    gram_counts(cells, slot.grams, prepared.n_grams, desk.counts)
    n_runs = find_runs(desk.counts, prepared.n_grams, desk.firsts, desk.stops)
    spans = np.empty((n_runs, 2), np.int64)
    for run in range(n_runs):
        spans[run, 0] = slot.room.starts[desk.firsts[run]]
        spans[run, 1] = slot.room.ends[desk.stops[run] - 1]
    return spans
