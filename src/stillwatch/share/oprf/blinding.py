"""Blind, evaluate, unblind: the asker learns the function's value, the evaluator nothing.

References
----------
RFC 9497 (2023), section 3.3.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.share.oprf.group import IDENTITY, inverses, is_scalar, multiply, random_scalar
from stillwatch.share.oprf.hashing import VERIFIABLE, Context, framed, hash_to_group
from stillwatch.share.oprf.spread import spread

__all__ = ["OUTPUT_BYTES", "Blinded", "blind", "blind_evaluate", "evaluate", "finalize"]

OUTPUT_BYTES: Final = 64
_INPUT_BYTES: Final = 65_535


@dataclass(frozen=True, slots=True)
class Blinded:
    """What was asked.

    inputs, blinds  The asker's own; no representation shows them.
    elements        What the evaluator gets: uniform whatever the inputs are.
    """

    inputs: tuple[bytes, ...] = field(repr=False)
    blinds: tuple[bytes, ...] = field(repr=False)
    elements: tuple[bytes, ...]


def _input_element(data: bytes, context: Context) -> bytes:
    if len(data) > _INPUT_BYTES:
        message = f"an input must be at most {_INPUT_BYTES} bytes, got {len(data)}"
        raise InvalidInput(message)
    element = hash_to_group(data, context.group)
    if element == IDENTITY:  # for one input in 2^252
        message = "an input hashes to the identity"
        raise InvalidInput(message)
    return element


def blind(
    inputs: Sequence[bytes],
    context: Context = VERIFIABLE,
    *,
    blinds: Sequence[bytes] | None = None,
    threads: int | None = None,
) -> Blinded:
    """Hide the inputs.

    inputs      At most 65,535 bytes each.
    blinds      Secret scalars, not zero, for test vectors; None draws them, as all other callers must.
    threads     None is every core.
    Raises      InvalidInput for an input that is too long, or blinds that do not fit.
    """
    scalars = [random_scalar() for _ in inputs] if blinds is None else list(blinds)
    if len(scalars) != len(inputs) or not all(map(is_scalar, scalars)):
        message = f"there must be one canonical scalar for each of {len(inputs)} inputs"
        raise InvalidInput(message)

    def work(pairs: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        return [multiply(scalar, _input_element(data, context)) for data, scalar in pairs]

    pairs = list(zip(inputs, scalars, strict=True))
    return Blinded(tuple(inputs), tuple(scalars), tuple(spread(work, pairs, threads)))


def blind_evaluate(secret: bytes, elements: Sequence[bytes], *, threads: int | None = None) -> list[bytes]:
    """The evaluator's part.

    elements    As they came: what is no element is refused here.
    Raises      InvalidInput for an element that is not canonical, or the identity.
    """

    def work(some: Sequence[bytes]) -> list[bytes]:
        return [multiply(secret, element) for element in some]

    return spread(work, elements, threads)


def finalize(blinded: Blinded, evaluated: Sequence[bytes], *, threads: int | None = None) -> list[bytes]:
    """Values of the function, 64 bytes each.

    evaluated   One for each blinded element, proven where the mode is to prove it.
    Raises      InvalidInput if their number differs or one is no element.
    """
    if len(evaluated) != len(blinded.elements):
        message = f"there must be {len(blinded.elements)} evaluated elements, got {len(evaluated)}"
        raise InvalidInput(message)

    def work(rows: Sequence[int]) -> list[bytes]:
        back = inverses([blinded.blinds[i] for i in rows])
        return [_output(blinded.inputs[i], multiply(b, evaluated[i])) for i, b in zip(rows, back, strict=True)]

    return spread(work, range(len(evaluated)), threads)


def evaluate(secret: bytes, data: bytes, context: Context = VERIFIABLE) -> bytes:
    """Value of the function for who knows both key and input."""
    return _output(data, multiply(secret, _input_element(data, context)))


def _output(data: bytes, element: bytes) -> bytes:
    return hashlib.sha512(framed(data) + framed(element) + b"Finalize").digest()
