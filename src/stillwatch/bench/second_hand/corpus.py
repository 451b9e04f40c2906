"""Lists of texts in order of topic: of real corpora, one side each, or of a side's own grammar."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.bench.second_hand.text import about, foreign, gather, grammar, n_topics
from stillwatch.errors import InvalidInput, MissingData

__all__ = ["ROLES", "Side", "clean", "corpus", "questions"]

Side = Literal["attack", "innocent"]

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "attack": ("harvest",),
    "innocent": ("chat", "enterprise", "agent", "evaluation", "template"),
}
"""Which side reads which roles; one base corpus stays on one side."""

_MAX_BYTES: Final = 1 << 30
_MAX_CHARS: Final = 12_000


def corpus(
    folder: Path | None, side: Side, *, role: str | None = None, names: Sequence[str] | None = None
) -> pa.StringArray:
    """Texts of a side's corpora in file order, which keeps like with like; empty without a folder.

    role, names  Only this role, only these corpora.
    Raises       InvalidInput for a role of the other side, MissingData when the folder holds no prompts.
    """
    if folder is None:
        return pa.array([], pa.string())
    if role is not None and role not in ROLES[side]:
        msg = f"role must be among {', '.join(ROLES[side])} for {side}; got {role}"
        raise InvalidInput(msg)
    path = folder / "prompts.parquet"
    if not path.is_file() or path.stat().st_size > _MAX_BYTES:
        msg = f"{path} is not there or is over {_MAX_BYTES} bytes"
        raise MissingData(msg)
    table = pq.read_table(path, columns=["corpus", "role", "text"])
    keep = pc.is_in(table["role"].cast(pa.string()), value_set=pa.array([role] if role else ROLES[side]))
    if names is not None:
        keep = pc.and_(keep, pc.is_in(table["corpus"].cast(pa.string()), value_set=pa.array(list(names))))
    texts = table.filter(keep)["text"].cast(pa.string())
    short = pc.utf8_slice_codeunits(texts, 0, _MAX_CHARS)
    unique = pc.unique(short.filter(pc.greater(pc.utf8_length(short), 0)))
    return unique.combine_chunks() if isinstance(unique, pa.ChunkedArray) else unique


def clean(texts: pa.StringArray) -> pa.StringArray:
    r"""Texts as a careful person prepares them: written-out ``\n`` become line breaks, ends are trimmed."""
    return pc.utf8_trim_whitespace(pc.replace_substring(texts, "\\n", "\n"))


def questions(rng: np.random.Generator, n: int, languages: Sequence[str] = ("en",)) -> pa.StringArray:
    """About n different questions of the attack grammar, in order of language and topic.

    languages   Codes of `foreign` or ``en``; each gets an equal share, as far as its words allow.
    """
    share = -(-n // len(languages))
    parts = [_english(rng, share) if code == "en" else _foreign(rng, code, share) for code in languages]
    found = pc.unique(gather(parts, np.arange(sum(len(p) for p in parts))))
    missing = n - len(found)
    if missing > 0:
        found = pc.unique(pa.concat_arrays([found, _english(rng, missing + missing // 8)]))
    return found.slice(0, n)


def _english(rng: np.random.Generator, n: int) -> pa.Array:
    topic = np.sort(rng.integers(0, n_topics(), n))
    return grammar("attack").draw(rng, "question", n, about(rng, topic))


def _foreign(rng: np.random.Generator, code: str, n: int) -> pa.Array:
    rules = foreign()[code]
    topic = np.sort(rng.integers(0, len(rules["topic"]), n))
    return rules.draw(rng, "question", n, {"topic": pa.array(rules["topic"]).take(pa.array(topic))})
