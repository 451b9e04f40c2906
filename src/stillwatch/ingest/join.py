"""The other half of a batch: requests in one file, answers in another, joined by ``custom_id``.

The answer's line is the row; its request is looked up. Of the requests only ids and byte offsets are held, 100 bytes or
so a request (a batch has at most 100,000), never texts; lines are read again where they lie. A compressed request file
is inflated to a temporary file, because it cannot be read from the middle.

Requests are looked for in the folder of the answers. The file is the one whose name is alike but for words such as
*input* and *output*, or else the only one that holds the ids at the head of the answers. When several files hold them
(``request-1`` is a popular id) none is taken: a prompt put to the wrong answer is worse than a row in quarantine.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO, NamedTuple, cast

import orjson

from stillwatch.ingest.lines import JsonLine, first_objects, parsed
from stillwatch.ingest.sources import File, source_of
from stillwatch.model.reader import Source

__all__ = ["Requests", "neighbours", "requests_for"]

HALVES = re.compile(
    r"batch(es)?|inputs?|in|outputs?|out|requests?|results?|responses?|answers?|errors?|json|jsonl|ndjson|gz|zst"
)
PROBES = 20
LINE_BYTES = 128 * 1024 * 1024
Test = Callable[[Source], bool]


class Requests:
    """Requests of one file by custom id."""

    def __init__(self, source: Source) -> None:
        self._stream = _seekable(source)
        self._offsets: dict[int, int] = {}
        at = 0
        for line in iter(lambda: self._stream.readline(LINE_BYTES), b""):
            custom_id = _request(line).get("custom_id")
            if isinstance(custom_id, str):
                self._offsets.setdefault(hash(custom_id), at)
            at += len(line)

    def get(self, custom_id: object) -> dict[str, Any] | None:
        """Request line with this id; None when there is none."""
        at = self._offsets.get(hash(custom_id)) if isinstance(custom_id, str) else None
        if at is None:
            return None
        self._stream.seek(at)
        request = _request(self._stream.readline(LINE_BYTES))
        return request if request.get("custom_id") == custom_id else None

    def holds(self, custom_ids: list[str]) -> bool:
        """Whether there is a request for each of these ids."""
        return all(hash(custom_id) in self._offsets for custom_id in custom_ids)

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


class Found(NamedTuple):
    """Requests that belong to an answer file, or the reason why there are none."""

    requests: Requests | None
    reason: str


def _request(line: bytes) -> dict[str, Any]:
    item = parsed(0, line.strip())
    return item.fields if isinstance(item, JsonLine) else {}


def _seekable(source: Source) -> BinaryIO:
    """Lines of the source in a file that can be read from anywhere; the body of a create call becomes lines."""
    if source.path is not None and not _is_body(source.head):
        return Path(source.path).open("rb")
    spool = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - lives as long as the index
    with source.open() as stream:
        if _is_body(source.head):
            body = parsed(0, stream.read())
            requests = body.fields.get("requests") if isinstance(body, JsonLine) else None
            for request in requests if isinstance(requests, list) else []:
                spool.write(orjson.dumps(request) + b"\n")
        else:
            copyfileobj(stream, spool)
    spool.seek(0)
    return spool


def _is_body(head: bytes) -> bool:
    return re.match(rb'\s*\{\s*"requests"\s*:', head) is not None


def neighbours(source: Source, is_wanted: Test) -> Iterator[Source]:
    """Yield the other files in the folder of `source` that pass `is_wanted`, by name."""
    place = Path(source.name)
    for path in sorted(place.parent.iterdir()) if place.is_file() else []:
        if path == place or not path.is_file() or path.name.startswith("."):
            continue
        other = _opened(str(path), path.stat().st_mtime_ns, path.stat().st_size)
        if other is not None and is_wanted(other):
            yield other


@lru_cache(maxsize=256)
def _opened(name: str, _modified: int, size: int) -> Source | None:
    try:
        return source_of(File(name, Path(name), size))
    except OSError:
        return None


def requests_for(answers: Source, is_requests: Test) -> Found:
    """Find the requests that the answers of a file belong to; the caller closes them."""
    probes = [o["custom_id"] for o in first_objects(answers.head, PROBES) if isinstance(o.get("custom_id"), str)]
    candidates = list(neighbours(answers, is_requests))
    alike = [other for other in candidates if _stem(other.name) == _stem(answers.name)]
    for group in (alike, candidates):
        holding = [found for other in group if (found := _holding(other, [str(p) for p in probes])) is not None]
        if len(holding) == 1:
            return Found(holding[0], "")
        for found in holding:
            found.close()
        if len(holding) > 1:
            return Found(None, f"{len(holding)} request files in the folder hold these custom ids; keep pairs apart")
    return Found(None, "no request file in the folder holds this custom id")


def _holding(source: Source, custom_ids: list[str]) -> Requests | None:
    try:
        requests = Requests(source)
    except OSError:
        return None
    if requests.holds(custom_ids):
        return requests
    requests.close()
    return None


def _stem(name: str) -> tuple[str, ...]:
    """Words of a file name that do not say which half it is.

    >>> _stem("logs/march_input.jsonl") == _stem("logs/march.output.jsonl.gz")
    True
    """
    return tuple(
        word for word in re.split(r"[^a-z0-9]+", Path(name).name.lower()) if word and not HALVES.fullmatch(word)
    )
