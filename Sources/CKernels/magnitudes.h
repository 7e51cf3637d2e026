// The sums of magnitudes, LANES groups at a time: a lane for each.
//
// Every set has the same lanes, whatever its registers hold, and so makes the same sums. A source defines VECTOR_SET,
// the set's attribute, and MAGNITUDES_VARIANT, and includes what is then compiled once for each set.

#include <string.h>

#include "kernels.h"

// Without this a compiler may round a product and a sum once.
#pragma STDC FP_CONTRACT OFF

// Vectors wider than a register have no settled way to be passed, and need none: all functions that take some are
// inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define VECTOR_INLINE VECTOR_SET LACUNA_INLINE

#define LANES 8
#define LARGEST_GROUP 32
// Steps of LANES groups, after which sums are looked at and put together: short enough to stay in a cache.
#define STEPS_A_RUN 64

typedef double Doubles __attribute__((ext_vector_type(LANES)));
typedef uint64_t Words __attribute__((ext_vector_type(LANES)));
typedef int64_t Ints __attribute__((ext_vector_type(LANES)));

// What the sums need of a type.
typedef struct {
  lacuna_number_form form;
  unsigned width;
  unsigned shift;     // brings a float's mantissa to where binary64 has it
  uint64_t mask;      // the bits that make a float's magnitude
  uint64_t lone_nan;  // the float that is NaN by its sign bit alone; a code that there is not, if there is none
  double scale;       // of a float whose exponent's field is taken for binary64's
  double limit;       // magnitudes below it are finite
  bool has_exact_squares;
  bool is_narrow;     // whether sums of what is finite often reach the limit
} Numbers;

typedef struct {
  Doubles all_first, all_second, removed_first, removed_second;
  Doubles largest;  // of the values of narrow types
} LaneSums;

// Functions that take a type or a pattern are inlined where some of it is known to the compiler.

VECTOR_INLINE Numbers describe(lacuna_number_type type) {
  const unsigned bits = 8 * type.width;
  const uint64_t sign = (uint64_t)1 << (bits - 1);
  Numbers numbers = {type.form, type.width, 0, sign - 1, UINT64_MAX, 1, __builtin_inf(), type.width <= 2,
                     false};
  if (type.form != LACUNA_NUMBERS_FLOAT) return numbers;
  // Twice the bits of a mantissa, its unwritten one included, fit into a mantissa.
  numbers.has_exact_squares = 2 * (type.mantissa + 1) <= 53;
  numbers.shift = 52 - type.mantissa;
  if (type.nonfinite == sign) numbers.lone_nan = sign;
  // 2 to the power of the biases' difference: 0 to 1023.
  const uint64_t scale = (uint64_t)(2046 - type.bias) << 52;
  const uint64_t limit = type.nonfinite << numbers.shift;
  memcpy(&numbers.scale, &scale, sizeof scale);
  memcpy(&numbers.limit, &limit, sizeof limit);
  numbers.limit *= numbers.scale;
  numbers.is_narrow = numbers.limit < 0x1p100;
  return numbers;
}

// The magnitudes of codes, which fill the low bits of their lanes, those above a float's code being anything.
//
// The bits of a float of few bits are those of a binary64, moved, with another bias: exactly, subnormals included. What
// is not finite becomes a number, which is not below the limit.
VECTOR_INLINE Doubles magnitudes(Words codes, Numbers numbers) {
  const unsigned spare = 64 - 8 * numbers.width;
  if (numbers.form == LACUNA_NUMBERS_FLOAT) {
    Words bits = (codes & numbers.mask) << numbers.shift;
    if (numbers.lone_nan != UINT64_MAX) {
      const Words own = codes << spare >> spare;
      bits |= (Words)(own == numbers.lone_nan) & (numbers.lone_nan << numbers.shift);
    }
    return (Doubles)bits * numbers.scale;
  }
  Words whole = codes << spare;
  if (numbers.form == LACUNA_NUMBERS_SIGNED) {
    const Ints values = (Ints)whole >> spare;
    // Negated as unsigned numbers: the smallest one has no negative.
    whole = (Words)(values < 0 ? (Ints)(0 - (Words)values) : values);
  } else {
    whole >>= spare;
  }
  if (numbers.width == 8) return __builtin_convertvector(whole, Doubles);
  // The low bits of 2^52 count ones.
  const double offset = 0x1p52;
  return (Doubles)(whole | 0x4330000000000000) - offset;
}

VECTOR_INLINE Doubles smaller(Doubles left, Doubles right) {
  return left < right ? left : right;
}
VECTOR_INLINE Doubles larger(Doubles left, Doubles right) {
  return left > right ? left : right;
}

// One code of each of so many groups; 0 in the other lanes.
#define DEFINE_GATHER(bits)                                                                   \
  VECTOR_INLINE Words gather##bits(const uint8_t *codes, size_t stride, size_t lanes) {       \
    Words words = 0;                                                                          \
    if (lanes == LANES) {                                                                     \
      for (int lane = 0; lane < LANES; lane += 1) words[lane] = code##bits(codes + lane * stride); \
      return words;                                                                           \
    }                                                                                         \
    for (size_t lane = 0; lane < lanes; lane += 1) words[lane] = code##bits(codes + lane * stride); \
    return words;                                                                             \
  }

#define DEFINE_CODES(bits)                                     \
  LACUNA_INLINE uint64_t code##bits(const uint8_t *bytes) {    \
    uint##bits##_t code;                                       \
    memcpy(&code, bytes, sizeof code);                         \
    return code;                                               \
  }                                                            \
  DEFINE_GATHER(bits)                                          \
  VECTOR_INLINE Words spread##bits(const uint8_t *bytes) {     \
    uint##bits##_t __attribute__((ext_vector_type(LANES))) codes; \
    memcpy(&codes, bytes, sizeof codes);                       \
    return __builtin_convertvector(codes, Words);              \
  }

DEFINE_CODES(8)
DEFINE_CODES(16)
DEFINE_CODES(32)
DEFINE_CODES(64)

VECTOR_INLINE Words gather(const uint8_t *codes, size_t stride, unsigned width, size_t lanes) {
  switch (width) {
    case 1: return gather8(codes, stride, lanes);
    case 2: return gather16(codes, stride, lanes);
    case 4: return gather32(codes, stride, lanes);
    default: return gather64(codes, stride, lanes);
  }
}

// One code of each of LANES groups, where they lie side by side.
VECTOR_INLINE Words spread(const uint8_t *codes, unsigned width) {
  switch (width) {
    case 1: return spread8(codes);
    case 2: return spread16(codes);
    case 4: return spread32(codes);
    default: return spread64(codes);
  }
}

// A sum and the square of a value. Where the square is exact, it makes no difference whether product and sum are
// rounded as one, which is faster where there is such an instruction.
VECTOR_INLINE Doubles plusSquare(Doubles sum, Doubles value, Numbers numbers) {
  if (numbers.has_exact_squares) {
#pragma STDC FP_CONTRACT ON
    return sum + value * value;
  }
  return sum + value * value;
}

// Adds groups of four of which two are kept.
VECTOR_INLINE void addFour(LaneSums *sums, const Doubles values[4], Numbers numbers) {
  const Doubles a = values[0], b = values[1], c = values[2], d = values[3];
  const Doubles low1 = smaller(a, b), high1 = larger(a, b);
  const Doubles low2 = smaller(c, d), high2 = larger(c, d);
  const Doubles first = smaller(low1, low2);
  const Doubles second = smaller(larger(low1, low2), smaller(high1, high2));
  if (numbers.is_narrow) sums->largest = larger(sums->largest, larger(high1, high2));
  sums->all_first += a + b + c + d;
  sums->all_second += plusSquare(plusSquare(plusSquare(a * a, b, numbers), c, numbers), d, numbers);
  sums->removed_first += first + second;
  sums->removed_second += plusSquare(first * first, second, numbers);
}

// Adds groups of any pattern, some values of which may not be finite where `isCareful`.
VECTOR_INLINE void addAny(LaneSums *sums, const Doubles *values, unsigned size, unsigned kept, Numbers numbers,
                          bool isCareful) {
  // The largest of the values so far, in falling order.
  Doubles sorted[LARGEST_GROUP];
  Doubles all_first = 0, all_second = 0, removed_first = 0, removed_second = 0;
  for (unsigned index = 0; index < size; index += 1) {
    Doubles value = values[index];
    Doubles counted = value;
    if (isCareful) {
      const Ints isFinite = value < numbers.limit;
      counted = isFinite ? value : 0;
      value = isFinite ? value : __builtin_inf();
    }
    all_first += counted;
    all_second = plusSquare(all_second, counted, numbers);
    if (numbers.is_narrow) sums->largest = larger(sums->largest, value);
    // The value finds its place; the smallest falls out.
    const unsigned filled = index < kept ? index : kept;
    for (unsigned place = 0; place < filled; place += 1) {
      const Doubles other = sorted[place];
      sorted[place] = larger(other, value);
      value = smaller(other, value);
    }
    if (index < kept) {
      sorted[index] = value;
    } else {
      if (isCareful) value = value < __builtin_inf() ? value : 0;
      removed_first += value;
      removed_second = plusSquare(removed_second, value, numbers);
    }
  }
  sums->all_first += all_first;
  sums->all_second += all_second;
  sums->removed_first += removed_first;
  sums->removed_second += removed_second;
}

// How the elements of groups lie.
typedef enum {
  LIE_ALONG,   // group behind group, half a word of 8 bytes or whole ones each
  LIE_ACROSS,  // element beside element of neighbouring groups
  LIE_ANYHOW,
} Lie;

// The values of LANES groups, or of fewer that lie anyhow.
VECTOR_INLINE void read(Doubles *values, const uint8_t *elements, lacuna_groups groups, Numbers numbers, Lie lie,
                        size_t lanes) {
  const unsigned width = numbers.width;
  if (lie == LIE_ALONG) {
    const bool isHalf = groups.size * width == 4;
    const unsigned share = (isHalf ? 4 : 8) / width;
    const unsigned words = groups.size / share;
    for (unsigned word = 0; word < words; word += 1) {
      Words codes;
      if (words == 1) {
        codes = isHalf ? spread32(elements) : spread64(elements);
      } else if (words == 2) {
        const Words low = spread64(elements), high = spread64(elements + sizeof low);
        codes = word == 0 ? __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14)
                          : __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
      } else {
        codes = gather64(elements + 8 * word, 8 * words, LANES);
      }
      for (unsigned place = 0; place < share; place += 1) {
        values[share * word + place] = magnitudes(codes >> (8 * width * place), numbers);
      }
    }
    return;
  }
  for (unsigned index = 0; index < groups.size; index += 1) {
    const uint8_t *first = elements + index * groups.element_stride;
    const Words codes = lie == LIE_ACROSS ? spread(first, width) : gather(first, groups.stride, width, lanes);
    values[index] = magnitudes(codes, numbers);
  }
}

// Adds LANES groups, or fewer that lie anyhow.
VECTOR_INLINE void step(LaneSums *sums, const uint8_t *elements, lacuna_groups groups, Numbers numbers, Lie lie,
                        size_t lanes, bool isCareful) {
  Doubles values[LARGEST_GROUP];
  read(values, elements, groups, numbers, lie, lanes);
  if (groups.size == 4 && groups.kept == 2 && !isCareful) {
    addFour(sums, values, numbers);
  } else {
    addAny(sums, values, groups.size, groups.kept, numbers, isCareful);
  }
}

// Adds groups of a run that lie anyhow, of any type: those that do not fill all lanes, and those in which something is
// not finite. Seldom needed, and so compiled once.
VECTOR_SET __attribute__((noinline)) static void addAnyhow(LaneSums *sums, const uint8_t *elements, lacuna_groups groups,
                                                           Numbers numbers, bool isCareful) {
  for (size_t group = 0; group < groups.count; group += LANES) {
    const size_t left = groups.count - group;
    step(sums, elements + group * groups.stride, groups, numbers, LIE_ANYHOW, left < LANES ? left : LANES, isCareful);
  }
}

// Whether some lane may have seen what is not finite: a sum is no smaller than any of its addends.
VECTOR_INLINE bool isOdd(const LaneSums *sums, Numbers numbers) {
  const Ints isFine = (numbers.is_narrow ? sums->largest : sums->all_first) < numbers.limit;
  bool isAnyNot = false;
  for (int lane = 0; lane < LANES; lane += 1) isAnyNot |= isFine[lane] == 0;
  return isAnyNot;
}

VECTOR_INLINE double sumOfLanes(Doubles lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

VECTOR_INLINE lacuna_magnitudes sumUp(const uint8_t *elements, lacuna_groups groups, Numbers numbers, Lie lie) {
  LaneSums sums = {0, 0, 0, 0, 0};
  const size_t most = STEPS_A_RUN * LANES;
  for (size_t start = 0; start < groups.count; start += most) {
    const uint8_t *first = elements + start * groups.stride;
    lacuna_groups part = groups;
    part.count = groups.count - start < most ? groups.count - start : most;
    LaneSums run = {0, 0, 0, 0, 0};
    size_t group = 0;
    while (lie != LIE_ANYHOW && group + LANES <= part.count) {
      step(&run, first + group * groups.stride, groups, numbers, lie, LANES, false);
      group += LANES;
    }
    if (group < part.count) {
      lacuna_groups rest = part;
      rest.count -= group;
      addAnyhow(&run, first + group * groups.stride, rest, numbers, false);
    }
    if (isOdd(&run, numbers)) {
      run = (LaneSums){0, 0, 0, 0, 0};
      addAnyhow(&run, first, part, numbers, true);
    }
    sums.all_first += run.all_first;
    sums.all_second += run.all_second;
    sums.removed_first += run.removed_first;
    sums.removed_second += run.removed_second;
  }
  return (lacuna_magnitudes){sumOfLanes(sums.all_first), sumOfLanes(sums.all_second),
                             sumOfLanes(sums.removed_first), sumOfLanes(sums.removed_second)};
}

// The patterns of four, which are the most used, of types that the compiler knows.
#define DEFINE_FOURS(name, bytes, fraction, exponent, number)                                            \
  VECTOR_SET static lacuna_magnitudes name(const uint8_t *elements, lacuna_groups groups, bool isAlong) { \
    const lacuna_number_type type = {LACUNA_NUMBERS_FLOAT, bytes, fraction, (1 << (exponent - 1)) - 1,   \
                                     (((uint64_t)1 << exponent) - 1) << fraction};                       \
    groups.size = 4;                                                                                     \
    groups.kept = number;                                                                                \
    if (isAlong) {                                                                                       \
      groups.stride = 4 * bytes;                                                                         \
      return sumUp(elements, groups, describe(type), LIE_ALONG);                                         \
    }                                                                                                    \
    groups.stride = bytes;                                                                               \
    return sumUp(elements, groups, describe(type), LIE_ACROSS);                                          \
  }

DEFINE_FOURS(sumTwoOfFourBFloat16, 2, 7, 8, 2)
DEFINE_FOURS(sumTwoOfFourFloat16, 2, 10, 5, 2)
DEFINE_FOURS(sumTwoOfFourFloat32, 4, 23, 8, 2)
DEFINE_FOURS(sumOneOfFourBFloat16, 2, 7, 8, 1)
DEFINE_FOURS(sumOneOfFourFloat16, 2, 10, 5, 1)
DEFINE_FOURS(sumOneOfFourFloat32, 4, 23, 8, 1)

VECTOR_SET MAGNITUDES_VARIANT {
  const size_t bytes = groups.size * type.width;
  const bool isAcross = groups.stride == type.width;
  const bool isAlong = groups.element_stride == type.width && groups.stride == bytes && (bytes == 4 || bytes % 8 == 0);
  if (groups.size == 4 && groups.kept <= 2 && type.form == LACUNA_NUMBERS_FLOAT && (isAlong || isAcross)) {
    const bool isOne = groups.kept == 1;
    if (type.width == 2 && type.mantissa == 7) {
      return (isOne ? sumOneOfFourBFloat16 : sumTwoOfFourBFloat16)(elements, groups, isAlong);
    }
    if (type.width == 2 && type.mantissa == 10) {
      return (isOne ? sumOneOfFourFloat16 : sumTwoOfFourFloat16)(elements, groups, isAlong);
    }
    if (type.width == 4) {
      return (isOne ? sumOneOfFourFloat32 : sumTwoOfFourFloat32)(elements, groups, isAlong);
    }
  }
  return sumUp(elements, groups, describe(type), isAlong ? LIE_ALONG : isAcross ? LIE_ACROSS : LIE_ANYHOW);
}
