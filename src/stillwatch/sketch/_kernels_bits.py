"""What every kernel stands on: unaligned loads, 64-byte block masks, 128-bit multiply-fold and prefetch, as LLVM code.

Addresses are int64, so that sums with offsets stay integers (numba turns int64 + uint64 into a float).
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "block_masks",
    "count_trailing_zeros",
    "highest_bit",
    "kernel",
    "load8",
    "load32",
    "load64",
    "multiply_fold",
    "prefetch",
    "sign_add",
]

F = TypeVar("F", bound=Callable[..., Any])

_I8, _I32, _I64, _I128 = (ir.IntType(n) for n in (8, 32, 64, 128))
_BLOCK = ir.VectorType(_I8, 64)
_LANES = ir.VectorType(_I32, 64)


def kernel(function: F) -> F:
    """Compile `function` on first use, keep the machine code on disk and run it without the interpreter lock."""
    return cast("F", njit(nogil=True, cache=True)(function))


def _as_intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    return cast("Callable[..., Any]", intrinsic(function))


def _load(builder: Any, address: Any, kind: ir.Type) -> Any:
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


def _load_of(kind: ir.Type, returns: Any) -> Callable[..., Any]:
    def typed(_context: Any, address: Any) -> Any:  # noqa: ARG001
        def code(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return _load(builder, args[0], kind)

        return returns(types.int64), code

    return typed


load8 = _as_intrinsic(_load_of(_I8, types.uint8))
load32 = _as_intrinsic(_load_of(_I32, types.uint32))
load64 = _as_intrinsic(_load_of(_I64, types.uint64))


def _splat(value: int, kind: ir.VectorType) -> ir.Constant:
    return ir.Constant(kind, [value] * kind.count)


@_as_intrinsic
def block_masks(_context: Any, address: Any) -> Any:  # noqa: ARG001
    """Three 64-bit masks of the 64 bytes at `address`: ASCII letters, ASCII digits, bytes of 0x80 and above."""

    def code(target: Any, builder: Any, signature: Any, args: Any) -> Any:
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
def count_trailing_zeros(_context: Any, bits: Any) -> Any:  # noqa: ARG001
    """Index of the lowest set bit, 64 for zero."""

    def code(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), code


@_as_intrinsic
def highest_bit(_context: Any, bits: Any) -> Any:  # noqa: ARG001
    """Index of the highest set bit, -1 for zero."""

    def code(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.sub(ir.Constant(_I64, 63), builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0)))

    return types.int64(types.uint64), code


@_as_intrinsic
def multiply_fold(_context: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
    """High half xor low half of the 128-bit product of two 64-bit numbers."""

    def code(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        product = builder.mul(builder.zext(args[0], _I128), builder.zext(args[1], _I128))
        high = builder.trunc(builder.lshr(product, ir.Constant(_I128, 64)), _I64)
        return builder.xor(high, builder.trunc(product, _I64))

    return types.uint64(types.uint64, types.uint64), code


@_as_intrinsic
def prefetch(_context: Any, address: Any) -> Any:  # noqa: ARG001
    """Ask for the cache line at `address`, to read or write soon."""

    def code(target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], _I8.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [_I8.as_pointer(), _I32, _I32, _I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, ir.Constant(_I32, 0), ir.Constant(_I32, 3), ir.Constant(_I32, 1)])
        return target.get_dummy_value()

    return types.void(types.int64), code


@_as_intrinsic
def sign_add(_context: Any, address: Any, bits: Any, weight: Any) -> Any:  # noqa: ARG001
    """Add +weight to each of the 64 int32 at `address` whose bit is set, -weight to the others."""

    def code(target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = _load(builder, args[0], _LANES)
        bits = builder.bitcast(args[1], ir.VectorType(ir.IntType(1), 64))
        undefined = ir.Constant(_LANES, ir.Undefined)
        first = builder.insert_element(undefined, args[2], ir.Constant(_I32, 0))
        weight = builder.shuffle_vector(first, undefined, _splat(0, _LANES))
        step = builder.select(bits, weight, builder.sub(_splat(0, _LANES), weight))
        builder.store(builder.add(lanes, step), builder.inttoptr(args[0], _LANES.as_pointer()), align=1)
        return target.get_dummy_value()

    return types.void(types.int64, types.uint64, types.int32), code
