// The reference for patterns, and the only variant off x86-64.

#include "kernels.h"

static uint64_t population(uint64_t word) { return (uint64_t)__builtin_popcountll(word); }

// All groups of a word at once: their counts are summed up in fields of the
// word, and adding what is missing to the threshold carries into a free bit.
static void addWord(uint64_t word, lacuna_pattern_counts *counts) {
  const uint64_t inPairs = word - ((word >> 1) & 0x5555555555555555);
  const uint64_t inFours = (inPairs & 0x3333333333333333) + ((inPairs >> 2) & 0x3333333333333333);
  const uint64_t inEights = (inFours + (inFours >> 4)) & 0x0f0f0f0f0f0f0f0f;
  const uint64_t inSixteens = (inEights + (inEights >> 8)) & 0x00ff00ff00ff00ff;

  counts->population += population(word);
  counts->over_1_of_2 += population(word & (word >> 1) & 0x5555555555555555);
  // 4 bits a field, at most 4: bit 3 is free, and 8 is carried into.
  counts->over_2_of_4 += population((inFours + 0x5555555555555555) & 0x8888888888888888);
  counts->over_1_of_4 += population((inFours + 0x6666666666666666) & 0x8888888888888888);
  counts->occupied_4 += population((inFours + 0x7777777777777777) & 0x8888888888888888);
  // 8 bits a field, at most 8: bit 7 is free.
  counts->over_4_of_8 += population((inEights + 0x7b7b7b7b7b7b7b7b) & 0x8080808080808080);
  counts->over_2_of_8 += population((inEights + 0x7d7d7d7d7d7d7d7d) & 0x8080808080808080);
  // 16 bits a field, at most 16: bit 15 is free.
  counts->over_8_of_16 += population((inSixteens + 0x7ff77ff77ff77ff7) & 0x8000800080008000);
}

LACUNA_PATTERNS(scalar) {
  for (size_t index = 0; index < count; index += 1) {
    addWord(words[index], counts);
  }
}
