// The histogram of set bits in groups, in every set.

#include "kernels.h"

LACUNA_HISTOGRAM(scalar) {
  const uint64_t group = ((uint64_t)1 << size) - 1;
  for (size_t index = 0; index < count; index += 1) {
    for (unsigned start = 0; start < 64; start += size) {
      histogram[__builtin_popcountll(words[index] >> start & group)] += 1;
    }
  }
}

#if LACUNA_X86
#include "groups_avx2.h"

// Bytes count the groups that have a certain population, two of a byte at most.
#define VECTORS_A_ROUND 127

LACUNA_AVX2 static void addPairs(const uint64_t *words, size_t count, uint64_t *histogram) {
  const uint64_t lower = 0x5555555555555555;
  uint64_t full = 0;
  uint64_t occupied = 0;
  for (size_t index = 0; index < count; index += 1) {
    full += (uint64_t)_mm_popcnt_u64(words[index] & (words[index] >> 1) & lower);
    occupied += (uint64_t)_mm_popcnt_u64((words[index] | (words[index] >> 1)) & lower);
  }
  histogram[0] += 32 * count - occupied;
  histogram[1] += occupied - full;
  histogram[2] += full;
}

// Groups of four or eight: each population but 0 is compared with and counted in
// a vector of its own, and the remaining groups are those without a set bit.
LACUNA_AVX2 LACUNA_INLINE void addVectors(const uint64_t *words, size_t vectors, const int size,
                                          uint64_t *histogram) {
  const __m256i populations = LACUNA_POPULATIONS;
  __m256i having[9];
  for (int bits = 1; bits <= size; bits += 1) {
    having[bits] = _mm256_setzero_si256();
  }
  for (size_t vector = 0; vector < vectors; vector += 1) {
    const lacuna_fours fours = lacuna_split(words + 4 * vector);
    const __m256i lower = _mm256_shuffle_epi8(populations, fours.lower);
    const __m256i upper = _mm256_shuffle_epi8(populations, fours.upper);
    const __m256i both = _mm256_add_epi8(lower, upper);
    for (int bits = 1; bits <= size; bits += 1) {
      const __m256i wanted = _mm256_set1_epi8((char)bits);
      // A comparison that holds is -1.
      if (size == 8) {
        having[bits] = _mm256_sub_epi8(having[bits], _mm256_cmpeq_epi8(both, wanted));
      } else {
        having[bits] = _mm256_sub_epi8(having[bits], _mm256_cmpeq_epi8(lower, wanted));
        having[bits] = _mm256_sub_epi8(having[bits], _mm256_cmpeq_epi8(upper, wanted));
      }
    }
  }
  uint64_t occupied = 0;
  for (int bits = 1; bits <= size; bits += 1) {
    const uint64_t groups = lacuna_sum_bytes(having[bits]);
    histogram[bits] += groups;
    occupied += groups;
  }
  histogram[0] += vectors * 256 / (unsigned)size - occupied;
}

LACUNA_AVX2 LACUNA_INLINE void addRounds(const uint64_t *words, size_t count, const int size,
                                         uint64_t *histogram) {
  size_t start = 0;
  while (count - start >= 4) {
    const size_t vectors = (count - start) / 4;
    const size_t round = vectors < VECTORS_A_ROUND ? vectors : VECTORS_A_ROUND;
    addVectors(words + start, round, size, histogram);
    start += 4 * round;
  }
  lacuna_group_histogram_scalar(words + start, count - start, (unsigned)size, histogram);
}

// Groups of 16 or 32: too many populations to compare with each. Every group of
// a word has a histogram of its own, because counting in the same place twice in
// a row waits for the first store.
LACUNA_AVX2 LACUNA_INLINE void addWide(const uint64_t *words, size_t count, const unsigned size,
                                       uint64_t *histogram) {
  const uint64_t group = ((uint64_t)1 << size) - 1;
  uint64_t parts[4][33] = {{0}};
  for (size_t index = 0; index < count; index += 1) {
    for (unsigned part = 0; part < 64 / size; part += 1) {
      parts[part][_mm_popcnt_u64(words[index] >> (part * size) & group)] += 1;
    }
  }
  for (unsigned bits = 0; bits <= size; bits += 1) {
    histogram[bits] += parts[0][bits] + parts[1][bits] + parts[2][bits] + parts[3][bits];
  }
}

LACUNA_AVX2 LACUNA_HISTOGRAM(avx2) {
  switch (size) {
    case 2: addPairs(words, count, histogram); break;
    case 4: addRounds(words, count, 4, histogram); break;
    case 8: addRounds(words, count, 8, histogram); break;
    case 16: addWide(words, count, 16, histogram); break;
    default: addWide(words, count, 32, histogram); break;
  }
}
#endif
