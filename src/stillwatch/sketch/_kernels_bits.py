"""What every kernel stands on: unaligned loads, 64-byte block masks, 128-bit multiply-fold and prefetch, as LLVM code.

Addresses are int64, so that sums with offsets stay integers (numba turns int64 + uint64 into a float).
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "Int",
    "block_masks",
    "count_ones",
    "count_trailing_zeros",
    "highest_bit",
    "kernel",
    "load8",
    "load32",
    "load64",
    "min_hashes",
    "multiply_fold",
    "part",
    "prefetch",
    "sign_sums",
]

F = TypeVar("F", bound=Callable[..., Any])

Int: TypeAlias = Any
"""A machine integer inside kernels: numba infers its width, which no type checker follows."""

Code: TypeAlias = Any
"""A value, type or builder of the compiler; neither numba nor llvmlite publishes types."""

_SOURCES = sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()

_I8, _I32, _I64, _I128 = (ir.IntType(n) for n in (8, 32, 64, 128))
_BLOCK = ir.VectorType(_I8, 64)
_LANES = ir.VectorType(_I32, 64)
_SIXTEEN = ir.VectorType(_I32, 16)


def kernel(function: F) -> F:
    """Compile `function` on first use, keep the machine code on disk and run it without the interpreter lock.

    Code on disk is dropped when any source of the room changes: numba looks at the function's own file only, while
    kernels are built into one another.
    """
    return cast("F", _on_disk(njit(nogil=True, cache=True)(function)))


def part(function: F) -> F:
    """Compile a piece of kernels that allocates nothing: without reference counts, which cost more than most pieces."""
    return cast("F", _on_disk(njit(nogil=True, cache=True, _nrt=False)(function)))


def _on_disk(compiled: Any) -> Any:  # noqa: ANN401  a dispatcher of numba
    file = compiled._cache._cache_file  # noqa: SLF001  numba has no public way
    file._source_stamp = (file._source_stamp, _SOURCES)  # noqa: SLF001
    return compiled


def _as_intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    return cast("Callable[..., Any]", intrinsic(function))


def _load(builder: Code, address: Code, kind: ir.Type) -> Code:
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


def _load_of(kind: ir.Type, returns: Code) -> Callable[..., Any]:
    def typed(_context: Code, address: Code) -> Code:  # noqa: ARG001
        def code(_target: Code, builder: Code, _signature: Code, args: Code) -> Code:
            return _load(builder, args[0], kind)

        return returns(types.int64), code

    return typed


load8 = _as_intrinsic(_load_of(_I8, types.uint8))
load32 = _as_intrinsic(_load_of(_I32, types.uint32))
load64 = _as_intrinsic(_load_of(_I64, types.uint64))


def _splat(value: int, kind: ir.VectorType) -> ir.Constant:
    return ir.Constant(kind, [value] * kind.count)


@_as_intrinsic
def block_masks(_context: Code, address: Code) -> Code:  # noqa: ARG001
    """Three 64-bit masks of the 64 bytes at `address`: ASCII letters, ASCII digits, bytes of 0x80 and above."""

    def code(target: Code, builder: Code, signature: Code, args: Code) -> Code:
        block = _load(builder, args[0], _BLOCK)
        lower = builder.or_(block, _splat(0x20, _BLOCK))
        tests = (
            builder.icmp_unsigned("<", builder.sub(lower, _splat(ord("a"), _BLOCK)), _splat(26, _BLOCK)),
            builder.icmp_unsigned("<", builder.sub(block, _splat(ord("0"), _BLOCK)), _splat(10, _BLOCK)),
            builder.icmp_signed("<", block, _splat(0, _BLOCK)),
        )
        return target.make_tuple(builder, signature.return_type, [builder.bitcast(test, _I64) for test in tests])

    return types.UniTuple(types.uint64, 3)(types.int64), code


@_as_intrinsic
def count_trailing_zeros(_context: Code, bits: Code) -> Code:  # noqa: ARG001
    """Index of the lowest set bit, 64 for zero."""

    def code(_target: Code, builder: Code, _signature: Code, args: Code) -> Code:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), code


@_as_intrinsic
def count_ones(_context: Code, bits: Code) -> Code:  # noqa: ARG001
    """Number of set bits."""

    def code(_target: Code, builder: Code, _signature: Code, args: Code) -> Code:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), code


@_as_intrinsic
def highest_bit(_context: Code, bits: Code) -> Code:  # noqa: ARG001
    """Index of the highest set bit, -1 for zero."""

    def code(_target: Code, builder: Code, _signature: Code, args: Code) -> Code:
        return builder.sub(ir.Constant(_I64, 63), builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0)))

    return types.int64(types.uint64), code


@_as_intrinsic
def multiply_fold(_context: Code, a: Code, b: Code) -> Code:  # noqa: ARG001
    """High half xor low half of the 128-bit product of two 64-bit numbers."""

    def code(_target: Code, builder: Code, _signature: Code, args: Code) -> Code:
        product = builder.mul(builder.zext(args[0], _I128), builder.zext(args[1], _I128))
        high = builder.trunc(builder.lshr(product, ir.Constant(_I128, 64)), _I64)
        return builder.xor(high, builder.trunc(product, _I64))

    return types.uint64(types.uint64, types.uint64), code


@_as_intrinsic
def prefetch(_context: Code, address: Code) -> Code:  # noqa: ARG001
    """Ask for the cache line at `address`, to read or write soon."""

    def code(target: Code, builder: Code, _signature: Code, args: Code) -> Code:
        pointer = builder.inttoptr(args[0], _I8.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [_I8.as_pointer(), _I32, _I32, _I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, ir.Constant(_I32, 0), ir.Constant(_I32, 3), ir.Constant(_I32, 1)])
        return target.get_dummy_value()

    return types.void(types.int64), code


def _broadcast(builder: Code, value: Code, kind: ir.VectorType) -> Code:
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(_I32, 0))
    return builder.shuffle_vector(first, first, _splat(0, ir.VectorType(_I32, kind.count)))


@_as_intrinsic
def sign_sums(_context: Code, hashes: Code, weights: Code, count: Code, sums: Code) -> Code:  # noqa: ARG001
    """Sum over `count` hashes: +weight in lane i where bit i is set, else -weight; int32[64] to address `sums`."""

    def code(target: Code, builder: Code, _signature: Code, args: Code) -> Code:
        hashes, weights, count, sums = args
        lanes = cgutils.alloca_once_value(builder, _splat(0, _LANES))
        with cgutils.for_range(builder, count) as loop:
            word = _load(builder, builder.add(hashes, builder.mul(loop.index, ir.Constant(_I64, 8))), _I64)
            weight = _load(builder, builder.add(weights, builder.mul(loop.index, ir.Constant(_I64, 4))), _I32)
            up = _broadcast(builder, weight, _LANES)
            down = builder.sub(_splat(0, _LANES), up)
            step = builder.select(builder.bitcast(word, ir.VectorType(ir.IntType(1), 64)), up, down)
            builder.store(builder.add(builder.load(lanes), step), lanes)
        builder.store(builder.load(lanes), builder.inttoptr(sums, _LANES.as_pointer()), align=1)
        return target.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), code


@_as_intrinsic
def min_hashes(_context: Code, grams: Code, count: Code, salts: Code, factors: Code, lanes: Code) -> Code:  # noqa: ARG001
    """Smallest ``(low ^ salt) * factor ^ high`` over halves of `count` numbers, in 16 lanes; all are addresses."""

    def code(target: Code, builder: Code, _signature: Code, args: Code) -> Code:
        salts, factors = _load(builder, args[2], _SIXTEEN), _load(builder, args[3], _SIXTEEN)
        smallest = cgutils.alloca_once_value(builder, _splat(0xFFFFFFFF, _SIXTEEN))
        with cgutils.for_range(builder, args[1]) as loop:
            gram = _load(builder, builder.add(args[0], builder.mul(loop.index, ir.Constant(_I64, 8))), _I64)
            low = _broadcast(builder, builder.trunc(gram, _I32), _SIXTEEN)
            high = _broadcast(builder, builder.trunc(builder.lshr(gram, ir.Constant(_I64, 32)), _I32), _SIXTEEN)
            value = builder.xor(builder.mul(builder.xor(low, salts), factors), high)
            before = builder.load(smallest)
            builder.store(builder.select(builder.icmp_unsigned("<", value, before), value, before), smallest)
        builder.store(builder.load(smallest), builder.inttoptr(args[4], _SIXTEEN.as_pointer()), align=1)
        return target.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64, types.int64), code
