// Population and union of bit sets, in every set of kernels.

#include "kernels.h"

LACUNA_POPULATION(scalar) {
  uint64_t total = 0;
  for (size_t index = 0; index < count; index += 1) {
    total += (uint64_t)__builtin_popcountll(words[index]);
  }
  return total;
}

LACUNA_UNITE(scalar) {
  for (size_t index = 0; index < count; index += 1) {
    accumulator[index] |= words[index];
  }
}

#if LACUNA_X86
#include "groups_avx2.h"

LACUNA_AVX2 LACUNA_POPULATION(avx2) {
  const __m256i populations = LACUNA_POPULATIONS;
  const __m256i zero = _mm256_setzero_si256();
  __m256i sums = zero;
  size_t start = 0;
  for (; count - start >= 4; start += 4) {
    const __m256i inBytes = lacuna_look_up(populations, lacuna_split(words + start));
    sums = _mm256_add_epi64(sums, _mm256_sad_epu8(inBytes, zero));
  }
  uint64_t parts[4];
  _mm256_storeu_si256((__m256i *)parts, sums);
  return parts[0] + parts[1] + parts[2] + parts[3] +
         lacuna_population_scalar(words + start, count - start);
}

LACUNA_AVX2 LACUNA_UNITE(avx2) {
  size_t start = 0;
  for (; count - start >= 4; start += 4) {
    const __m256i ours = _mm256_loadu_si256((const __m256i *)(accumulator + start));
    const __m256i theirs = _mm256_loadu_si256((const __m256i *)(words + start));
    _mm256_storeu_si256((__m256i *)(accumulator + start), _mm256_or_si256(ours, theirs));
  }
  lacuna_unite_scalar(words + start, count - start, accumulator + start);
}
#endif
