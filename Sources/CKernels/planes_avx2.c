// The plane kernels with AVX2.

#include "kernels.h"

#if LACUNA_X86
#include "lanes_avx2.h"

#define PLANE_SET LACUNA_AVX2
#define PLANE(name) lacuna_##name##_avx2

LACUNA_AVX2 LACUNA_INLINE uint64_t flagged64(const uint8_t *bytes, uint8_t bits, uint8_t wanted) {
  const __m256i mask = _mm256_set1_epi8((char)bits);
  const __m256i value = _mm256_set1_epi8((char)wanted);
  const __m256i low = _mm256_cmpeq_epi8(_mm256_and_si256(lacuna_load256(bytes), mask), value);
  const __m256i high = _mm256_cmpeq_epi8(_mm256_and_si256(lacuna_load256(bytes + 32), mask), value);
  return (uint64_t)(uint32_t)_mm256_movemask_epi8(low) |
         (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

#include "planes.h"
#endif
