"""Plateau segments of a prompt, their signatures, and what is left of the prompt outside them."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.fingerprint import SEGMENTS_PER_PROMPT, SIGNATURE_LENGTH
from stillwatch.sketch._kernels_bits import Int, kernel, min_hashes, multiply_fold, part
from stillwatch.sketch._kernels_counts import GRAM_SIZE, gram_counts, prepare
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

__all__ = ["BRIDGE", "MIN_COUNT", "MIN_TOKENS", "find_runs", "segment_rows", "spans_of"]

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


class Desk(NamedTuple):
    """Where one prompt after another is read: counts, runs, features and their weights, sums of the topic."""

    counts: NDArray[np.uint32]
    firsts: NDArray[np.int32]
    stops: NDArray[np.int32]
    features: NDArray[np.uint64]
    weights: NDArray[np.int32]
    sums: NDArray[np.int32]


@kernel
def _desk_for(room: Room) -> Desk:
    size = len(room.tokens)
    firsts, stops, weights = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32)
    return Desk(np.empty(size, np.uint32), firsts, stops, np.empty(size, np.uint64), weights, np.empty(64, np.int32))


@part
def _read(
    counters: tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int32]],
    room: Room,
    grams: NDArray[np.uint64],
    prepared: tuple[Int, Int, Int],
    desk: Desk,
) -> tuple[Int, Int, Int]:
    """Find the runs of a prompt: its fill, its topic and how many runs there are."""
    cells, words, scale = counters
    address, n_tokens, n = prepared
    gram_counts(cells, grams, n, desk.counts)
    n_runs = find_runs(desk.counts, n, desk.firsts, desk.stops)
    runs = (desk.firsts, desk.stops, n_runs)
    n_features = _features_outside(address, room, n_tokens, runs, desk.features)
    topic = topic_of(words, scale, desk.features, n_features, desk.weights, desk.sums)
    return _fill(room.tokens, n_tokens, runs), topic, n_runs


@kernel
def segment_rows(
    strings: Strings,
    exchanges: NDArray[np.uint64],
    tables: FoldTables,
    cells: NDArray[np.uint32],
    words: NDArray[np.uint32],
    scale: NDArray[np.int32],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64], Book]:
    """Signatures uint64[rows, 4], fill and topic of every row, and the book of the signatures."""
    n_rows = len(exchanges)
    signatures = np.zeros((n_rows, SEGMENTS_PER_PROMPT), np.uint64)
    fills, topics = np.zeros(n_rows, np.uint64), np.zeros(n_rows, np.uint64)
    book, one, two = empty_book(n_rows * SEGMENTS_PER_PROMPT), room_for(strings), room_for(strings)
    grams, more_grams = np.empty_like(one.tokens), np.empty_like(one.tokens)
    desk, counters = _desk_for(one), (cells, words, scale)
    for row in range(0, n_rows, 2):
        first = prepare(strings, row, tables, one, grams, cells)
        if row + 1 < n_rows:
            second = prepare(strings, row + 1, tables, two, more_grams, cells)
            fills[row], topics[row], n_runs = _read(counters, one, grams, first, desk)
            _sign(signatures[row], exchanges[row], grams, (desk.firsts, desk.stops, n_runs), one, book)
            fills[row + 1], topics[row + 1], n_runs = _read(counters, two, more_grams, second, desk)
            _sign(signatures[row + 1], exchanges[row + 1], more_grams, (desk.firsts, desk.stops, n_runs), two, book)
        else:
            fills[row], topics[row], n_runs = _read(counters, one, grams, first, desk)
            _sign(signatures[row], exchanges[row], grams, (desk.firsts, desk.stops, n_runs), one, book)
    return signatures, fills, topics, book


@kernel
def _sign(
    signatures: NDArray[np.uint64], exchange: Int, grams: NDArray[np.uint64], runs: Runs, room: Room, book: Book
) -> None:
    """Write the signatures of the longest runs, equal ones once, and enter them in the book."""
    firsts, stops, n_runs = runs
    if not n_runs:
        return
    taken, minhashes = np.full(SEGMENTS_PER_PROMPT, -1, np.int64), np.empty(SIGNATURE_LENGTH, np.uint32)
    n_signed = 0
    for rank in range(min(n_runs, SEGMENTS_PER_PROMPT)):
        run = _longest(firsts, stops, n_runs, taken)
        taken[rank] = run
        signature = _minhash(grams, firsts[run], stops[run], minhashes)
        met = False
        for other in range(n_signed):
            met = met or signatures[other] == signature
        if not met:
            signatures[n_signed] = signature
            n_signed += 1
            span = (exchange, np.int64(room.starts[firsts[run]]), np.int64(room.ends[stops[run] - 1]))
            _insert(book, signature, minhashes, span)


@kernel
def spans_of(strings: Strings, tables: FoldTables, cells: NDArray[np.uint32]) -> NDArray[np.int64]:
    """First and past-the-end byte of every run of the first row, int64[runs, 2]."""
    room = room_for(strings)
    grams, counts = np.empty_like(room.tokens), np.empty(len(room.tokens), np.uint32)
    firsts, stops = np.empty_like(room.starts), np.empty_like(room.starts)
    _, _, n = prepare(strings, 0, tables, room, grams, cells)
    gram_counts(cells, grams, n, counts)
    n_runs = find_runs(counts, n, firsts, stops)
    spans = np.empty((n_runs, 2), np.int64)
    for run in range(n_runs):
        spans[run, 0], spans[run, 1] = room.starts[firsts[run]], room.ends[stops[run] - 1]
    return spans
