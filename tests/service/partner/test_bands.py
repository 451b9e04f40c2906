"""Bands of a prompt are those that a scan gives its template, and none without a scan."""

from pathlib import Path

from tests.service.partner.nodes import requests_of

from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.model.indicator import BAND_COUNT
from stillwatch.service.partner.bands import bands_by
from stillwatch.service.partner.words import Bands
from stillwatch.share.node.local import LocalIndex


def test_bands_are_those_of_the_index(bands: Bands, logs: Path, scanned: tuple[dict[str, LocalIndex], Path]) -> None:
    """Each shell's template shares a hit with the node's own index; eight values each."""
    known = {row["value"] for row in scanned[0]["beta"].signals.to_pylist() if row["kind"] == "band"}
    for request in requests_of(logs, "shell"):
        found = bands(request.prompt_text or "")
        assert found
        assert {len(values) for values in found} == {BAND_COUNT}
        assert max(len(known.intersection(values)) for values in found) >= 3


def test_before_the_first_scan_no_template_is_known() -> None:
    """Neither without a lookup nor with one that has learnt nothing."""
    assert bands_by(lambda: None)("some words") == []
    empty = SingleLookup(StreamIndex.empty())
    assert bands_by(lambda: empty)("some words of a prompt that is long enough to be cut") == []
