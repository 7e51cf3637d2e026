// Indices of set bits as varints, with AVX-512: 64 elements a round, which differ in the lowest six
// bits of their first bytes alone.

#include "indices.h"

#if LACUNA_X86
#include <immintrin.h>

// How `length` vectors hold the indices of 64 elements.
typedef struct {
  // For each byte of a vector the number of the index that it belongs to ...
  __m512i number[LACUNA_INDEX_BYTES];
  // ... its place in that ...
  __m512i place[LACUNA_INDEX_BYTES];
  // ... and whether it is the first one.
  __mmask64 is_first[LACUNA_INDEX_BYTES];
  // For each index the place of its first byte within a vector, and those of which it lies in each vector.
  __m512i gathered;
  __mmask64 lies_in[LACUNA_INDEX_BYTES];
  __m512i positions;
} spread;

LACUNA_AVX512 LACUNA_INLINE spread make_spread(unsigned length) {
  uint8_t number[64], place[64], gathered[64], positions[64];
  spread result;
  uint8_t index = 0;
  uint8_t byte = 0;
  for (unsigned vector = 0; vector < length; vector++) {
    uint64_t is_first = 0;
    uint64_t lies_in = 0;
    for (unsigned lane = 0; lane < 64; lane++) {
      number[lane] = index;
      place[lane] = byte;
      if (byte == 0) {
        is_first |= (uint64_t)1 << lane;
        lies_in |= (uint64_t)1 << index;
        gathered[index] = (uint8_t)lane;
      }
      if (++byte == length) {
        byte = 0;
        index++;
      }
    }
    result.number[vector] = _mm512_loadu_si512(number);
    result.place[vector] = _mm512_loadu_si512(place);
    result.is_first[vector] = is_first;
    result.lies_in[vector] = lies_in;
  }
  for (unsigned lane = 0; lane < 64; lane++) positions[lane] = (uint8_t)lane;
  result.gathered = _mm512_loadu_si512(gathered);
  result.positions = _mm512_loadu_si512(positions);
  return result;
}

LACUNA_AVX512 LACUNA_INLINE size_t encode(const uint8_t *mask, size_t count, uint64_t first,
                                          unsigned length, uint8_t *bytes) {
  const spread spread = make_spread(length);
  uint8_t *const start = bytes;
  for (size_t done = 0; done < count; done += 64) {
    const uint64_t word = lacuna_mask_word(mask + done / 8, count - done);
    const __m512i common = _mm512_set1_epi64((long long)lacuna_packed(first + done, length));
    const __m512i kept = _mm512_maskz_compress_epi8(word, spread.positions);
#pragma GCC unroll 5
    for (unsigned vector = 0; vector < length; vector++) {
      const __m512i own = _mm512_permutexvar_epi8(spread.place[vector], common);
      const __m512i position =
          _mm512_maskz_permutexvar_epi8(spread.is_first[vector], spread.number[vector], kept);
      _mm512_storeu_si512(bytes + 64 * vector, _mm512_or_si512(own, position));
    }
    bytes += (size_t)__builtin_popcountll(word) * length;
  }
  return (size_t)(bytes - start);
}

LACUNA_AVX512 LACUNA_INLINE size_t match(const uint8_t *bytes, size_t byte_count, const uint8_t *mask,
                                         size_t count, uint64_t first, unsigned length) {
  const spread spread = make_spread(length);
  // The bits that all indices of a round share: all but six of each first byte.
  const __m512i all = _mm512_set1_epi8(-1);
  const __m512i high = _mm512_set1_epi8((char)0xC0);
  size_t at = 0;
  for (size_t done = 0; done < count; done += 64) {
    const uint64_t word = lacuna_mask_word(mask + done / 8, count - done);
    const size_t needed = (size_t)__builtin_popcountll(word) * length;
    if (needed > byte_count - at) return SIZE_MAX;
    const __m512i common = _mm512_set1_epi64((long long)lacuna_packed(first + done, length));
    __m512i decoded = _mm512_setzero_si512();
    __mmask64 wrong = 0;
#pragma GCC unroll 5
    for (unsigned vector = 0; vector < length; vector++) {
      const size_t before = 64 * (size_t)vector;
      const __mmask64 own = needed > before ? _bzhi_u64(~(uint64_t)0, needed - before > 64 ? 64 : (unsigned)(needed - before)) : 0;
      const __m512i differing =
          _mm512_xor_si512(_mm512_maskz_loadu_epi8(own, bytes + at + before),
                           _mm512_permutexvar_epi8(spread.place[vector], common));
      wrong |= _mm512_mask_test_epi8_mask(
          own, differing, _mm512_mask_blend_epi8(spread.is_first[vector], all, high));
      decoded = _mm512_mask_permutexvar_epi8(decoded, spread.lies_in[vector], spread.gathered, differing);
    }
    // Each to the place of its bit in the mask, where it has to be the number of that place.
    const __m512i placed = _mm512_maskz_expand_epi8(word, decoded);
    wrong |= _mm512_mask_cmpneq_epi8_mask(word, placed, spread.positions);
    if (wrong) return SIZE_MAX;
    at += needed;
  }
  return at;
}

// One copy of a loop for each length, which the compiler unrolls.
#define EACH_LENGTH(call)                      \
  switch (length) {                            \
    case 1: { enum { length = 1 }; return call; } \
    case 2: { enum { length = 2 }; return call; } \
    case 3: { enum { length = 3 }; return call; } \
    case 4: { enum { length = 4 }; return call; } \
    default: { enum { length = 5 }; return call; } \
  }

LACUNA_AVX512 LACUNA_ENCODE_INDICES(avx512) {
  EACH_LENGTH(encode(mask, count, first, length, bytes))
}

LACUNA_AVX512 LACUNA_MATCH_INDICES(avx512) {
  EACH_LENGTH(match(bytes, byte_count, mask, count, first, length))
}
#endif
