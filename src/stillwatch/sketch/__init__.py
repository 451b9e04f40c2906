"""One exchange -> its fingerprint: tokens, phrase counts, segments, signatures, elicitation marks. Pure, no state."""

from stillwatch.sketch.fingerprint import fingerprint, sketch
from stillwatch.sketch.hash import hash_strings
from stillwatch.sketch.phrases import PhraseCounts
from stillwatch.sketch.segments import segment_spans, segments
from stillwatch.sketch.signatures import SignatureBook, Signatures
from stillwatch.sketch.templates import Templates, cluster

__all__ = [
    "PhraseCounts",
    "SignatureBook",
    "Signatures",
    "Templates",
    "cluster",
    "fingerprint",
    "hash_strings",
    "segment_spans",
    "segments",
    "sketch",
]
