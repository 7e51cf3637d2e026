// Expand with AVX2: eight values at a time, as many as there can be, are spread
// by one shuffle that the eight mask bits choose from a table.

#include "kernels.h"

#if LACUNA_X86
#include <string.h>

#include "lanes_avx2.h"
#include "tables.h"

static const uint64_t spread1[256] = {LACUNA_TREE8(LACUNA_EMPTY1, LACUNA_HOLE1, LACUNA_TAKE1)};
static const lacuna_wide spread2[256] = {LACUNA_TREE8(LACUNA_EMPTY2, LACUNA_HOLE2, LACUNA_TAKE2)};
static const lacuna_wide spread2of4[16] = {LACUNA_TREE4(LACUNA_EMPTY2, LACUNA_HOLE2, LACUNA_TAKE2)};

// unpack<bits>: writes the eight elements at `dense`, those that `kept` has from
// `values`.

LACUNA_AVX2 LACUNA_INLINE void unpack8(const uint8_t *values, uint32_t kept, uint8_t *dense) {
  const __m128i order = _mm_loadl_epi64((const __m128i *)&spread1[kept]);
  const __m128i lanes = _mm_loadl_epi64((const __m128i *)values);
  _mm_storel_epi64((__m128i *)dense, _mm_shuffle_epi8(lanes, order));
}

LACUNA_AVX2 LACUNA_INLINE void unpack16(const uint8_t *values, uint32_t kept, uint8_t *dense) {
  const __m128i order = _mm_loadu_si128((const __m128i *)&spread2[kept]);
  const __m128i lanes = _mm_loadu_si128((const __m128i *)values);
  _mm_storeu_si128((__m128i *)dense, _mm_shuffle_epi8(lanes, order));
}

// vpermd has no index for zero: the lanes whose index is negative are cleared.
LACUNA_AVX2 LACUNA_INLINE void spread(const uint8_t *values, const void *indices, uint8_t *dense) {
  const __m256i order = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)indices));
  const __m256i lanes = _mm256_permutevar8x32_epi32(lacuna_load256(values), order);
  _mm256_storeu_si256((__m256i *)dense, _mm256_andnot_si256(_mm256_srai_epi32(order, 31), lanes));
}

LACUNA_AVX2 LACUNA_INLINE void unpack32(const uint8_t *values, uint32_t kept, uint8_t *dense) {
  spread(values, &spread1[kept], dense);
}

LACUNA_AVX2 LACUNA_INLINE void unpack64(const uint8_t *values, uint32_t kept, uint8_t *dense) {
  spread(values, &spread2of4[kept & 0xf], dense);
  spread(values + 8 * lacuna_lane_count32(kept & 0xf), &spread2of4[kept >> 4], dense + 32);
}

// The four loads of a round find their places from the mask alone, so that only
// one addition is carried from round to round.
#define DEFINE_EXPAND(bits, set)                                                         \
  LACUNA_AVX2 LACUNA_EXPAND(bits, set) {                                                 \
    const size_t size = bits / 8;                                                        \
    size_t taken = 0;                                                                    \
    size_t start = 0;                                                                    \
    for (; count - start >= 32; start += 32) {                                           \
      const uint8_t *from = values + taken * size;                                       \
      uint8_t *to = dense + start * size;                                                \
      uint32_t kept;                                                                     \
      memcpy(&kept, mask + start / 8, 4);                                                \
      const size_t second = lacuna_lane_count32(kept & 0xff);                            \
      const size_t third = lacuna_lane_count32(kept & 0xffff);                           \
      const size_t fourth = lacuna_lane_count32(kept & 0xffffff);                        \
      unpack##bits(from, kept & 0xff, to);                                               \
      unpack##bits(from + second * size, kept >> 8 & 0xff, to + 8 * size);               \
      unpack##bits(from + third * size, kept >> 16 & 0xff, to + 16 * size);              \
      unpack##bits(from + fourth * size, kept >> 24, to + 24 * size);                    \
      taken += lacuna_lane_count32(kept);                                                \
    }                                                                                    \
    return taken + lacuna_expand##bits##_scalar(mask + start / 8, values + taken * size, \
                                                count - start, dense + start * size);    \
  }

LACUNA_EACH_WIDTH(DEFINE_EXPAND, avx2)
#endif
