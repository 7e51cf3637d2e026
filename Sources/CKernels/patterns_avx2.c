// Patterns with AVX2: four words at a time. Counts of groups of two and four come
// from tables by the value of four bits; wider groups compare the population of
// their bytes.

#include "kernels.h"

#if LACUNA_X86
#include "groups_avx2.h"

// Counts are summed up in bytes for as long as no byte can overflow: the largest
// addend is a byte's population of 8.
#define VECTORS_A_ROUND 31

LACUNA_AVX2 static void addVectors(const uint64_t *words, size_t vectors,
                                   lacuna_pattern_counts *counts) {
  const __m256i populations = LACUNA_POPULATIONS;
  const __m256i fullPairs = LACUNA_OF_FOUR_BITS(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 2);
  const __m256i overOne = LACUNA_OF_FOUR_BITS(0, 0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1);
  const __m256i overTwo = LACUNA_OF_FOUR_BITS(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1);
  const __m256i occupied = LACUNA_OF_FOUR_BITS(0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
  const __m256i zero = _mm256_setzero_si256();
  __m256i population = zero, over1of2 = zero, over2of4 = zero, over4of8 = zero;
  __m256i over8of16 = zero, over1of4 = zero, over2of8 = zero, occupied4 = zero;

  for (size_t vector = 0; vector < vectors; vector += 1) {
    const lacuna_fours fours = lacuna_split(words + 4 * vector);
    const __m256i inEights = lacuna_look_up(populations, fours);
    const __m256i inSixteens = _mm256_maddubs_epi16(inEights, _mm256_set1_epi8(1));
    population = _mm256_add_epi8(population, inEights);
    over1of2 = _mm256_add_epi8(over1of2, lacuna_look_up(fullPairs, fours));
    over1of4 = _mm256_add_epi8(over1of4, lacuna_look_up(overOne, fours));
    over2of4 = _mm256_add_epi8(over2of4, lacuna_look_up(overTwo, fours));
    occupied4 = _mm256_add_epi8(occupied4, lacuna_look_up(occupied, fours));
    // A comparison that holds is -1.
    over2of8 = _mm256_sub_epi8(over2of8, _mm256_cmpgt_epi8(inEights, _mm256_set1_epi8(2)));
    over4of8 = _mm256_sub_epi8(over4of8, _mm256_cmpgt_epi8(inEights, _mm256_set1_epi8(4)));
    over8of16 = _mm256_sub_epi16(over8of16, _mm256_cmpgt_epi16(inSixteens, _mm256_set1_epi16(8)));
  }

  counts->population += lacuna_sum_bytes(population);
  counts->over_1_of_2 += lacuna_sum_bytes(over1of2);
  counts->over_2_of_4 += lacuna_sum_bytes(over2of4);
  counts->over_4_of_8 += lacuna_sum_bytes(over4of8);
  counts->over_8_of_16 += lacuna_sum_bytes(over8of16);
  counts->over_1_of_4 += lacuna_sum_bytes(over1of4);
  counts->over_2_of_8 += lacuna_sum_bytes(over2of8);
  counts->occupied_4 += lacuna_sum_bytes(occupied4);
}

LACUNA_AVX2 LACUNA_PATTERNS(avx2) {
  size_t start = 0;
  while (count - start >= 4) {
    const size_t vectors = (count - start) / 4;
    const size_t round = vectors < VECTORS_A_ROUND ? vectors : VECTORS_A_ROUND;
    addVectors(words + start, round, counts);
    start += 4 * round;
  }
  lacuna_patterns_scalar(words + start, count - start, counts);
}
#endif
