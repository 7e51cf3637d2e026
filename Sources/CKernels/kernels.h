// What the sources of CKernels share: the prototypes of each set's variants and
// the attributes that compile them.

#ifndef LACUNA_KERNELS_H
#define LACUNA_KERNELS_H

#include "CKernels.h"

// Kernels read elements with memcpy and take their bytes as they lie.
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "CKernels expects a little-endian machine"
#endif

// Instruction sets are chosen per function and not by compiler flags, so that
// one binary runs on machines with and without them, and a package that depends
// on this one needs no unsafe flags.
#if defined(__x86_64__)
#define LACUNA_X86 1
#define LACUNA_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define LACUNA_AVX512 \
  __attribute__((target("avx2,bmi,bmi2,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2")))
#else
#define LACUNA_X86 0
#endif

#define LACUNA_INLINE static inline __attribute__((always_inline))

// Signatures of the variants: LACUNA_COMPACT(16, avx2) is lacuna_compact16_avx2.
#define LACUNA_COMPACT(bits, set) \
  size_t lacuna_compact##bits##_##set(const uint8_t *dense, size_t count, uint8_t *mask, uint8_t *values)
#define LACUNA_EXPAND(bits, set) \
  size_t lacuna_expand##bits##_##set(const uint8_t *mask, const uint8_t *values, size_t count, uint8_t *dense)
#define LACUNA_COUNT(bits, set) size_t lacuna_count##bits##_##set(const uint8_t *dense, size_t count)
#define LACUNA_SCAN(bits, set)                                                              \
  bool lacuna_scan##bits##_##set(const uint8_t *dense, size_t count, lacuna_scan_type type, \
                                 uint64_t *stored, uint64_t *nonzero)
#define LACUNA_POPULATION(set) uint64_t lacuna_population_##set(const uint64_t *words, size_t count)
#define LACUNA_PATTERNS(set) \
  void lacuna_patterns_##set(const uint64_t *words, size_t count, lacuna_pattern_counts *counts)
#define LACUNA_HISTOGRAM(set) \
  void lacuna_group_histogram_##set(const uint64_t *words, size_t count, unsigned size, uint64_t *histogram)
#define LACUNA_UNITE(set) \
  void lacuna_unite_##set(const uint64_t *words, size_t count, uint64_t *accumulator)
#define LACUNA_SCALE_CODES(set)                                                                  \
  void lacuna_scale_codes_##set(const int8_t *codes, const float *factors, const float *addends, \
                                size_t runs, uint8_t *numbers)
#define LACUNA_NONZERO(type, set) \
  void lacuna_nonzero_##type##_##set(const uint8_t *blocks, size_t count, uint8_t *bits)

#define LACUNA_ENCODE(type, set) \
  size_t lacuna_encode_##type##_##set(const uint8_t *numbers, size_t count, uint8_t *blocks)
#define LACUNA_SEARCH_MINIMUM(set)                                           \
  void lacuna_search_minimum_##set(const uint8_t *numbers, size_t count,     \
                                   lacuna_minimum_search search, lacuna_minimum_fit fit)

#define LACUNA_SUM_MAGNITUDES(set)                                                              \
  lacuna_magnitudes lacuna_sum_magnitudes_##set(const uint8_t *elements, lacuna_number_type type, \
                                                lacuna_groups groups)

#define LACUNA_ENCODE_INDICES(set)                                                     \
  size_t lacuna_encode_indices_##set(const uint8_t *mask, size_t count, uint64_t first, \
                                     unsigned length, uint8_t *bytes)
#define LACUNA_MATCH_INDICES(set)                                                      \
  size_t lacuna_match_indices_##set(const uint8_t *bytes, size_t byte_count,            \
                                    const uint8_t *mask, size_t count, uint64_t first, unsigned length)

// One declaration or definition for each width of an element.
#define LACUNA_EACH_WIDTH(apply, set) apply(8, set) apply(16, set) apply(32, set) apply(64, set)

#define LACUNA_DECLARE_LANES(bits, set) \
  LACUNA_COMPACT(bits, set);            \
  LACUNA_EXPAND(bits, set);             \
  LACUNA_COUNT(bits, set);              \
  LACUNA_SCAN(bits, set);

#define LACUNA_DECLARE_BITS(set) \
  LACUNA_POPULATION(set);        \
  LACUNA_PATTERNS(set);          \
  LACUNA_HISTOGRAM(set);         \
  LACUNA_UNITE(set);

#define LACUNA_DECLARE_ENCODERS(set) \
  LACUNA_ENCODE(q4_0, set);          \
  LACUNA_ENCODE(q8_0, set);          \
  LACUNA_SEARCH_MINIMUM(set);

#define LACUNA_DECLARE_BLOCKS(set) \
  LACUNA_SCALE_CODES(set);         \
  LACUNA_NONZERO(q4_0, set);       \
  LACUNA_NONZERO(q8_0, set);

// Only lacuna_... of the public header is meant to be seen outside.
#pragma GCC visibility push(hidden)

LACUNA_EACH_WIDTH(LACUNA_DECLARE_LANES, scalar)
LACUNA_DECLARE_BITS(scalar)
LACUNA_DECLARE_BLOCKS(scalar)
LACUNA_DECLARE_ENCODERS(scalar)
LACUNA_SUM_MAGNITUDES(scalar);
LACUNA_ENCODE_INDICES(scalar);
LACUNA_MATCH_INDICES(scalar);
#if LACUNA_X86
LACUNA_EACH_WIDTH(LACUNA_DECLARE_LANES, avx2)
LACUNA_DECLARE_BITS(avx2)
LACUNA_DECLARE_BLOCKS(avx2)
LACUNA_DECLARE_ENCODERS(avx2)
LACUNA_SUM_MAGNITUDES(avx2);
LACUNA_EACH_WIDTH(LACUNA_DECLARE_LANES, avx512)
LACUNA_NONZERO(q4_0, avx512);
LACUNA_DECLARE_ENCODERS(avx512)
LACUNA_SUM_MAGNITUDES(avx512);
LACUNA_ENCODE_INDICES(avx512);
LACUNA_MATCH_INDICES(avx512);
#endif

#pragma GCC visibility pop

#endif
