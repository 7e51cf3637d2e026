// Taking weights apart and putting them together, in the compiler's own vectors: loops without branches, which are
// compiled once for each set. PLANE_SET is the set's attribute, PLANE(name) the name of the set's variant, and
// flagged64 the set's way to compare 64 bytes.

#include <string.h>

#include "plane_variants.h"

// Elements where they lie: at any address.
typedef uint16_t __attribute__((aligned(1), may_alias)) Loose16;
typedef uint32_t __attribute__((aligned(1), may_alias)) Loose32;
typedef uint64_t __attribute__((aligned(1), may_alias)) Loose64;

#define PLANE_INLINE PLANE_SET static inline __attribute__((always_inline))

// The code of an element's exponent.
PLANE_INLINE uint16_t code(uint16_t element, uint16_t base, uint16_t window) {
  const uint16_t distance = (uint16_t)((element >> 7) - base) & 0xff;
  return distance < window ? distance : window;
}

PLANE_SET static void splitPairs(const Loose16 *restrict elements, size_t n, uint16_t base, uint16_t window,
                                 uint8_t *restrict symbols, uint8_t *restrict rests) {
  const size_t half = (n + 1) / 2;
  const Loose16 *restrict upper = elements + half;
  uint8_t *restrict upperRests = rests + half;
  for (size_t i = 0; i < n - half; i += 1) {
    const uint16_t a = elements[i], b = upper[i];
    symbols[i] = (uint8_t)(code(a, base, window) | code(b, base, window) << 4);
    rests[i] = (uint8_t)((a >> 8 & 0x80) | (a & 0x7f));
    upperRests[i] = (uint8_t)((b >> 8 & 0x80) | (b & 0x7f));
  }
  if (n % 2 == 1) {
    const uint16_t a = elements[half - 1];
    symbols[half - 1] = (uint8_t)code(a, base, window);
    rests[half - 1] = (uint8_t)((a >> 8 & 0x80) | (a & 0x7f));
  }
}

PLANE_INLINE uint16_t mergedPair(uint16_t code, uint16_t rest, uint16_t base) {
  return (uint16_t)((rest & 0x80) << 8 | ((code + base) & 0xff) << 7 | (rest & 0x7f));
}

PLANE_SET static void mergePairs(const uint8_t *restrict symbols, const uint8_t *restrict rests, size_t n,
                                 uint16_t base, Loose16 *restrict elements) {
  const size_t half = (n + 1) / 2;
  Loose16 *restrict upper = elements + half;
  const uint8_t *restrict upperRests = rests + half;
  for (size_t i = 0; i < n - half; i += 1) {
    const uint16_t both = symbols[i];
    elements[i] = mergedPair(both & 15, rests[i], base);
    upper[i] = mergedPair(both >> 4, upperRests[i], base);
  }
  if (n % 2 == 1) elements[half - 1] = mergedPair(symbols[half - 1] & 15, rests[half - 1], base);
}

PLANE_INLINE uint8_t symbolOf2(uint16_t element, uint16_t base, uint16_t window) {
  return (uint8_t)(code(element, base, window) << 2 | (element >> 5 & 3));
}

PLANE_INLINE uint8_t restOf2(uint16_t element) {
  return (uint8_t)((element >> 10 & 0x20) | (element & 0x1f));
}

PLANE_SET static void splitJ2(const Loose16 *restrict elements, size_t n, uint16_t base, uint16_t window,
                              uint8_t *restrict symbols, uint8_t *restrict rests) {
  const size_t quarter = n / 4;
  for (size_t i = 0; i < quarter; i += 1) {
    const uint16_t a = elements[i], b = elements[quarter + i], c = elements[2 * quarter + i];
    const uint16_t d = elements[3 * quarter + i];
    symbols[i] = symbolOf2(a, base, window);
    symbols[quarter + i] = symbolOf2(b, base, window);
    symbols[2 * quarter + i] = symbolOf2(c, base, window);
    symbols[3 * quarter + i] = symbolOf2(d, base, window);
    const uint8_t last = restOf2(d);
    rests[i] = (uint8_t)(restOf2(a) | last << 6);
    rests[quarter + i] = (uint8_t)(restOf2(b) | (last & 0x0c) << 4);
    rests[2 * quarter + i] = (uint8_t)(restOf2(c) | (last & 0x30) << 2);
  }
  for (size_t i = 4 * quarter; i < n; i += 1) {
    symbols[i] = symbolOf2(elements[i], base, window);
    rests[i - quarter] = restOf2(elements[i]);
  }
}

PLANE_INLINE uint16_t mergedJ2(uint16_t symbol, uint16_t rest, uint16_t base) {
  return (uint16_t)((rest & 0x20) << 10 | (((symbol >> 2) + base) & 0xff) << 7 | (symbol & 3) << 5 |
                    (rest & 0x1f));
}

PLANE_SET static void mergeJ2(const uint8_t *restrict symbols, const uint8_t *restrict rests, size_t n,
                              uint16_t base, Loose16 *restrict elements) {
  const size_t quarter = n / 4;
  for (size_t i = 0; i < quarter; i += 1) {
    const uint16_t a = rests[i], b = rests[quarter + i], c = rests[2 * quarter + i];
    const uint16_t last = (uint16_t)(a >> 6 | (b >> 4 & 0x0c) | (c >> 2 & 0x30));
    elements[i] = mergedJ2(symbols[i], a, base);
    elements[quarter + i] = mergedJ2(symbols[quarter + i], b, base);
    elements[2 * quarter + i] = mergedJ2(symbols[2 * quarter + i], c, base);
    elements[3 * quarter + i] = mergedJ2(symbols[3 * quarter + i], last, base);
  }
  for (size_t i = 4 * quarter; i < n; i += 1) {
    elements[i] = mergedJ2(symbols[i], rests[i - quarter], base);
  }
}

PLANE_INLINE uint8_t symbolOf4(uint16_t element, uint16_t base, uint16_t window) {
  return (uint8_t)(code(element, base, window) << 4 | (element >> 3 & 15));
}

PLANE_INLINE uint8_t restOf4(uint16_t element) {
  return (uint8_t)((element >> 12 & 8) | (element & 7));
}

PLANE_SET static void splitJ4(const Loose16 *restrict elements, size_t n, uint16_t base, uint16_t window,
                              uint8_t *restrict symbols, uint8_t *restrict rests) {
  const size_t half = (n + 1) / 2;
  for (size_t i = 0; i < n - half; i += 1) {
    const uint16_t a = elements[i], b = elements[half + i];
    symbols[i] = symbolOf4(a, base, window);
    symbols[half + i] = symbolOf4(b, base, window);
    rests[i] = (uint8_t)(restOf4(a) | restOf4(b) << 4);
  }
  if (n % 2 == 1) {
    symbols[half - 1] = symbolOf4(elements[half - 1], base, window);
    rests[half - 1] = restOf4(elements[half - 1]);
  }
}

PLANE_INLINE uint16_t mergedJ4(uint16_t symbol, uint16_t rest, uint16_t base) {
  return (uint16_t)((rest & 8) << 12 | (((symbol >> 4) + base) & 0xff) << 7 | (symbol & 15) << 3 | (rest & 7));
}

PLANE_SET static void mergeJ4(const uint8_t *restrict symbols, const uint8_t *restrict rests, size_t n,
                              uint16_t base, Loose16 *restrict elements) {
  const size_t half = (n + 1) / 2;
  for (size_t i = 0; i < n - half; i += 1) {
    const uint16_t both = rests[i];
    elements[i] = mergedJ4(symbols[i], both, base);
    elements[half + i] = mergedJ4(symbols[half + i], both >> 4, base);
  }
  if (n % 2 == 1) elements[half - 1] = mergedJ4(symbols[half - 1], rests[half - 1], base);
}

PLANE_SET void PLANE(split_symbols)(lacuna_symbols form, const uint8_t *elements, size_t n, uint8_t base,
                                    uint8_t window, uint8_t *symbols, uint8_t *rests) {
  const Loose16 *from = (const Loose16 *)elements;
  switch (form) {
    case LACUNA_SYMBOLS_PAIR: splitPairs(from, n, base, window, symbols, rests); break;
    case LACUNA_SYMBOLS_J2: splitJ2(from, n, base, window, symbols, rests); break;
    case LACUNA_SYMBOLS_J4: splitJ4(from, n, base, window, symbols, rests); break;
  }
}

PLANE_SET void PLANE(merge_symbols)(lacuna_symbols form, const uint8_t *symbols, const uint8_t *rests, size_t n,
                                    uint8_t base, uint8_t *elements) {
  Loose16 *to = (Loose16 *)elements;
  switch (form) {
    case LACUNA_SYMBOLS_PAIR: mergePairs(symbols, rests, n, base, to); break;
    case LACUNA_SYMBOLS_J2: mergeJ2(symbols, rests, n, base, to); break;
    case LACUNA_SYMBOLS_J4: mergeJ4(symbols, rests, n, base, to); break;
  }
}

// Escapes: 64 symbols at a time, as there are few. `first` is the element of the first symbol.
PLANE_INLINE size_t gatherRun(const uint8_t *symbols, size_t count, uint8_t bits, uint8_t wanted,
                              const Loose16 *elements, uint8_t *escapes, size_t room, size_t found) {
  for (size_t start = 0; start < count; start += 64) {
    uint64_t flags;
    if (count - start >= 64) {
      flags = flagged64(symbols + start, bits, wanted);
    } else {
      flags = 0;
      for (size_t i = start; i < count; i += 1) flags |= (uint64_t)((symbols[i] & bits) == wanted) << (i - start);
    }
    while (flags != 0) {
      const size_t place = start + (size_t)__builtin_ctzll(flags);
      if (found < room) escapes[found] = (uint8_t)(elements[place] >> 7);
      found += 1;
      flags &= flags - 1;
    }
  }
  return found;
}

PLANE_INLINE size_t scatterRun(const uint8_t *symbols, size_t count, uint8_t bits, uint8_t wanted,
                               Loose16 *elements, const uint8_t *escapes, size_t room, size_t found) {
  for (size_t start = 0; start < count; start += 64) {
    uint64_t flags;
    if (count - start >= 64) {
      flags = flagged64(symbols + start, bits, wanted);
    } else {
      flags = 0;
      for (size_t i = start; i < count; i += 1) flags |= (uint64_t)((symbols[i] & bits) == wanted) << (i - start);
    }
    while (flags != 0) {
      const size_t place = start + (size_t)__builtin_ctzll(flags);
      if (found < room) {
        elements[place] = (uint16_t)((elements[place] & 0x807f) | escapes[found] << 7);
      }
      found += 1;
      flags &= flags - 1;
    }
  }
  return found;
}

PLANE_SET size_t PLANE(gather_escapes)(lacuna_symbols form, const uint8_t *symbols, const uint8_t *elements,
                                       size_t n, uint8_t window, uint8_t *escapes, size_t room) {
  const Loose16 *from = (const Loose16 *)elements;
  const size_t half = (n + 1) / 2;
  switch (form) {
    case LACUNA_SYMBOLS_PAIR: {
      const size_t found = gatherRun(symbols, half, 0x0f, window & 15, from, escapes, room, 0);
      return gatherRun(symbols, n - half, 0xf0, (uint8_t)(window << 4), from + half, escapes, room, found);
    }
    case LACUNA_SYMBOLS_J2:
      return gatherRun(symbols, n, 0xfc, (uint8_t)(window << 2), from, escapes, room, 0);
    case LACUNA_SYMBOLS_J4:
      return gatherRun(symbols, n, 0xf0, (uint8_t)(window << 4), from, escapes, room, 0);
  }
  return 0;
}

PLANE_SET size_t PLANE(scatter_escapes)(lacuna_symbols form, const uint8_t *symbols, uint8_t *elements, size_t n,
                                        uint8_t window, const uint8_t *escapes, size_t count) {
  Loose16 *to = (Loose16 *)elements;
  const size_t half = (n + 1) / 2;
  switch (form) {
    case LACUNA_SYMBOLS_PAIR: {
      const size_t found = scatterRun(symbols, half, 0x0f, window & 15, to, escapes, count, 0);
      return scatterRun(symbols, n - half, 0xf0, (uint8_t)(window << 4), to + half, escapes, count, found);
    }
    case LACUNA_SYMBOLS_J2:
      return scatterRun(symbols, n, 0xfc, (uint8_t)(window << 2), to, escapes, count, 0);
    case LACUNA_SYMBOLS_J4:
      return scatterRun(symbols, n, 0xf0, (uint8_t)(window << 4), to, escapes, count, 0);
  }
  return 0;
}

PLANE_INLINE void splitUpper(const Loose32 *restrict elements, size_t n, Loose16 *restrict uppers,
                             uint8_t *restrict byte1, uint8_t *restrict byte0) {
  for (size_t i = 0; i < n; i += 1) {
    const uint32_t element = elements[i];
    uppers[i] = (uint16_t)(element >> 16);
    byte1[i] = (uint8_t)(element >> 8);
    byte0[i] = (uint8_t)element;
  }
}

PLANE_SET void PLANE(split32)(const uint8_t *elements, size_t n, uint8_t *uppers, uint8_t *byte1,
                              uint8_t *byte0) {
  splitUpper((const Loose32 *)elements, n, (Loose16 *)uppers, byte1, byte0);
}

PLANE_INLINE void mergeUpper(const Loose16 *restrict uppers, const uint8_t *restrict byte1,
                             const uint8_t *restrict byte0, size_t n, Loose32 *restrict elements) {
  for (size_t i = 0; i < n; i += 1) {
    elements[i] = (uint32_t)uppers[i] << 16 | (uint32_t)byte1[i] << 8 | byte0[i];
  }
}

PLANE_SET void PLANE(merge32)(const uint8_t *uppers, const uint8_t *byte1, const uint8_t *byte0, size_t n,
                              uint8_t *elements) {
  mergeUpper((const Loose16 *)uppers, byte1, byte0, n, (Loose32 *)elements);
}

PLANE_INLINE void splitRotated(const Loose16 *restrict elements, size_t n, uint8_t *restrict upper,
                               uint8_t *restrict lower) {
  for (size_t i = 0; i < n; i += 1) {
    const uint16_t element = elements[i];
    upper[i] = (uint8_t)(element >> 7);
    lower[i] = (uint8_t)(element << 1 | element >> 15);
  }
}

PLANE_SET void PLANE(split_rotated16)(const uint8_t *elements, size_t n, uint8_t *upper, uint8_t *lower) {
  splitRotated((const Loose16 *)elements, n, upper, lower);
}

PLANE_INLINE void mergeRotated(const uint8_t *restrict upper, const uint8_t *restrict lower, size_t n,
                               Loose16 *restrict elements) {
  for (size_t i = 0; i < n; i += 1) {
    elements[i] = (uint16_t)(upper[i] << 7 | lower[i] >> 1 | lower[i] << 15);
  }
}

PLANE_SET void PLANE(merge_rotated16)(const uint8_t *upper, const uint8_t *lower, size_t n, uint8_t *elements) {
  mergeRotated(upper, lower, n, (Loose16 *)elements);
}

PLANE_INLINE void rotate(const Loose64 *restrict elements, size_t n, uint64_t bias, Loose64 *restrict rotated) {
  for (size_t i = 0; i < n; i += 1) rotated[i] = (elements[i] << 1 | elements[i] >> 63) - bias;
}

PLANE_SET void PLANE(rotate64)(const uint8_t *elements, size_t n, uint16_t bias, uint8_t *rotated) {
  rotate((const Loose64 *)elements, n, (uint64_t)bias << 53, (Loose64 *)rotated);
}

PLANE_INLINE void unrotate(const Loose64 *restrict rotated, size_t n, uint64_t bias, Loose64 *restrict elements) {
  for (size_t i = 0; i < n; i += 1) {
    const uint64_t sum = rotated[i] + bias;
    elements[i] = sum >> 1 | sum << 63;
  }
}

PLANE_SET void PLANE(unrotate64)(const uint8_t *rotated, size_t n, uint16_t bias, uint8_t *elements) {
  unrotate((const Loose64 *)rotated, n, (uint64_t)bias << 53, (Loose64 *)elements);
}

PLANE_INLINE void gatherPart(const uint8_t *restrict blocks, size_t n, size_t stride, size_t length,
                             uint8_t *restrict plane) {
  for (size_t i = 0; i < n; i += 1) memcpy(plane + i * length, blocks + i * stride, length);
}

PLANE_INLINE void scatterPart(const uint8_t *restrict plane, size_t n, size_t stride, size_t length,
                              uint8_t *restrict blocks) {
  for (size_t i = 0; i < n; i += 1) memcpy(blocks + i * stride, plane + i * length, length);
}

// Constants for the strides and lengths that are frequent: copies of a known length are no calls, and loops over
// single bytes with a known stride become vectors.
#define EACH_FREQUENT_PART(apply) apply(2, 1) apply(4, 1) apply(8, 1)
#define EACH_FREQUENT_LENGTH(apply) \
  apply(1) apply(2) apply(4) apply(6) apply(8) apply(12) apply(16) apply(32) apply(64) apply(128)

PLANE_SET void PLANE(gather_part)(const uint8_t *blocks, size_t n, size_t stride, size_t offset, size_t length,
                                  uint8_t *plane) {
  const uint8_t *from = blocks + offset;
#define FREQUENT_PART(S, L) \
  if (stride == S && length == L) return gatherPart(from, n, S, L, plane);
  EACH_FREQUENT_PART(FREQUENT_PART)
#undef FREQUENT_PART
  switch (length) {
#define FREQUENT_LENGTH(L) \
  case L: return gatherPart(from, n, stride, L, plane);
    EACH_FREQUENT_LENGTH(FREQUENT_LENGTH)
#undef FREQUENT_LENGTH
    default: gatherPart(from, n, stride, length, plane);
  }
}

PLANE_SET void PLANE(scatter_part)(const uint8_t *plane, size_t n, size_t stride, size_t offset, size_t length,
                                   uint8_t *blocks) {
  uint8_t *to = blocks + offset;
  switch (length) {
#define FREQUENT_LENGTH(L) \
  case L: return scatterPart(plane, n, stride, L, to);
    EACH_FREQUENT_LENGTH(FREQUENT_LENGTH)
#undef FREQUENT_LENGTH
    default: scatterPart(plane, n, stride, length, to);
  }
}

// The float of a half, in integers but for subnormal ones, whose difference of two normal floats is exact.
PLANE_INLINE uint32_t widened(uint32_t half) {
  const uint32_t magnitude = (half & 0x7fff) << 13;
  const uint32_t exponent = magnitude & (0x7c00u << 13);
  union {
    uint32_t bits;
    float number;
  } normal = {.bits = magnitude + (113u << 23)}, one = {.bits = 113u << 23};
  normal.number -= one.number;
  const uint32_t finite = magnitude + (112u << 23);
  const uint32_t special = magnitude + (224u << 23);
  const uint32_t bits = exponent == 0 ? normal.bits : exponent == (0x7c00u << 13) ? special : finite;
  return bits | (half & 0x8000) << 16;
}

// The half that a float may be: its own if it has one.
PLANE_INLINE uint32_t narrowed(uint32_t bits) {
  const uint32_t magnitude = bits & 0x7fffffff;
  const uint32_t normal = (magnitude - (112u << 23)) >> 13 & 0x7fff;
  const uint32_t special = 0x7c00 | (magnitude >> 13 & 0x3ff);
  // Adding 1/2 leaves in the last bits how many steps of 2^-24 the number has.
  union {
    uint32_t bits;
    float number;
  } small = {.bits = magnitude < 0x38800000 ? magnitude : 0};
  small.number += 0.5f;
  const uint32_t subnormal = small.bits - 0x3f000000;
  const uint32_t half = magnitude < 0x38800000 ? subnormal : magnitude >= 0x7f800000 ? special : normal;
  return half | (bits >> 16 & 0x8000);
}

// Elements between two looks at whether all were narrow so far.
#define NARROW_RUN 1024

PLANE_INLINE bool narrowAll(const Loose32 *restrict elements, size_t n, const bool isHalf,
                            Loose16 *restrict narrow) {
  for (size_t start = 0; start < n; start += NARROW_RUN) {
    const size_t end = n - start < NARROW_RUN ? n : start + NARROW_RUN;
    uint32_t lost = 0;
    for (size_t i = start; i < end; i += 1) {
      const uint32_t element = elements[i];
      const uint32_t short16 = isHalf ? narrowed(element) : element >> 16;
      lost |= (isHalf ? widened(short16) : short16 << 16) ^ element;
      narrow[i] = (uint16_t)short16;
    }
    if (lost != 0) return false;
  }
  return true;
}

PLANE_SET bool PLANE(narrow_bfloat16)(const uint8_t *elements, size_t n, uint8_t *narrow) {
  return narrowAll((const Loose32 *)elements, n, false, (Loose16 *)narrow);
}

PLANE_SET bool PLANE(narrow_float16)(const uint8_t *elements, size_t n, uint8_t *narrow) {
  return narrowAll((const Loose32 *)elements, n, true, (Loose16 *)narrow);
}

PLANE_INLINE void widenAll(const Loose16 *restrict narrow, size_t n, const bool isHalf,
                           Loose32 *restrict elements) {
  for (size_t i = 0; i < n; i += 1) elements[i] = isHalf ? widened(narrow[i]) : (uint32_t)narrow[i] << 16;
}

PLANE_SET void PLANE(widen_bfloat16)(const uint8_t *narrow, size_t n, uint8_t *elements) {
  widenAll((const Loose16 *)narrow, n, false, (Loose32 *)elements);
}

PLANE_SET void PLANE(widen_float16)(const uint8_t *narrow, size_t n, uint8_t *elements) {
  widenAll((const Loose16 *)narrow, n, true, (Loose32 *)elements);
}
