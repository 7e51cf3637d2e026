// Set bits in the groups of a vector of words, for the AVX2 kernels.

#ifndef LACUNA_GROUPS_AVX2_H
#define LACUNA_GROUPS_AVX2_H

#include <immintrin.h>

#include "kernels.h"

// A table for pshufb: a byte for each value of four bits.
#define LACUNA_OF_FOUR_BITS(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

#define LACUNA_POPULATIONS LACUNA_OF_FOUR_BITS(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4)

// The groups of four bits of a vector, those in the lower and the upper halves of
// its bytes, each as an index for pshufb.
typedef struct {
  __m256i lower;
  __m256i upper;
} lacuna_fours;

LACUNA_AVX2 LACUNA_INLINE lacuna_fours lacuna_split(const uint64_t *words) {
  const __m256i bits = _mm256_loadu_si256((const __m256i *)words);
  const __m256i low = _mm256_set1_epi8(0xf);
  return (lacuna_fours){_mm256_and_si256(bits, low),
                        _mm256_and_si256(_mm256_srli_epi16(bits, 4), low)};
}

// The table's entries for both groups of each byte, added.
LACUNA_AVX2 LACUNA_INLINE __m256i lacuna_look_up(__m256i table, lacuna_fours fours) {
  return _mm256_add_epi8(_mm256_shuffle_epi8(table, fours.lower),
                         _mm256_shuffle_epi8(table, fours.upper));
}

// The sum of 32 unsigned bytes.
LACUNA_AVX2 LACUNA_INLINE uint64_t lacuna_sum_bytes(__m256i bytes) {
  const __m256i sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
  uint64_t parts[4];
  _mm256_storeu_si256((__m256i *)parts, sums);
  return parts[0] + parts[1] + parts[2] + parts[3];
}

#endif
