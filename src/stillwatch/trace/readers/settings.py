"""A reader from the very settings an engine was started with, so that nobody has to translate them.

| engine | settings |
| --- | --- |
| vllm | the JSON of ``--watermark-config`` |
| sglang | the JSON of ``--watermark-config``, or a request's ``watermark`` object |
| transformers | ``WatermarkingConfig`` (and ``vocab_size`` with it) or ``SynthIDTextWatermarkingConfig`` as JSON |

What only says how text is made (``bias``, ``deduplicate_contexts`` and the like) is accepted and passed over. Settings
hold keys, so no message repeats a value.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from stillwatch.errors import InvalidInput
from stillwatch.trace.readers.example import EngineReader
from stillwatch.trace.readers.green_lists import PUBLISHED_KEY, GreenLists
from stillwatch.trace.readers.kgw_lefthash import KgwLefthash
from stillwatch.trace.readers.kgw_selfhash import KgwSelfhash
from stillwatch.trace.readers.sglang import Sglang
from stillwatch.trace.readers.synthid import Synthid, SynthidWeighted, table_of
from stillwatch.trace.readers.vllm_dual_key import VllmDualKey
from stillwatch.trace.readers.vllm_gumbel import VllmGumbel

__all__ = ["ENGINES", "reader_for"]

Settings = Mapping[str, Any]
"""As JSON gives them; each value's type is checked where it is taken."""

Kind: TypeAlias = type | tuple[type, ...]
_REQUIRED: Final = object()


def reader_for(engine: str, settings: Settings) -> EngineReader:
    """Reader of the mark that an engine makes with these settings.

    engine      One of `ENGINES`.
    settings    Its own, as JSON gives them.
    Raises      InvalidInput for another engine, and a setting that is unknown, missing, or of another type or range.

    >>> reader_for("vllm", {"algorithm": "gumbel", "key": 42, "context_width": 3}).width
    3
    >>> reader_for("sglang", {"enabled": True, "key": "0123456789abcdef"}).name
    'sglang'
    """
    if engine not in _MAKERS:
        message = f"engine must be one of {', '.join(ENGINES)}, got {engine!r}"
        raise InvalidInput(message)
    unknown = sorted(set(settings) - set(_FIELDS[engine].split()))
    if unknown:
        message = f"settings of {engine} have unknown fields: {', '.join(unknown)}"
        raise InvalidInput(message)
    return _MAKERS[engine](settings)


def _taken(settings: Settings, name: str, kind: Kind, default: object = _REQUIRED) -> Any:  # noqa: ANN401  as JSON gives it
    value = settings.get(name)
    if value is None:
        if default is _REQUIRED:
            message = f"setting {name} is missing"
            raise InvalidInput(message)
        return default
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = kind.__name__ if isinstance(kind, type) else "number"
        message = f"setting {name} must be of type {wanted}, got {type(value).__name__}"
        raise InvalidInput(message)
    return value


def _vllm(settings: Settings) -> EngineReader:
    algorithm = _taken(settings, "algorithm", str, "gumbel")
    key, width = _taken(settings, "key", int), _taken(settings, "context_width", int, 4)
    if _taken(settings, "prf", str, "philox") != "philox":
        message = "setting prf must be philox: no other function of vLLM is known here"
        raise InvalidInput(message)
    if algorithm == "gumbel":
        return VllmGumbel(key, width)
    if algorithm == "dual_key_gumbel":
        return VllmDualKey(key, width, _taken(settings, "alpha", (int, float), 0.1))
    message = "setting algorithm must be gumbel or dual_key_gumbel"
    raise InvalidInput(message)


def _sglang(settings: Settings) -> EngineReader:
    key_b = _taken(settings, "key_b", str, "")
    return Sglang(
        _hexadecimal("key", _taken(settings, "key", str)),
        _taken(settings, "context_window", int, 4),
        _hexadecimal("key_b", key_b) if key_b else None,
        _taken(settings, "mixing_probability", (int, float), 0.5),
    )


def _hexadecimal(name: str, text: str) -> int:
    digits = text.lower().removeprefix("0x")
    if not 1 <= len(digits) <= 16 or not set(digits) <= set("0123456789abcdef"):
        message = f"setting {name} must be 1 to 16 hexadecimal digits, got {len(digits)} characters"
        raise InvalidInput(message)
    return int(digits, 16)


def _transformers(settings: Settings) -> EngineReader:
    if "keys" in settings or "ngram_len" in settings:
        return _synthid(settings)
    ratio = _taken(settings, "greenlist_ratio", (int, float), 0.25)
    lists = GreenLists(_taken(settings, "vocab_size", int), ratio, _taken(settings, "device", str, None))
    key = _taken(settings, "hashing_key", int, PUBLISHED_KEY)
    scheme = _taken(settings, "seeding_scheme", str, "lefthash")
    if scheme == "lefthash":
        return KgwLefthash(key, lists)
    if scheme == "selfhash":
        return KgwSelfhash(key, lists, _taken(settings, "context_width", int, 1))
    message = "setting seeding_scheme must be lefthash or selfhash"
    raise InvalidInput(message)


def _synthid(settings: Settings) -> EngineReader:
    keys = _taken(settings, "keys", list)
    if not all(isinstance(key, int) for key in keys):
        message = "setting keys must be a list of whole numbers"
        raise InvalidInput(message)
    size, seed = _taken(settings, "sampling_table_size", int, 65_536), _taken(settings, "sampling_table_seed", int, 0)
    if not 2 <= size <= 2**28 or seed < 0:
        message = f"sampling_table_size must be in 2 to 2^28 and its seed 0 or above, got {size} and {seed}"
        raise InvalidInput(message)
    kind = SynthidWeighted if _taken(settings, "score", str, "mean") == "weighted" else Synthid
    return kind(keys, _taken(settings, "ngram_len", int, 5), table_of(seed, size))


_FIELDS: Final = {
    "vllm": """algorithm key context_width alpha prf deduplicate_contexts deduplicate_contexts_max_history
        allow_target_only_watermarking""",
    "sglang": """key key_b context_window mixing_probability max_probability default_enabled enforce_all enabled""",
    "transformers": """greenlist_ratio bias hashing_key seeding_scheme context_width vocab_size device ngram_len keys
        score context_history_size sampling_table_seed sampling_table_size skip_first_ngram_calls debug_mode""",
}
_MAKERS: Final = {"vllm": _vllm, "sglang": _sglang, "transformers": _transformers}
ENGINES: Final = tuple(_MAKERS)
