// Compact with AVX-512.

#include "kernels.h"

#if LACUNA_X86
#include <string.h>

#include "lanes_avx512.h"

// vpcompress into a register and a full store: its form that stores to memory is
// microcoded on AMD's processors and many times slower. The next store overwrites
// what is behind the kept elements. Two vectors a round were no faster.
#define DEFINE_COMPACT(bits, set)                                                              \
  LACUNA_AVX512 LACUNA_INLINE size_t pack##bits(__m512i elements, uint8_t *mask, size_t bytes, \
                                                uint8_t *values) {                             \
    const lacuna_lanes##bits kept = _mm512_test_epi##bits##_mask(elements, elements);          \
    memcpy(mask, &kept, bytes);                                                                \
    _mm512_storeu_si512(values, _mm512_maskz_compress_epi##bits(kept, elements));              \
    return lacuna_lane_count(kept);                                                            \
  }                                                                                            \
                                                                                               \
  LACUNA_AVX512 LACUNA_COMPACT(bits, set) {                                                    \
    enum { size = bits / 8, lanes = 64 / size };                                               \
    size_t taken = 0;                                                                          \
    size_t start = 0;                                                                          \
    for (; count - start >= lanes; start += lanes) {                                           \
      taken += pack##bits(_mm512_loadu_si512(dense + start * size), mask + start / 8,          \
                          lanes / 8, values + taken * size);                                   \
    }                                                                                          \
    if (start < count) {                                                                       \
      const size_t rest = count - start;                                                       \
      const lacuna_lanes##bits present = (lacuna_lanes##bits)(~(uint64_t)0 >> (64 - rest));    \
      const __m512i elements = _mm512_maskz_loadu_epi##bits(present, dense + start * size);    \
      taken += pack##bits(elements, mask + start / 8, (rest + 7) / 8, values + taken * size);  \
    }                                                                                          \
    return taken;                                                                              \
  }

LACUNA_EACH_WIDTH(DEFINE_COMPACT, avx512)
#endif
