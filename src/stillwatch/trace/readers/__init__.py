"""Readers of marks: our own layers, and those that engines make themselves. One file a scheme, listed here.

To read another scheme: a module with a class that follows `EngineReader`, its test, and its line in `READERS`.
"""

from stillwatch.trace.readers.example import EngineReader
from stillwatch.trace.readers.kgw_lefthash import KgwLefthash
from stillwatch.trace.readers.kgw_selfhash import KgwSelfhash
from stillwatch.trace.readers.ours_green import OursGreen
from stillwatch.trace.readers.ours_gumbel import OursGumbel
from stillwatch.trace.readers.sglang import Sglang
from stillwatch.trace.readers.synthid import Synthid, SynthidWeighted
from stillwatch.trace.readers.vllm_dual_key import VllmDualKey
from stillwatch.trace.readers.vllm_gumbel import VllmGumbel

__all__ = ["READERS"]

READERS: tuple[type[EngineReader], ...] = (
    OursGumbel,
    OursGreen,
    VllmGumbel,
    VllmDualKey,
    Sglang,
    KgwLefthash,
    KgwSelfhash,
    Synthid,
    SynthidWeighted,
)
