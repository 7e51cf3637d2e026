// Scan with AVX2.

#include "kernels.h"

#if LACUNA_X86
#include "lanes_avx2.h"

// What is watched for elements that are not finite: a running unsigned maximum,
// compared once at the end. AVX2 has no such maximum for 64 bits, nor an unsigned
// comparison: there it is the lanes that have reached the bound, both moved into
// the signed range.
#define WATCH8(seen, bits, bound) _mm256_max_epu8(seen, bits)
#define WATCH16(seen, bits, bound) _mm256_max_epu16(seen, bits)
#define WATCH32(seen, bits, bound) _mm256_max_epu32(seen, bits)
#define WATCH64(seen, bits, bound) \
  _mm256_or_si256(seen, _mm256_cmpgt_epi64(_mm256_xor_si256(bits, signBit), bound))

#define SPREAD8(value) _mm256_set1_epi8((char)(value))
#define SPREAD16(value) _mm256_set1_epi16((short)(value))
#define SPREAD32(value) _mm256_set1_epi32((int)(value))
#define SPREAD64(value) _mm256_set1_epi64x((long long)(value))

// Types whose magnitude is all their bits need one set instead of two, and types
// that are always finite no watching: `masked` and `watched` are constants where
// the function is inlined.
#define DEFINE_SCAN(bits, set)                                                                   \
  LACUNA_AVX2 LACUNA_INLINE __m256i scanWords##bits(                                             \
      const uint8_t *dense, size_t words, lacuna_scan_type type, uint64_t *stored,               \
      uint64_t *nonzero, const bool masked, const bool watched) {                                \
    enum { size = bits / 8 };                                                                    \
    const __m256i magnitude = SPREAD##bits(type.magnitude);                                      \
    const __m256i signBit = SPREAD64(INT64_MIN);                                                 \
    const __m256i bound = _mm256_xor_si256(SPREAD64(type.nonfinite - 1), signBit);               \
    __m256i seen = _mm256_setzero_si256();                                                       \
    for (size_t word = 0; word < words; word += 1) {                                             \
      uint64_t storedBits = 0;                                                                   \
      uint64_t nonzeroBits = 0;                                                                  \
      for (size_t half = 0; half < 2; half += 1) {                                               \
        const uint8_t *from = dense + (64 * word + 32 * half) * size;                            \
        __m256i lanes[size];                                                                     \
        for (size_t part = 0; part < size; part += 1) {                                          \
          lanes[part] = lacuna_load256(from + 32 * part);                                        \
        }                                                                                        \
        storedBits |= (uint64_t)(uint32_t)~lacuna_zeros##bits(lanes) << (32 * half);             \
        if (masked || watched) {                                                                 \
          for (size_t part = 0; part < size; part += 1) {                                        \
            lanes[part] = _mm256_and_si256(lanes[part], magnitude);                              \
            seen = watched ? WATCH##bits(seen, lanes[part], bound) : seen;                       \
          }                                                                                      \
        }                                                                                        \
        if (masked) {                                                                            \
          nonzeroBits |= (uint64_t)(uint32_t)~lacuna_zeros##bits(lanes) << (32 * half);          \
        }                                                                                        \
      }                                                                                          \
      stored[word] = storedBits;                                                                 \
      nonzero[word] = masked ? nonzeroBits : storedBits;                                         \
    }                                                                                            \
    (void)signBit;                                                                               \
    (void)bound;                                                                                 \
    return seen;                                                                                 \
  }                                                                                              \
                                                                                                 \
  LACUNA_AVX2 LACUNA_SCAN(bits, set) {                                                           \
    const size_t words = count / 64;                                                             \
    const bool masked = (uint##bits##_t)type.magnitude != UINT##bits##_MAX;                      \
    const bool watched = type.nonfinite != 0;                                                    \
    const __m256i seen =                                                                         \
        masked ? (watched ? scanWords##bits(dense, words, type, stored, nonzero, true, true)     \
                          : scanWords##bits(dense, words, type, stored, nonzero, true, false))   \
               : (watched ? scanWords##bits(dense, words, type, stored, nonzero, false, true)    \
                          : scanWords##bits(dense, words, type, stored, nonzero, false, false)); \
    uint##bits##_t lanes[256 / bits];                                                            \
    _mm256_storeu_si256((__m256i *)lanes, seen);                                                 \
    const uint64_t least = bits == 64 ? 1 : type.nonfinite;                                      \
    bool found = false;                                                                          \
    for (size_t lane = 0; lane < 256 / bits; lane += 1) {                                        \
      found |= lanes[lane] >= least;                                                             \
    }                                                                                            \
    const bool foundInRest =                                                                     \
        lacuna_scan##bits##_scalar(dense + words * 64 * (bits / 8), count - words * 64, type,    \
                                   stored + words, nonzero + words);                             \
    return (watched && found) || foundInRest;                                                    \
  }

LACUNA_EACH_WIDTH(DEFINE_SCAN, avx2)
#endif
