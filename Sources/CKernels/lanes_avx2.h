// Loads, and which of 32 lanes are zero, for the AVX2 kernels.

#ifndef LACUNA_LANES_AVX2_H
#define LACUNA_LANES_AVX2_H

#include <immintrin.h>

#include "kernels.h"

LACUNA_AVX2 LACUNA_INLINE __m256i lacuna_load256(const void *bytes) {
  return _mm256_loadu_si256((const __m256i *)bytes);
}

LACUNA_AVX2 LACUNA_INLINE size_t lacuna_lane_count32(uint32_t lanes) {
  return (size_t)_mm_popcnt_u32(lanes);
}

// Bit i of the result is set when element i of the 32 in `lanes` is zero. The
// compared lanes are narrowed to bytes for one movemask: packs works within
// 128-bit halves, so the order is mended at the end.

LACUNA_AVX2 LACUNA_INLINE uint32_t lacuna_zeros8(const __m256i lanes[1]) {
  return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(lanes[0], _mm256_setzero_si256()));
}

LACUNA_AVX2 LACUNA_INLINE uint32_t lacuna_zeros16(const __m256i lanes[2]) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i bytes =
      _mm256_packs_epi16(_mm256_cmpeq_epi16(lanes[0], zero), _mm256_cmpeq_epi16(lanes[1], zero));
  return (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(bytes, _MM_SHUFFLE(3, 1, 2, 0)));
}

LACUNA_AVX2 LACUNA_INLINE uint32_t lacuna_zeros32(const __m256i lanes[4]) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i low =
      _mm256_packs_epi32(_mm256_cmpeq_epi32(lanes[0], zero), _mm256_cmpeq_epi32(lanes[1], zero));
  const __m256i high =
      _mm256_packs_epi32(_mm256_cmpeq_epi32(lanes[2], zero), _mm256_cmpeq_epi32(lanes[3], zero));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  return (uint32_t)_mm256_movemask_epi8(
      _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order));
}

LACUNA_AVX2 LACUNA_INLINE uint32_t lacuna_zeros64(const __m256i lanes[8]) {
  uint32_t bits = 0;
  for (int part = 0; part < 8; part += 1) {
    const __m256i zeros = _mm256_cmpeq_epi64(lanes[part], _mm256_setzero_si256());
    bits |= (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(zeros)) << (4 * part);
  }
  return bits;
}

#endif
