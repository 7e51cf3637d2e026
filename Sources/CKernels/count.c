// Count, in every set: short enough to stand together.

#include <string.h>

#include "kernels.h"

#define DEFINE_COUNT(bits, set)                               \
  LACUNA_COUNT(bits, set) {                                   \
    size_t total = 0;                                         \
    for (size_t index = 0; index < count; index += 1) {       \
      uint##bits##_t element;                                 \
      memcpy(&element, dense + index * (bits / 8), bits / 8); \
      total += element != 0;                                  \
    }                                                         \
    return total;                                             \
  }

LACUNA_EACH_WIDTH(DEFINE_COUNT, scalar)
#undef DEFINE_COUNT

#if LACUNA_X86
#include "lanes_avx2.h"

#define DEFINE_COUNT(bits, set)                                                                 \
  LACUNA_AVX2 LACUNA_COUNT(bits, set) {                                                         \
    const size_t size = bits / 8;                                                               \
    const __m256i zero = _mm256_setzero_si256();                                                \
    size_t zeroBytes = 0;                                                                       \
    size_t start = 0;                                                                           \
    for (; count - start >= 32 / size; start += 32 / size) {                                    \
      const __m256i zeros = _mm256_cmpeq_epi##bits(lacuna_load256(dense + start * size), zero); \
      zeroBytes += (size_t)_mm_popcnt_u32((uint32_t)_mm256_movemask_epi8(zeros));               \
    }                                                                                           \
    return start - zeroBytes / size +                                                           \
           lacuna_count##bits##_scalar(dense + start * size, count - start);                    \
  }

LACUNA_EACH_WIDTH(DEFINE_COUNT, avx2)
#undef DEFINE_COUNT

#define DEFINE_COUNT(bits, set)                                                          \
  LACUNA_AVX512 LACUNA_COUNT(bits, set) {                                                \
    const size_t size = bits / 8;                                                        \
    size_t total = 0;                                                                    \
    size_t start = 0;                                                                    \
    for (; count - start >= 64 / size; start += 64 / size) {                             \
      const __m512i elements = _mm512_loadu_si512(dense + start * size);                 \
      total += (size_t)_mm_popcnt_u64(_mm512_test_epi##bits##_mask(elements, elements)); \
    }                                                                                    \
    return total + lacuna_count##bits##_scalar(dense + start * size, count - start);     \
  }

LACUNA_EACH_WIDTH(DEFINE_COUNT, avx512)
#endif
