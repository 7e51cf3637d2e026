// The SIMD kernels of Lacuna: compact, expand, count and mask-and-scan over
// dense elements of 8, 16, 32 and 64 bits; indices of set bits as varints; decoding,
// counting and encoding blocks.
//
// Every kernel exists as a scalar reference and, on x86-64, for AVX2 and where
// it pays for AVX-512; `lacuna_kernels` says which one a call runs, so that a
// test can compare them within one process. A set that the machine lacks must
// not be passed: ask lacuna_kernels_available first. A set that has no variant
// of its own for a kernel runs the next lower one.
//
// Elements are little-endian, need no alignment, and are compared by their bits
// alone: "zero" here is the all-zero bit pattern unless a mask says otherwise.

#ifndef LACUNA_CKERNELS_H
#define LACUNA_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CodeLanes.h"
#include "KernelSets.h"
#include "MagnitudeKernels.h"
#include "PlaneKernels.h"

// The bytes that a values buffer must hold beyond its last element: kernels
// store (compact) and load (expand) whole vectors, never further than this.
#define LACUNA_KERNELS_SLACK 64

// Splits `count` dense elements into a bitmask and their nonzero values.
//
// mask:   ceil(count / 8) bytes, one bit an element, LSB first, spare bits 0.
// values: the nonzero elements in order; room for count elements and
//         LACUNA_KERNELS_SLACK bytes more, the content behind the last value is
//         unspecified afterwards.
// Returns the number of nonzero elements. Reads nothing behind the last element.
size_t lacuna_compact8(lacuna_kernels set, const uint8_t *dense, size_t count, uint8_t *mask, uint8_t *values);
size_t lacuna_compact16(lacuna_kernels set, const uint8_t *dense, size_t count, uint8_t *mask, uint8_t *values);
size_t lacuna_compact32(lacuna_kernels set, const uint8_t *dense, size_t count, uint8_t *mask, uint8_t *values);
size_t lacuna_compact64(lacuna_kernels set, const uint8_t *dense, size_t count, uint8_t *mask, uint8_t *values);

// The inverse: writes `count` dense elements, taking the next value where the
// mask's bit is set and zero bits elsewhere. Bits of the mask behind `count` are
// ignored. `values` must hold popcount(mask) elements and be readable for
// LACUNA_KERNELS_SLACK bytes more. Returns the number of values taken. Writes
// nothing behind the last element.
size_t lacuna_expand8(lacuna_kernels set, const uint8_t *mask, const uint8_t *values, size_t count, uint8_t *dense);
size_t lacuna_expand16(lacuna_kernels set, const uint8_t *mask, const uint8_t *values, size_t count, uint8_t *dense);
size_t lacuna_expand32(lacuna_kernels set, const uint8_t *mask, const uint8_t *values, size_t count, uint8_t *dense);
size_t lacuna_expand64(lacuna_kernels set, const uint8_t *mask, const uint8_t *values, size_t count, uint8_t *dense);

// The number of elements whose bits are not all zero.
size_t lacuna_count8(lacuna_kernels set, const uint8_t *dense, size_t count);
size_t lacuna_count16(lacuna_kernels set, const uint8_t *dense, size_t count);
size_t lacuna_count32(lacuna_kernels set, const uint8_t *dense, size_t count);
size_t lacuna_count64(lacuna_kernels set, const uint8_t *dense, size_t count);

// The most bytes of an index that the kernels below take: indices below 2^35.
#define LACUNA_INDEX_BYTES 5

// The bytes that a buffer of indices must have behind the last of them: whole vectors are stored.
#define LACUNA_INDEX_SLACK (64 * LACUNA_INDEX_BYTES)

// Writes the numbers of the set bits of a mask of `count` bits as base-128 varints, where the first bit's number is
// `first`: a multiple of 64, and all numbers take `length` bytes, 1 to LACUNA_INDEX_BYTES, none more or fewer. Bits of
// the mask behind `count` are ignored. `bytes` has room for those of all indices and LACUNA_INDEX_SLACK more. Returns
// the number of bytes that the indices take.
size_t lacuna_encode_indices(lacuna_kernels set, const uint8_t *mask, size_t count, uint64_t first, unsigned length, uint8_t *bytes);

// The inverse: decodes such numbers and compares them with the set bits. Reads no byte behind `byte_count`. Returns the
// number of bytes of the indices where all are those of the mask, and SIZE_MAX where one is not, or there are not enough.
size_t lacuna_match_indices(lacuna_kernels set, const uint8_t *bytes, size_t byte_count, const uint8_t *mask, size_t count, uint64_t first, unsigned length);

// What a scan has to know of an element type.
typedef struct {
  // The bits that make an element's value zero when all are clear: without the
  // sign bit for floats, all bits for integers.
  uint64_t magnitude;
  // An element whose (bits & magnitude) is at least this, unsigned, is NaN or
  // infinite; 0 for types that have neither.
  uint64_t nonfinite;
} lacuna_scan_type;

// Writes two bit sets of `count` bits each, LSB first in 64-bit words, spare
// bits 0, ceil(count / 64) words: `stored` has the elements whose bits are not
// all zero, `nonzero` those whose value is not zero (bits & magnitude).
// Returns whether some element is not finite.
bool lacuna_scan8(lacuna_kernels set, const uint8_t *dense, size_t count, lacuna_scan_type type, uint64_t *stored, uint64_t *nonzero);
bool lacuna_scan16(lacuna_kernels set, const uint8_t *dense, size_t count, lacuna_scan_type type, uint64_t *stored, uint64_t *nonzero);
bool lacuna_scan32(lacuna_kernels set, const uint8_t *dense, size_t count, lacuna_scan_type type, uint64_t *stored, uint64_t *nonzero);
bool lacuna_scan64(lacuna_kernels set, const uint8_t *dense, size_t count, lacuna_scan_type type, uint64_t *stored, uint64_t *nonzero);

// The population of `words` words.
uint64_t lacuna_population(lacuna_kernels set, const uint64_t *words, size_t count);

// What six N:M patterns and the 4-element blocks of a bit set amount to.
// Bits are elements; groups are aligned and whole; spare bits of the last word
// are 0 and so never violate.
typedef struct {
  uint64_t population;      // set bits
  uint64_t over_1_of_2;     // groups of 2 with more than 1 set bit
  uint64_t over_2_of_4;     // groups of 4 with more than 2
  uint64_t over_4_of_8;     // groups of 8 with more than 4
  uint64_t over_8_of_16;    // groups of 16 with more than 8
  uint64_t over_1_of_4;     // groups of 4 with more than 1
  uint64_t over_2_of_8;     // groups of 8 with more than 2
  uint64_t occupied_4;      // groups of 4 with a set bit
} lacuna_pattern_counts;

// Adds the counts of `count` words to `counts`.
void lacuna_patterns(lacuna_kernels set, const uint64_t *words, size_t count, lacuna_pattern_counts *counts);

// Adds, for each aligned group of `size` bits (2, 4, 8, 16 or 32) in `count`
// words, one to histogram[set bits of the group]; `histogram` has size + 1 slots.
void lacuna_group_histogram(lacuna_kernels set, const uint64_t *words, size_t count, unsigned size, uint64_t *histogram);

// accumulator[i] |= words[i].
void lacuna_unite(lacuna_kernels set, const uint64_t *words, size_t count, uint64_t *accumulator);

// Writes the numbers of runs of 16 signed codes, which share a factor and, where
// `addends` is not null, an addend: code * factor + addend, each operation rounded
// by itself. `factors` and `addends` hold one number a run; `numbers` takes 16
// floats a run, at any alignment.
void lacuna_scale_codes(lacuna_kernels set, const int8_t *codes, const float *factors, const float *addends, size_t runs, uint8_t *numbers);

// Writes one bit for each element of `count` blocks of ggml's types Q4_0 and Q8_0,
// 4 bytes a block, LSB first: 1 where the number is not zero, which it is where the
// code stands for zero and everywhere in a block whose scale is.
void lacuna_nonzero_q4_0(lacuna_kernels set, const uint8_t *blocks, size_t count, uint8_t *bits);
void lacuna_nonzero_q8_0(lacuna_kernels set, const uint8_t *blocks, size_t count, uint8_t *bits);

// Encodes 32 floats each, all of them finite, as `count` blocks of ggml's types Q4_0
// and Q8_0, byte for byte as ggml's encoders for x86-64 do without importances: each
// operation is rounded by itself. Neither place needs an alignment. Returns how many
// blocks were written: fewer than `count` where the next one's scale is infinite in
// half precision.
size_t lacuna_encode_q4_0(lacuna_kernels set, const uint8_t *numbers, size_t count, uint8_t *blocks);
size_t lacuna_encode_q8_0(lacuna_kernels set, const uint8_t *numbers, size_t count, uint8_t *blocks);

// What a search for scales and minimums is to try.
typedef struct {
  float top;           // the largest code
  float first_offset;  // what the first trial adds to `top`; each later one adds 0.1 more
  int32_t last_trial;  // the number of the last trial, the first being 0
} lacuna_minimum_search;

// Takes what was found: an element for each group.
typedef struct {
  float *scales;       // 0 for groups of one number only
  float *minima;       // none of them positive
  float *inverses;     // the inverse scales that numbered the groups; 0 as the scales
  float *code_minima;  // the minimums that numbered the groups
} lacuna_minimum_fit;

// Searches, for `count` groups of 32 finite floats at any alignment, the scale and the
// minimum of the codes 0 to `top` that come close to the numbers, as ggml's encoders
// of Q4_K and Q5_K for x86-64 do without importances: each operation is rounded by
// itself and sums are made in the order of the numbers.
void lacuna_search_minimum(lacuna_kernels set, const uint8_t *numbers, size_t count, lacuna_minimum_search search, lacuna_minimum_fit fit);

#endif
