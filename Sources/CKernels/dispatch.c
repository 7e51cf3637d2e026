// The public functions: each runs the wanted set's variant, or the next lower
// set's where the wanted one has none.

#include "kernels.h"

bool lacuna_kernels_available(lacuna_kernels set) {
#if LACUNA_X86
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
  switch (set) {
    case LACUNA_KERNELS_SCALAR: return true;
    case LACUNA_KERNELS_AVX2: return avx2;
    case LACUNA_KERNELS_AVX512:
      return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
  }
  return false;
#else
  return set == LACUNA_KERNELS_SCALAR;
#endif
}

// The variant of `name` that runs for `set`; `highest` is the one for AVX-512.
#if LACUNA_X86
#define PICK(name, highest)                        \
  (set == LACUNA_KERNELS_AVX512 ? name##_##highest \
   : set == LACUNA_KERNELS_AVX2 ? name##_avx2      \
                                : name##_scalar)
#else
#define PICK(name, highest) ((void)set, name##_scalar)
#endif

#define DEFINE_LANES(bits, unused)                                                           \
  size_t lacuna_compact##bits(lacuna_kernels set, const uint8_t *dense, size_t count,        \
                              uint8_t *mask, uint8_t *values) {                              \
    return PICK(lacuna_compact##bits, avx512)(dense, count, mask, values);                   \
  }                                                                                          \
                                                                                             \
  size_t lacuna_expand##bits(lacuna_kernels set, const uint8_t *mask, const uint8_t *values, \
                             size_t count, uint8_t *dense) {                                 \
    return PICK(lacuna_expand##bits, avx512)(mask, values, count, dense);                    \
  }                                                                                          \
                                                                                             \
  size_t lacuna_count##bits(lacuna_kernels set, const uint8_t *dense, size_t count) {        \
    return PICK(lacuna_count##bits, avx512)(dense, count);                                   \
  }                                                                                          \
                                                                                             \
  bool lacuna_scan##bits(lacuna_kernels set, const uint8_t *dense, size_t count,             \
                         lacuna_scan_type type, uint64_t *stored, uint64_t *nonzero) {       \
    return PICK(lacuna_scan##bits, avx512)(dense, count, type, stored, nonzero);             \
  }

LACUNA_EACH_WIDTH(DEFINE_LANES, )

uint64_t lacuna_population(lacuna_kernels set, const uint64_t *words, size_t count) {
  return PICK(lacuna_population, avx2)(words, count);
}

void lacuna_patterns(lacuna_kernels set, const uint64_t *words, size_t count,
                     lacuna_pattern_counts *counts) {
  PICK(lacuna_patterns, avx2)(words, count, counts);
}

void lacuna_group_histogram(lacuna_kernels set, const uint64_t *words, size_t count, unsigned size,
                            uint64_t *histogram) {
  PICK(lacuna_group_histogram, avx2)(words, count, size, histogram);
}

void lacuna_unite(lacuna_kernels set, const uint64_t *words, size_t count, uint64_t *accumulator) {
  PICK(lacuna_unite, avx2)(words, count, accumulator);
}

void lacuna_scale_codes(lacuna_kernels set, const int8_t *codes, const float *factors,
                        const float *addends, size_t runs, uint8_t *numbers) {
  PICK(lacuna_scale_codes, avx2)(codes, factors, addends, runs, numbers);
}

void lacuna_nonzero_q4_0(lacuna_kernels set, const uint8_t *blocks, size_t count, uint8_t *bits) {
  PICK(lacuna_nonzero_q4_0, avx512)(blocks, count, bits);
}

void lacuna_nonzero_q8_0(lacuna_kernels set, const uint8_t *blocks, size_t count, uint8_t *bits) {
  PICK(lacuna_nonzero_q8_0, avx2)(blocks, count, bits);
}

size_t lacuna_encode_q4_0(lacuna_kernels set, const uint8_t *numbers, size_t count, uint8_t *blocks) {
  return PICK(lacuna_encode_q4_0, avx512)(numbers, count, blocks);
}

size_t lacuna_encode_q8_0(lacuna_kernels set, const uint8_t *numbers, size_t count, uint8_t *blocks) {
  return PICK(lacuna_encode_q8_0, avx512)(numbers, count, blocks);
}

void lacuna_search_minimum(lacuna_kernels set, const uint8_t *numbers, size_t count,
                           lacuna_minimum_search search, lacuna_minimum_fit fit) {
  PICK(lacuna_search_minimum, avx512)(numbers, count, search, fit);
}

lacuna_magnitudes lacuna_sum_magnitudes(lacuna_kernels set, const uint8_t *elements,
                                        lacuna_number_type type, lacuna_groups groups) {
  return PICK(lacuna_sum_magnitudes, avx512)(elements, type, groups);
}

// A set without a variant for AVX2: the next lower one is the scalar reference.
#if LACUNA_X86
#define PICK_WIDE(name) (set == LACUNA_KERNELS_AVX512 ? name##_avx512 : name##_scalar)
#else
#define PICK_WIDE(name) ((void)set, name##_scalar)
#endif

size_t lacuna_encode_indices(lacuna_kernels set, const uint8_t *mask, size_t count, uint64_t first,
                             unsigned length, uint8_t *bytes) {
  return PICK_WIDE(lacuna_encode_indices)(mask, count, first, length, bytes);
}

size_t lacuna_match_indices(lacuna_kernels set, const uint8_t *bytes, size_t byte_count,
                            const uint8_t *mask, size_t count, uint64_t first, unsigned length) {
  return PICK_WIDE(lacuna_match_indices)(bytes, byte_count, mask, count, first, length);
}
