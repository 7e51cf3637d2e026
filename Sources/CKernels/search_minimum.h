// The search for the scales and minimums of ggml's types Q4_K and Q5_K, LANES
// groups of 32 numbers at a time.
//
// Each lane does what ggml's encoder without importances does for one group. It
// tries some inverse scales, numbers the group with each, fits the scale and the
// minimum to those codes by weighted least squares, and keeps what has the least
// weighted square error; the first one wins. A minimum that wins counts in all
// later trials.
//
// LANES is twice what a register holds: the sums are made in the order of the numbers,
// each waiting for the one before, and two chains wait side by side.

#include "vectors.h"

// Groups, element by element, a lane for each.
typedef struct {
  Floats numbers[32];
  Floats weights[32];
  Floats codes[32];
} Groups;

// Weighted sums over the codes, their squares, and their products with the numbers.
typedef struct {
  Floats codes;
  Floats squares;
  Floats products;
} Sums;

// Numbers the groups.
//
// ggml takes its integers from a number's lowest bits, which are odd beyond 2^22. No
// position that counts is so far from the codes: a minimum near the largest number of
// a wide group misses the smallest by too much to win. Where a range is so small that
// its inverse is infinite, all determinants are 0 and nothing wins.
VECTOR_INLINE Sums numberGroups(Groups *groups, Floats inverses, Floats minima, float top) {
  // Added to a number of a magnitude below 2^22 and subtracted again, it rounds to
  // nearest, ties to even.
  const Floats bias = 0x1.8p23f;
  Sums sums = {0, 0, 0};
  for (int index = 0; index < 32; index += 1) {
    const Floats number = groups->numbers[index];
    const Floats height = number - minima;
    const Floats position = inverses * height;
    const Floats clamped = smaller(larger(position, 0), top);
    const Floats raised = clamped + bias;
    const Floats code = raised - bias;
    groups->codes[index] = code;
    const Floats weighted = groups->weights[index] * code;
    const Floats square = weighted * code;
    const Floats product = weighted * number;
    sums.codes += weighted;
    sums.squares += square;
    sums.products += product;
  }
  return sums;
}

// The weighted sums of the squares by which the codes miss the numbers.
VECTOR_INLINE Floats groupErrors(const Groups *groups, Floats scales, Floats minima) {
  Floats errors = 0;
  for (int index = 0; index < 32; index += 1) {
    const Floats product = scales * groups->codes[index];
    const Floats number = product + minima;
    const Floats miss = number - groups->numbers[index];
    const Floats square = miss * miss;
    const Floats weighted = groups->weights[index] * square;
    errors += weighted;
  }
  return errors;
}

// first * second - third * fourth, each operation rounded by itself.
VECTOR_INLINE Floats difference(Floats first, Floats second, Floats third, Floats fourth) {
  const Floats left = first * second;
  const Floats right = third * fourth;
  return left - right;
}

// Weighs each number: its magnitude plus the root of the group's mean square.
VECTOR_INLINE void weighGroups(Groups *groups) {
  Floats squares = 0;
  for (int index = 0; index < 32; index += 1) {
    const Floats square = groups->numbers[index] * groups->numbers[index];
    squares += square;
  }
  const Floats mean = squares / 32.0f;
  const Floats root = __builtin_elementwise_sqrt(mean);
  for (int index = 0; index < 32; index += 1) {
    groups->weights[index] = root + (Floats)magnitudes(groups->numbers[index]);
  }
}

// Searches for the groups whose numbers are in `groups`.
VECTOR_INLINE void searchGroups(Groups *groups, lacuna_minimum_search search, lacuna_minimum_fit fit,
                                size_t count) {
  weighGroups(groups);
  Floats lowest = groups->numbers[0];
  Floats highest = lowest;
  Floats weightSums = groups->weights[0];
  Floats numberSums = weightSums * lowest;
  for (int index = 1; index < 32; index += 1) {
    const Floats number = groups->numbers[index];
    const Floats weighted = groups->weights[index] * number;
    lowest = smaller(number, lowest);
    highest = larger(number, highest);
    weightSums += groups->weights[index];
    numberSums += weighted;
  }
  Floats minima = smaller(lowest, 0);
  // Groups of one number only go along with a range that harms nothing, and never improve.
  const Ints isRange = minima < highest;
  const Floats maxima = choose(isRange, highest, 1);

  const Floats firstRanges = maxima - minima;
  Floats inverses = search.top / firstRanges;
  Floats scales = 1.0f / inverses;
  Floats bestScales = scales, bestInverses = inverses, codeMinima = minima;
  numberGroups(groups, inverses, minima, search.top);
  Floats leastErrors = groupErrors(groups, scales, minima);

  for (int trial = 0; trial <= search.last_trial; trial += 1) {
    const float step = 0.1f * (float)trial;
    const float offset = search.first_offset + step;
    const Floats ranges = maxima - minima;
    inverses = (offset + search.top) / ranges;
    const Sums sums = numberGroups(groups, inverses, minima, search.top);
    const Floats determinants = difference(weightSums, sums.squares, sums.codes, sums.codes);
    const Floats divided = difference(weightSums, sums.products, numberSums, sums.codes) / determinants;
    const Floats fitted = difference(sums.squares, numberSums, sums.codes, sums.products) / determinants;
    // A positive minimum becomes 0, and the scale is fitted alone.
    const Ints isPositive = fitted > 0;
    scales = choose(isPositive, sums.products / sums.squares, divided);
    const Floats fittedMinima = choose(isPositive, 0, fitted);
    const Floats errors = groupErrors(groups, scales, fittedMinima);
    const Ints wins = (determinants > 0) & (errors < leastErrors);
    bestScales = choose(wins, scales, bestScales);
    bestInverses = choose(wins, inverses, bestInverses);
    codeMinima = choose(wins, minima, codeMinima);
    minima = choose(wins, fittedMinima, minima);
    leastErrors = choose(wins, errors, leastErrors);
  }
  bestScales = choose(isRange, bestScales, 0);
  bestInverses = choose(isRange, bestInverses, 0);
  memcpy(fit.scales, &bestScales, 4 * count);
  memcpy(fit.minima, &minima, 4 * count);
  memcpy(fit.inverses, &bestInverses, 4 * count);
  memcpy(fit.code_minima, &codeMinima, 4 * count);
}

VECTOR_SET SEARCH_VARIANT {
  Groups groups;
  for (size_t done = 0; done < count; done += LANES) {
    const size_t part = count - done < LANES ? count - done : LANES;
    // Lanes that are left over do what the last group's does.
    for (size_t lane = 0; lane < LANES; lane += 1) {
      const uint8_t *group = numbers + 128 * (done + (lane < part ? lane : part - 1));
      for (int index = 0; index < 32; index += 1) {
        memcpy((float *)&groups.numbers[index] + lane, group + 4 * index, 4);
      }
    }
    const lacuna_minimum_fit rest = {fit.scales + done, fit.minima + done, fit.inverses + done,
                                     fit.code_minima + done};
    searchGroups(&groups, search, rest, part);
  }
}
