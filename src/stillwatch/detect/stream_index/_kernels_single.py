"""One request at a time: the hashes and family keys that the views and the sketch give a batch, for one row.

The twin is `StreamIndex.campaign_of`, which asks the views themselves; the tests compare both.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.views._kernels_mixing import id_of, stirred
from stillwatch.sketch._kernels_bits import Int, kernel
from stillwatch.sketch._kernels_hash import hash_bytes, mix
from stillwatch.sketch.strings import Strings

__all__ = [
    "CLIENT",
    "INFRASTRUCTURE",
    "KIN",
    "LINKED",
    "POOL",
    "PROFILE",
    "RHYTHM",
    "TEMPLATE",
    "Learnt",
    "Settings",
    "account_row",
    "campaign_row",
    "identify",
]

U64 = np.uint64
TEMPLATE, CLIENT, RHYTHM, LINKED, INFRASTRUCTURE, POOL, PROFILE, KIN = range(8)
"""Places of the views in `VIEWS`."""
_SHIFT, _MASK, _ONE = U64(61), U64((1 << 61) - 1), U64(1)
_LOW = U64(0xFFFFFFFF)
_KNOWN_NUMBER = U64(1 << 40)
_MOST_KEYS = 20
_NO_RANK = np.int32(np.iinfo(np.int32).max)


class Settings(NamedTuple):
    """Parameters of a request as kernels take them; integers are -1 for null, floats come with whether they are known.

    max_tokens, choice_count, wants_logprobs    Their low 32 bits; what a client leaves out is null.
    """

    temperature: float
    has_temperature: bool
    top_p: float
    has_top_p: bool
    max_tokens: int
    choice_count: int
    wants_logprobs: int
    has_tools: bool


class Learnt(NamedTuple):
    """Arrays of a stream index: the streams by account, the grouping, the conversations."""

    bounds: NDArray[np.int64]
    family: NDArray[np.uint64]
    campaign: NDArray[np.int32]
    rank: NDArray[np.int32]
    rhythm_stream: NDArray[np.uint64]
    rhythm_cell: NDArray[np.uint64]
    tied_account: NDArray[np.uint64]
    tied_group: NDArray[np.uint64]
    profile_account: NDArray[np.uint64]
    profile_group: NDArray[np.uint64]
    followed: NDArray[np.uint64]
    kin_template: NDArray[np.uint64]
    kin_group: NDArray[np.uint64]
    talks: NDArray[np.uint64]
    talk_campaign: NDArray[np.int32]


@kernel
def _row(keys: NDArray[np.uint64], key: Int) -> Int:
    """First row of a key among ascending ones, -1 when there is none."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == key else -1


@kernel
def account_row(
    name: NDArray[np.uint8], accounts: NDArray[np.uint64], starts: NDArray[np.int64], shift: NDArray[np.uint64]
) -> Int:
    """Row of an account among ascending hashes, by its name in UTF-8; -1 when it is not among them.

    starts  First row of each bucket of leading bits, as `stats.lookup.HashIndex` has them.
    """
    if not len(name):
        return -1
    key = hash_bytes(np.int64(name.ctypes.data), len(name))
    bucket = np.int64(key >> shift[0])
    for row in range(starts[bucket], starts[bucket + 1]):
        if accounts[row] >= key:
            return row if accounts[row] == key else -1
    return -1


@kernel
def _hash_of(strings: Strings, row: Int) -> Int:
    begin, end = strings.offsets[row], strings.offsets[row + 1]
    return hash_bytes(np.int64(strings.data.ctypes.data) + begin, end - begin) if end > begin else U64(0)


@kernel
def _float_bits(value: float, known: bool, bits: NDArray[np.float32]) -> Int:  # noqa: FBT001 - a kernel has no keywords
    if not known:
        return U64(0)
    bits[0] = np.float32(value) + np.float32(0)
    return U64(bits.view(np.uint32)[0]) | _KNOWN_NUMBER


@kernel
def _number_bits(value: Int, unsaid: Int) -> Int:
    return U64(0) if value == -1 or value == unsaid else U64(value) | _KNOWN_NUMBER  # noqa: PLR1714 - a set is slow here


@kernel
def _mixed(column: NDArray[np.uint64]) -> Int:
    """One row of `sketch.hash.mix_columns`."""
    value, known = U64(0), U64(0)
    for part in column:
        value = mix(value, part)
        known |= part
    return U64(0) if known == 0 else max(value, _ONE)


@kernel
def identify(strings: Strings, settings: Settings) -> NDArray[np.uint64]:
    """Hashes of conversation, build, client, content, and a place for the pool.

    strings     Conversation else session, build else user agent, system prompt, reasoning effort, prompt.
    """
    found, bits = np.zeros(5, np.uint64), np.empty(1, np.float32)
    found[0], found[1] = _hash_of(strings, 0), _hash_of(strings, 1)
    parameters = np.array(
        [
            _float_bits(settings.temperature, settings.has_temperature, bits),
            _float_bits(settings.top_p, settings.has_top_p, bits),
            _number_bits(settings.max_tokens, -1),
            _number_bits(settings.choice_count, 1),
            _number_bits(settings.wants_logprobs, 0),
            _hash_of(strings, 3),
        ],
        np.uint64,
    )
    client = np.array([found[1], _mixed(parameters), _hash_of(strings, 2), U64(settings.has_tools)], np.uint64)
    found[2], found[3] = _mixed(client), _hash_of(strings, 4)
    return found


@kernel
def _one(part: Int) -> Int:
    return stirred(U64(0), part)


@kernel
def _two(first: Int, second: Int) -> Int:
    return stirred(stirred(U64(0), first), second)


@kernel
def _family(view: Int, key: Int) -> Int:
    return id_of(key, _MASK, U64(view) << _SHIFT | _ONE)


@kernel
def _of_texts(families: NDArray[np.uint64], n: Int, templates: NDArray[np.uint64], client: Int, learnt: Learnt) -> Int:
    """Families of the views linked (where there is a client), kin and template; returns how many now."""
    for i in range(len(templates)):
        families[n + i] = _family(TEMPLATE, templates[i])
    n += len(templates)
    for i in range(2):
        if client and templates[i]:
            families[n] = _family(LINKED, _two(templates[i], client))
            n += 1
    for i in range(len(templates)):
        at = _row(learnt.kin_template, _family(TEMPLATE, templates[i]))
        if at >= 0:
            families[n] = _family(KIN, learnt.kin_group[at])
            n += 1
    return n


@kernel
def _of_account(
    families: NDArray[np.uint64], n: Int, account: Int, hashes: NDArray[np.uint64], head: Int, learnt: Learnt
) -> Int:
    """Families of the views infrastructure and profile; returns how many now."""
    at = _row(learnt.tied_account, account)
    if at >= 0:
        families[n] = _family(INFRASTRUCTURE, _two(learnt.tied_group[at], hashes[2]))
        n += 1
        if head:
            families[n] = _family(INFRASTRUCTURE, _one(learnt.tied_group[at]))
            n += 1
    at = _row(learnt.profile_account, account)
    if at >= 0 and head:
        families[n] = _family(PROFILE, _one(learnt.profile_group[at]))
        n += 1
        if _row(learnt.followed, hashes[0]) < 0:
            families[n] = _family(PROFILE, learnt.profile_group[at])
            n += 1
    return n


@kernel
def _of_client(families: NDArray[np.uint64], n: Int, account: Int, client: Int, learnt: Learnt) -> Int:
    """Families of the views client and rhythm; returns how many now."""
    families[n] = _family(CLIENT, client)
    n += 1
    at = _row(learnt.rhythm_stream, _two(account, client))
    if at >= 0:
        cell = learnt.rhythm_cell[at]
        families[n] = _family(RHYTHM, _two(client, cell & _LOW))
        families[n + 1] = _family(RHYTHM, _two(client, cell & ~_LOW))
        n += 2
    return n


@kernel
def campaign_row(
    row: Int,
    account: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    templates: NDArray[np.uint64],
    head: Int,
    learnt: Learnt,
) -> Int:
    """Place of the campaign whose stream a request is of, -1 for none.

    row         Of the account.
    account     Hashes of all accounts that have a stream, ascending.
    hashes      What `identify` gives, with the key of the pool that the prompt is from, 0 for none.
    templates   Of its segments, longest first, 0 where there is none.
    """
    families, mine = np.zeros(_MOST_KEYS, np.uint64), account[row]
    client = hashes[2] if hashes[1] else U64(0)
    n = _of_texts(families, 0, templates, client, learnt)
    n = _of_account(families, n, mine, hashes, head, learnt)
    if client:
        n = _of_client(families, n, mine, client, learnt)
    if hashes[4]:
        families[n] = _family(POOL, _one(hashes[4]))
        n += 1
    best: Int = _NO_RANK
    found: Int = np.int32(-1)
    for held in range(learnt.bounds[row], learnt.bounds[row + 1]):
        if learnt.rank[held] < best:
            for i in range(n):
                if families[i] == learnt.family[held]:
                    best, found = learnt.rank[held], learnt.campaign[held]
                    break
    if found < 0 and hashes[0] and not head:
        at = _row(learnt.talks, _two(mine, hashes[0]))
        if at >= 0:
            found = learnt.talk_campaign[at]
    return found
