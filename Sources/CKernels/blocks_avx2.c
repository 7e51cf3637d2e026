// Blocks of codes with AVX2.

#include "kernels.h"

#if LACUNA_X86
#include <string.h>

#include "lanes_avx2.h"

#pragma STDC FP_CONTRACT OFF

LACUNA_AVX2 LACUNA_INLINE __m256 floats(const int8_t *codes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)codes)));
}

LACUNA_AVX2 LACUNA_SCALE_CODES(avx2) {
  for (size_t run = 0; run < runs; run += 1) {
    const __m256 factor = _mm256_broadcast_ss(factors + run);
    __m256 low = _mm256_mul_ps(floats(codes + 16 * run), factor);
    __m256 high = _mm256_mul_ps(floats(codes + 16 * run + 8), factor);
    if (addends) {
      const __m256 addend = _mm256_broadcast_ss(addends + run);
      low = _mm256_add_ps(low, addend);
      high = _mm256_add_ps(high, addend);
    }
    _mm256_storeu_ps((float *)(void *)(numbers + 64 * run), low);
    _mm256_storeu_ps((float *)(void *)(numbers + 64 * run + 32), high);
  }
}

// Stores a block's bits, unless its scale, the first two bytes, is 0 or -0.
LACUNA_AVX2 LACUNA_INLINE void storeBits(const uint8_t *block, uint32_t found, uint8_t *bits) {
  uint16_t scale;
  memcpy(&scale, block, sizeof scale);
  if ((scale & 0x7fff) == 0) found = 0;
  memcpy(bits, &found, sizeof found);
}

LACUNA_AVX2 LACUNA_NONZERO(q4_0, avx2) {
  // The low halves of the bytes are elements 0 to 15, the high ones 16 to 31.
  const __m256i halves = _mm256_setr_epi64x(0, 0, 4, 4);
  const __m256i fourBits = _mm256_set1_epi8(0xf);
  const __m256i zero = _mm256_set1_epi8(8);
  for (size_t index = 0; index < count; index += 1) {
    const uint8_t *block = blocks + 18 * index;
    const __m256i packed = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(block + 2)));
    const __m256i codes = _mm256_and_si256(_mm256_srlv_epi64(packed, halves), fourBits);
    const int zeros = _mm256_movemask_epi8(_mm256_cmpeq_epi8(codes, zero));
    storeBits(block, ~(uint32_t)zeros, bits + 4 * index);
  }
}

LACUNA_AVX2 LACUNA_NONZERO(q8_0, avx2) {
  for (size_t index = 0; index < count; index += 1) {
    const uint8_t *block = blocks + 34 * index;
    const __m256i codes = lacuna_load256(block + 2);
    storeBits(block, ~lacuna_zeros8(&codes), bits + 4 * index);
  }
}
#endif
