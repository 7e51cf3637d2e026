// Compact with AVX2: eight elements at a time are moved together by one shuffle
// that the eight mask bits choose from a table, and stored whole; the next store
// overwrites what is behind the kept ones.

#include "kernels.h"

#if LACUNA_X86
#include <string.h>

#include "lanes_avx2.h"
#include "tables.h"

static const uint64_t order1[256] = {LACUNA_TREE8(LACUNA_EMPTY1, LACUNA_DROP, LACUNA_KEEP1)};
static const lacuna_wide order2[256] = {LACUNA_TREE8(LACUNA_EMPTY2, LACUNA_DROP, LACUNA_KEEP2)};
static const lacuna_wide order2of4[16] = {LACUNA_TREE4(LACUNA_EMPTY2, LACUNA_DROP, LACUNA_KEEP2)};

// pack<bits>: stores the elements of the eight at `dense` that `kept` has.

LACUNA_AVX2 LACUNA_INLINE void pack8(const uint8_t *dense, uint32_t kept, uint8_t *values) {
  const __m128i order = _mm_loadl_epi64((const __m128i *)&order1[kept]);
  const __m128i lanes = _mm_loadl_epi64((const __m128i *)dense);
  _mm_storel_epi64((__m128i *)values, _mm_shuffle_epi8(lanes, order));
}

LACUNA_AVX2 LACUNA_INLINE void pack16(const uint8_t *dense, uint32_t kept, uint8_t *values) {
  const __m128i order = _mm_loadu_si128((const __m128i *)&order2[kept]);
  const __m128i lanes = _mm_loadu_si128((const __m128i *)dense);
  _mm_storeu_si128((__m128i *)values, _mm_shuffle_epi8(lanes, order));
}

LACUNA_AVX2 LACUNA_INLINE void pack32(const uint8_t *dense, uint32_t kept, uint8_t *values) {
  const __m256i order = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)&order1[kept]));
  _mm256_storeu_si256((__m256i *)values,
                      _mm256_permutevar8x32_epi32(lacuna_load256(dense), order));
}

// 64-bit lanes move as pairs of 32 bits, four at a time: vpermq takes no indices
// from a register.
LACUNA_AVX2 LACUNA_INLINE void pack64half(const uint8_t *dense, uint32_t kept, uint8_t *values) {
  const __m256i order = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)&order2of4[kept]));
  _mm256_storeu_si256((__m256i *)values,
                      _mm256_permutevar8x32_epi32(lacuna_load256(dense), order));
}

LACUNA_AVX2 LACUNA_INLINE void pack64(const uint8_t *dense, uint32_t kept, uint8_t *values) {
  pack64half(dense, kept & 0xf, values);
  pack64half(dense + 32, kept >> 4, values + 8 * lacuna_lane_count32(kept & 0xf));
}

// The four stores of a round find their places from the mask alone, so that only
// one addition is carried from round to round.
#define DEFINE_COMPACT(bits, set)                                                          \
  LACUNA_AVX2 LACUNA_COMPACT(bits, set) {                                                  \
    const size_t size = bits / 8;                                                          \
    size_t taken = 0;                                                                      \
    size_t start = 0;                                                                      \
    for (; count - start >= 32; start += 32) {                                             \
      const uint8_t *from = dense + start * size;                                          \
      uint8_t *to = values + taken * size;                                                 \
      __m256i lanes[bits / 8];                                                             \
      for (size_t part = 0; part < size; part += 1) {                                      \
        lanes[part] = lacuna_load256(from + 32 * part);                                    \
      }                                                                                    \
      const uint32_t kept = ~lacuna_zeros##bits(lanes);                                    \
      memcpy(mask + start / 8, &kept, 4);                                                  \
      const size_t second = lacuna_lane_count32(kept & 0xff);                              \
      const size_t third = lacuna_lane_count32(kept & 0xffff);                             \
      const size_t fourth = lacuna_lane_count32(kept & 0xffffff);                          \
      pack##bits(from, kept & 0xff, to);                                                   \
      pack##bits(from + 8 * size, kept >> 8 & 0xff, to + second * size);                   \
      pack##bits(from + 16 * size, kept >> 16 & 0xff, to + third * size);                  \
      pack##bits(from + 24 * size, kept >> 24, to + fourth * size);                        \
      taken += lacuna_lane_count32(kept);                                                  \
    }                                                                                      \
    return taken + lacuna_compact##bits##_scalar(dense + start * size, count - start,      \
                                                 mask + start / 8, values + taken * size); \
  }

LACUNA_EACH_WIDTH(DEFINE_COMPACT, avx2)
#endif
