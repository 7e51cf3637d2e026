// The plane kernels with AVX-512.

#include "kernels.h"

#if LACUNA_X86
#include <immintrin.h>

#define PLANE_SET LACUNA_AVX512
#define PLANE(name) lacuna_##name##_avx512

LACUNA_AVX512 LACUNA_INLINE uint64_t flagged64(const uint8_t *bytes, uint8_t bits, uint8_t wanted) {
  const __m512i masked = _mm512_and_si512(_mm512_loadu_si512(bytes), _mm512_set1_epi8((char)bits));
  return _mm512_cmpeq_epi8_mask(masked, _mm512_set1_epi8((char)wanted));
}

#include "planes.h"
#endif
