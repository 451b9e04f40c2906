"""A stream index in which every view holds something, made by hand, and rows that it is asked about."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tests.traffic import TEMPLATE

from stillwatch.detect.pools import HashPool, TextPool, pooled
from stillwatch.detect.stream_index.held import HeldStreams
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.nearest import Nearest
from stillwatch.detect.views import family_keys
from stillwatch.detect.views.ids import family_ids
from stillwatch.detect.views.mixing import mix
from stillwatch.detect.views.rhythm import stream_hash
from stillwatch.model.decision import Request
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.fingerprint import SEGMENTS_PER_PROMPT
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.sketch import PhraseCounts, SignatureBook, Signatures, cluster, sketch
from stillwatch.sketch.stage import fingerprints_of

__all__ = ["ACCOUNTS", "POOLED", "PROMPTS", "VALUES", "batch_of", "everything", "met", "request_of"]

OTHER = (
    "Rewrite the following text so that a child of nine understands every word of it and nothing is lost: {} Thank you."
)
POOLED = "which of the two trains that leave the station at nine arrives first in the town by the sea"
FILLS = [f"alder birch {w} cedar {w}{w} dogwood elm" for w in ("ash", "oak", "yew", "fir", "box")]
WORDS = [f"{a}{b}" for a in ("ka", "lo", "mi", "nu", "pe", "ri") for b in ("bar", "den", "fol", "gim")]
PROMPTS = [
    *(TEMPLATE.format(fill) for fill in FILLS),
    *(OTHER.format(fill) for fill in FILLS),
    TEMPLATE.format("x") + " " + OTHER.format("y"),
    TEMPLATE.replace("expert tutor", "experienced teacher").format("a new one"),
    f"Please tell me {POOLED} today",
    POOLED,
    "hello there",
    "我们 Ünïcode 12 ½ 한국어",
    "",
    None,
]
ACCOUNTS = [f"account-{i}" for i in range(6)]
VALUES: dict[str, list[Any]] = {
    "account_id": [*ACCOUNTS, "somebody else"],
    "prompt_text": PROMPTS,
    "conversation_id": ["talk-1", "talk-2", "", None],
    "session_id": ["session-1", None],
    "turn_count": [1, 2, 7, None],
    "system_text": ["You are helpful.", "", None],
    "temperature": [0.0, -0.0, 0.7, 1.0, None],
    "top_p": [0.9, 1.0, None],
    "max_tokens": [0, 1, 4096, -5, None],
    "choice_count": [0, 1, 2, None],
    "wants_logprobs": [True, False, None],
    "reasoning_effort": ["high", "", None],
    "has_tools": [True, False, None],
    "user_agent": ["agent/1", None],
    "client_build": ["sdk-1", "sdk-2", "", None],
}


def batch_of(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Rows as EXCHANGE, each with an id of its own."""
    full = [dict.fromkeys(EXCHANGE.names) | {"time": 0} | row | {"exchange_id": f"x{i}"} for i, row in enumerate(rows)]
    return pa.RecordBatch.from_pylist(full, schema=EXCHANGE)


def request_of(row: dict[str, Any]) -> Request:
    """The same row as a gateway tells it."""
    return Request(**row)


def met(seed: int = 0, n: int = 400) -> list[dict[str, Any]]:
    """Rows that the index of `everything` was made from."""
    rng = np.random.default_rng(seed + 1)
    values = VALUES | {"account_id": ACCOUNTS}
    return [{name: known[rng.integers(len(known))] for name, known in values.items()} for _ in range(n)]


def everything(seed: int = 0, n: int = 400) -> StreamIndex:
    """An index of random rows: a third of all that any view says about them is held."""
    rng = np.random.default_rng(seed)
    batch, counts = batch_of(met(seed, n)), _counts(rng)
    prints, cut, book = sketch(batch, counts)
    columns = pa.RecordBatch.from_arrays(
        [*prints.columns, *cut.columns], names=[*prints.schema.names, *cut.schema.names]
    )
    templates = cluster(_half(book))
    nearest = Nearest.of(_half(book), templates)
    found = fingerprints_of(columns, nearest.templates(book))
    pools = HashPool.of(found["content"][:40]), TextPool.of(pa.array([POOLED]))
    grouping = _grouping(found, rng)
    account, family = _said(found, pooled(grouping, columns, batch, pools))
    kept = mix(account, family) % np.uint64(3) == 0
    families, code = np.unique(family[kept], return_inverse=True)
    rank = rng.permutation(len(families)).astype(np.int32)[code]
    held = HeldStreams.of(account[kept], family[kept], rank % 4, rank)
    talks = np.unique(mix(found["account"], found["conversation"]))[::2]
    places = np.arange(len(talks), dtype=np.int32) % 4
    names = tuple(f"campaign-{i}" for i in range(4))
    return StreamIndex(names, held, talks, places, counts, nearest, held.needs(grouping), pools)


def _counts(rng: np.random.Generator) -> PhraseCounts:
    """Counts of enough prompts for their templates to be seen."""
    sent = [text.format(" ".join(rng.choice(WORDS, 9))) for text in (TEMPLATE, OTHER) for _ in range(60)]
    return PhraseCounts.empty(len(sent)).add(pa.array(sent), np.ones(len(sent), np.bool_))


def _half(book: SignatureBook) -> SignatureBook:
    """Every other signature: what is left out is then unknown, and near or far from a leader."""
    all_ = book.signatures
    return SignatureBook(
        (Signatures(all_.signature[::2], all_.minhashes[::2], all_.rows[::2], all_.exchange[::2], all_.span[::2]),)
    )


def _grouping(found: Fingerprints, rng: np.random.Generator) -> Grouping:
    streams, accounts = np.unique(stream_hash(found["account"], found["client"]))[::2], np.unique(found["account"])
    signatures = np.concatenate([found[f"signature_{i}"] for i in range(SEGMENTS_PER_PROMPT)])
    kin = np.unique(family_ids(0, signatures[signatures != 0]))
    return Grouping(
        rhythm_stream=streams,
        rhythm_cell=rng.integers(1, 1 << 63, len(streams), dtype=np.uint64),
        tied_account=accounts[::2],
        tied_group=mix(accounts[::2] % np.uint64(2)),
        profile_account=accounts[1:],
        profile_group=mix(accounts[1:] % np.uint64(3)),
        followed=np.unique(found["conversation"])[:1],
        kin_template=kin,
        kin_group=mix(kin % np.uint64(2)),
    )


def _said(found: Fingerprints, grouping: Grouping) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Accounts and families of all rows, each pair once."""
    keys = family_keys(found, grouping)
    pairs = np.concatenate([np.stack([found["account"][k != 0], k[k != 0]]) for k in keys], axis=1)
    account, family = np.unique(pairs, axis=1)
    return account, family
