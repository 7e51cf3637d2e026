// Scan with AVX-512, whose comparisons yield the bits without narrowing.

#include "kernels.h"

#if LACUNA_X86
#include "lanes_avx512.h"

#define SPREAD8(value) _mm512_set1_epi8((char)(value))
#define SPREAD16(value) _mm512_set1_epi16((short)(value))
#define SPREAD32(value) _mm512_set1_epi32((int)(value))
#define SPREAD64(value) _mm512_set1_epi64((long long)(value))

// A word of each bit set: `present` has the elements that are there, and only
// those are loaded. Masking costs nothing here, so the last word needs no code of
// its own.
#define DEFINE_SCAN(bits, set)                                                               \
  LACUNA_AVX512 LACUNA_INLINE __m512i scanWord##bits(const uint8_t *dense, uint64_t present, \
                                                     __m512i magnitude, __m512i largest,     \
                                                     uint64_t *stored, uint64_t *nonzero) {  \
    uint64_t storedBits = 0;                                                                 \
    uint64_t nonzeroBits = 0;                                                                \
    for (size_t start = 0; start < 64; start += 512 / bits) {                                \
      const __m512i elements = _mm512_maskz_loadu_epi##bits(                                 \
          (lacuna_lanes##bits)(present >> start), dense + start * (bits / 8));               \
      const __m512i masked = _mm512_and_si512(elements, magnitude);                          \
      storedBits |= (uint64_t)_mm512_test_epi##bits##_mask(elements, elements) << start;     \
      nonzeroBits |= (uint64_t)_mm512_test_epi##bits##_mask(elements, magnitude) << start;   \
      largest = _mm512_max_epu##bits(largest, masked);                                       \
    }                                                                                        \
    *stored = storedBits;                                                                    \
    *nonzero = nonzeroBits;                                                                  \
    return largest;                                                                          \
  }                                                                                          \
                                                                                             \
  LACUNA_AVX512 LACUNA_SCAN(bits, set) {                                                     \
    const size_t words = count / 64;                                                         \
    const size_t rest = count % 64;                                                          \
    const __m512i magnitude = SPREAD##bits(type.magnitude);                                  \
    __m512i largest = _mm512_setzero_si512();                                                \
    for (size_t word = 0; word < words; word += 1) {                                         \
      largest = scanWord##bits(dense + word * 64 * (bits / 8), ~(uint64_t)0, magnitude,      \
                               largest, &stored[word], &nonzero[word]);                      \
    }                                                                                        \
    if (rest > 0) {                                                                          \
      largest = scanWord##bits(dense + words * 64 * (bits / 8), ((uint64_t)1 << rest) - 1,   \
                               magnitude, largest, &stored[words], &nonzero[words]);         \
    }                                                                                        \
    uint##bits##_t lanes[512 / bits];                                                        \
    _mm512_storeu_si512(lanes, largest);                                                     \
    bool found = false;                                                                      \
    for (size_t lane = 0; lane < 512 / bits; lane += 1) {                                    \
      found |= lanes[lane] >= type.nonfinite;                                                \
    }                                                                                        \
    return type.nonfinite != 0 && found;                                                     \
  }

LACUNA_EACH_WIDTH(DEFINE_SCAN, avx512)
#endif
