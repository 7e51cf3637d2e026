// Kernels that take weights apart into planes that an entropy coder can shrink, and put them together again.
//
// Bytes in, bytes out: nothing needs an alignment, no buffer is touched outside of what is said here, and what a
// plane holds can lead to wrong elements but to no wrong address. Each function that takes a set runs that set's
// variant, see CKernels.h; the others are bound by memory or by their tables and have one form.

#ifndef LACUNA_PLANE_KERNELS_H
#define LACUNA_PLANE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "KernelSets.h"

// The upper 16 bits of bfloat16 and binary32 are a sign, 8 exponent bits, 7 mantissa bits. An element's code is its
// exponent minus `base`, or `window` where that is `window` or more: an escape, whose exponent stands elsewhere.

// How codes lie in the plane of symbols, whose other bits are taken from the mantissa's top. What is left of the
// element lies in the plane of rests. Parts that share a byte lie far from one another, so that vectors of
// neighbours are made of vectors of neighbours.
typedef enum {
  // Two codes of 4 bits a byte: elements i (low) and i + h (high) for h = ceil(n / 2). Rests: sign, mantissa: a byte
  // an element.
  LACUNA_SYMBOLS_PAIR = 0,
  // code << 2 | 2 mantissa bits, a byte an element. Rests: sign, 5 mantissa bits; for q = floor(n / 4) each of the
  // elements 0 ..< 3q has a byte and 2 bits of the element of the last quarter in its upper bits: bits 0 and 1
  // beside the first quarter's, 2 and 3 beside the second's, 4 and 5 beside the third's. The last n % 4 elements
  // have a byte each.
  LACUNA_SYMBOLS_J2 = 1,
  // code << 4 | 4 mantissa bits, a byte an element. Rests: sign, 3 mantissa bits; two a byte as with pairs.
  LACUNA_SYMBOLS_J4 = 2,
} lacuna_symbols;

// The bytes of the planes of n elements.
size_t lacuna_symbol_bytes(lacuna_symbols form, size_t n);
size_t lacuna_rest_bytes(lacuna_symbols form, size_t n);

// Splits n elements of 16 bits. `window` is at most 15 for PAIR and J4, 63 for J2.
void lacuna_split_symbols(lacuna_kernels set, lacuna_symbols form, const uint8_t *elements, size_t n, uint8_t base, uint8_t window, uint8_t *symbols, uint8_t *rests);

// Puts n elements together; escapes get the exponent base + window (mod 256).
void lacuna_merge_symbols(lacuna_kernels set, lacuna_symbols form, const uint8_t *symbols, const uint8_t *rests, size_t n, uint8_t base, uint8_t *elements);

// Writes the exponents of the elements whose code is `window`, in the order of the elements, but not more than
// `room`; returns how many there are.
size_t lacuna_gather_escapes(lacuna_kernels set, lacuna_symbols form, const uint8_t *symbols, const uint8_t *elements, size_t n, uint8_t window, uint8_t *escapes, size_t room);

// Gives the elements whose code is `window` the next exponent, as long as there is one of the `count`; returns how
// many such elements there are.
size_t lacuna_scatter_escapes(lacuna_kernels set, lacuna_symbols form, const uint8_t *symbols, uint8_t *elements, size_t n, uint8_t window, const uint8_t *escapes, size_t count);

// Splits n elements of 32 bits into their upper halves (2 bytes each) and two planes of their lower bytes.
void lacuna_split32(lacuna_kernels set, const uint8_t *elements, size_t n, uint8_t *uppers, uint8_t *byte1, uint8_t *byte0);
void lacuna_merge32(lacuna_kernels set, const uint8_t *uppers, const uint8_t *byte1, const uint8_t *byte0, size_t n, uint8_t *elements);

// Splits n elements of 16 bits, rotated left by one bit, into planes of their bytes: a half's sign moves to the end,
// and the upper byte is the exponent and 3 mantissa bits.
void lacuna_split_rotated16(lacuna_kernels set, const uint8_t *elements, size_t n, uint8_t *upper, uint8_t *lower);
void lacuna_merge_rotated16(lacuna_kernels set, const uint8_t *upper, const uint8_t *lower, size_t n, uint8_t *elements);

// Writes n elements of 64 bits, rotated left by one bit, minus bias << 53 (mod 2^64): where all exponents of doubles
// are within 8 of `bias`, the uppermost byte becomes 0. The inverse adds, then rotates right.
void lacuna_rotate64(lacuna_kernels set, const uint8_t *elements, size_t n, uint16_t bias, uint8_t *rotated);
void lacuna_unrotate64(lacuna_kernels set, const uint8_t *rotated, size_t n, uint16_t bias, uint8_t *elements);

// Copies `length` bytes from `offset` of each of n blocks of `stride` bytes to the plane; and back.
void lacuna_gather_part(lacuna_kernels set, const uint8_t *blocks, size_t n, size_t stride, size_t offset, size_t length, uint8_t *plane);
void lacuna_scatter_part(lacuna_kernels set, const uint8_t *plane, size_t n, size_t stride, size_t offset, size_t length, uint8_t *blocks);

// Writes n elements of 32 bits as 16 bits where every one comes back bit for bit by the widening below; false, with
// unspecified bytes in `narrow`, where one does not. NaNs keep their payloads or do not count as narrow.
bool lacuna_narrow_bfloat16(lacuna_kernels set, const uint8_t *elements, size_t n, uint8_t *narrow);
bool lacuna_narrow_float16(lacuna_kernels set, const uint8_t *elements, size_t n, uint8_t *narrow);
void lacuna_widen_bfloat16(lacuna_kernels set, const uint8_t *narrow, size_t n, uint8_t *elements);
void lacuna_widen_float16(lacuna_kernels set, const uint8_t *narrow, size_t n, uint8_t *elements);

// A mask as gaps: for each set bit the number of clear bits before it, 255 standing for 255 clear bits and no set
// one. `room` bounds what is written. Returns the number of bytes, or SIZE_MAX where there is no room.
size_t lacuna_gaps_of_mask(const uint8_t *mask, size_t n, uint8_t *gaps, size_t room);
// The inverse: ceil(n / 8) bytes of mask. Returns the number of set bits, or SIZE_MAX where a gap leaves the mask.
size_t lacuna_mask_of_gaps(const uint8_t *gaps, size_t count, size_t n, uint8_t *mask);

// Adds to 256 counts, for n elements of 16 or 32 bits, one for each's exponent of 8 bits, and for n bytes each.
void lacuna_count_exponents16(const uint8_t *elements, size_t n, uint32_t *counts);
void lacuna_count_exponents32(const uint8_t *elements, size_t n, uint32_t *counts);
void lacuna_count_bytes(const uint8_t *bytes, size_t n, uint32_t *counts);

#endif
