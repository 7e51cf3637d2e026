"""Floats that numpy has no type for, as lanes; rounding is to the nearest, ties to even, as torch does it."""

import numpy as np

# The magnitudes of the 4-bit floats, and of the 6-bit ones with 3 bits of mantissa.
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], dtype=np.float32)
E2M3 = np.array([m / 8 for m in range(8)] + [(1 + m / 8) * 2.0**e for e in range(3) for m in range(8)], dtype=np.float32)


def signed(magnitudes):
    """A table by code: the sign is the bit above the magnitude's."""
    return np.concatenate([magnitudes, -magnitudes])


def e4m3_table():
    """The 256 values of an 8-bit float with 4 bits of exponent; no infinities, two NaN."""
    codes = np.arange(128)
    exponent, mantissa = codes >> 3, (codes & 7).astype(np.float64)
    values = np.where(exponent == 0, mantissa * 2.0**-9, (1 + mantissa / 8) * 2.0 ** (exponent - 7.0))
    values[127] = np.nan
    return signed(values.astype(np.float32))


E4M3 = e4m3_table()


def powers_of_two(codes):
    """Shared exponents, as BF16 lanes: 2^(code - 127), where the library makes 255 an infinity."""
    with np.errstate(over="ignore"):
        return bf16(np.exp2(codes.astype(np.float64) - 127).astype(np.float32))


def bf16(values):
    """F32 values as BF16 lanes."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    rounded = ((bits.astype(np.uint64) + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(values), np.uint16(0x7FC0), rounded)


def numbers(dtype, bits):
    """Lanes as numbers: F32 where that holds them, else F64."""
    if dtype == "BF16":
        return (bits.astype(np.uint32) << 16).view(np.float32)
    if dtype == "F16":
        return bits.view(np.float16).astype(np.float32)
    if dtype == "F8_E4M3":
        return E4M3[bits]
    if dtype == "F32":
        return bits.view(np.float32)
    if dtype == "F64":
        return bits.view(np.float64)
    return bits.view({"I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64, "U8": np.uint8}[dtype])


def lanes(dtype, values):
    """Numbers rounded to a type, as lanes."""
    with np.errstate(over="ignore"):
        if dtype == "BF16":
            return bf16(values.astype(np.float32))
        kind = {"F16": np.float16, "F32": np.float32, "F64": np.float64}[dtype]
        return np.ascontiguousarray(values.astype(kind)).view({2: np.uint16, 4: np.uint32, 8: np.uint64}[np.dtype(kind).itemsize])


def rounded(dtype, values):
    """Numbers rounded to a type, as numbers."""
    return numbers(dtype, lanes(dtype, values))


def converted(left, dtype):
    """A tensor in another float type."""
    return (dtype, lanes(dtype, numbers(*left)))


def alike(left, right):
    """Whether two float tensors are equal in dtype, shape and every bit; of NaN only that it is one."""
    if left[0] != right[0] or left[1].shape != right[1].shape:
        return False
    differ = left[1] != right[1]
    if not differ.any():
        return True
    if left[0] not in ("BF16", "F16", "F32", "F64", "F8_E4M3"):
        return False
    return bool((np.isnan(numbers(*left)[differ]) & np.isnan(numbers(*right)[differ])).all())
