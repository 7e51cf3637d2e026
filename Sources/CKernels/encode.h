// Encoders of ggml's small blocks of 32 numbers, LANES blocks at a time: the
// divisions and the half-precision scales of that many are made in one vector.

#include "vectors.h"

// The vectors of a block.
#define PARTS (32 / LANES)

// How the numbers of some blocks become codes: number * inverse + offset.
typedef struct {
  Floats inverses;
  Floats offsets;
  // The scales in half precision.
  uint16_t halves[LANES];
  // The blocks before the first whose scale is infinite there.
  size_t fitting;
} Scalings;

// The nearest numbers of half precision, ties to even; all numbers are finite.
VECTOR_INLINE Ints narrow(Floats numbers) {
  const Ints sizes = magnitudes(numbers);
  // Adding 1/2 leaves in the last bits how many steps of 2^-24 the number has.
  const Ints subnormal = (Ints)((Floats)sizes + 0.5f) - 0x3f000000;
  const Ints odd = (sizes >> 13) & 1;
  const Ints normal = (sizes - (112 << 23) + 0xfff + odd) >> 13;
  const Ints isSmall = sizes < 0x38800000;
  // 65520 is halfway between the largest half and the next power of two.
  const Ints isLarge = sizes >= 0x477ff000;
  const Ints finite = (isSmall & subnormal) | (~isSmall & normal);
  const Ints signs = ((Ints)numbers >> 16) & 0x8000;
  return (isLarge & 0x7c00) | (~isLarge & finite) | signs;
}

// A reciprocal can be infinite, for scales below all normal numbers. ggml's sums
// then lie beyond all integers and become 0 where they are converted, which a
// reciprocal and an offset of 0 give too.
VECTOR_INLINE Scalings scalings(Floats scales, float offset, size_t count) {
  const Floats reciprocals = 1.0f / scales;
  const Ints isFinite = magnitudes(reciprocals) < 0x7f800000;
  const Ints hasOffset = isFinite | (scales == 0.0f);
  Scalings result;
  result.inverses = (Floats)(isFinite & (Ints)reciprocals);
  result.offsets = (Floats)(hasOffset & (Ints)((Floats)offset));
  const Ints halves = narrow(scales);
  for (int lane = 0; lane < LANES; lane += 1) result.halves[lane] = (uint16_t)halves[lane];
  result.fitting = count;
  if (__builtin_reduce_max(halves & 0x7c00) == 0x7c00) {
    for (size_t lane = count; lane > 0; lane -= 1) {
      if ((result.halves[lane - 1] & 0x7c00) == 0x7c00) result.fitting = lane - 1;
    }
  }
  return result;
}

// The bits of the largest magnitude of a block.
VECTOR_INLINE int32_t largestMagnitude(const uint8_t *numbers) {
  Ints largest = magnitudes(load(numbers));
  for (int part = 1; part < PARTS; part += 1) {
    const Ints sizes = magnitudes(load(numbers + 4 * LANES * part));
    largest = __builtin_elementwise_max(largest, sizes);
  }
  return __builtin_reduce_max(largest);
}

// The first number of the magnitude.
VECTOR_INLINE float firstOf(int32_t magnitude, const uint8_t *numbers) {
  uint32_t found = 0;
  for (int part = 0; part < PARTS; part += 1) {
    const Ints sizes = magnitudes(load(numbers + 4 * LANES * part));
    const Flags flags = __builtin_convertvector(sizes == magnitude, Flags);
#if LANES == 16
    uint16_t bits;
#else
    uint8_t bits;
#endif
    memcpy(&bits, &flags, sizeof bits);
#if LANES == 4
    bits &= 15;
#endif
    found |= (uint32_t)bits << (LANES * part);
  }
  float number;
  memcpy(&number, numbers + 4 * __builtin_ctz(found), sizeof number);
  return number;
}


// Codes around a zero of 8: the first number of the largest magnitude gets code 0.
VECTOR_INLINE size_t encodeQ4_0(const uint8_t *numbers, size_t count, uint8_t *blocks) {
  Floats dominants = 0;
  for (size_t block = 0; block < count; block += 1) {
    const uint8_t *first = numbers + 128 * block;
    dominants[block] = firstOf(largestMagnitude(first), first);
  }
  // Zeros count as positive.
  dominants = (Floats)((dominants != 0.0f) & (Ints)dominants);
  const Scalings scaling = scalings(dominants / -8.0f, 8.5f, count);
  for (size_t block = 0; block < scaling.fitting; block += 1) {
    uint8_t *target = blocks + 18 * block;
    memcpy(target, &scaling.halves[block], 2);
    const Floats inverse = scaling.inverses[block];
    const Floats offset = scaling.offsets[block];
    const Floats top = 15.5f;
    for (int part = 0; part < PARTS / 2; part += 1) {
      const uint8_t *low = numbers + 128 * block + 4 * LANES * part;
      const Floats lowScaled = load(low) * inverse;
      const Floats highScaled = load(low + 64) * inverse;
      const Floats lowPositions = smaller(lowScaled + offset, top);
      const Floats highPositions = smaller(highScaled + offset, top);
      const Ints lows = __builtin_convertvector(lowPositions, Ints);
      const Ints highs = __builtin_convertvector(highPositions, Ints);
      const Bytes pairs = __builtin_convertvector(lows | (highs << 4), Bytes);
      memcpy(target + 2 + LANES * part, &pairs, sizeof pairs);
    }
  }
  return scaling.fitting;
}

// Codes up to a magnitude of 127, rounded to nearest, halves away from zero.
VECTOR_INLINE size_t encodeQ8_0(const uint8_t *numbers, size_t count, uint8_t *blocks) {
  Ints largest = 0;
  for (size_t block = 0; block < count; block += 1) {
    largest[block] = largestMagnitude(numbers + 128 * block);
  }
  const Scalings scaling = scalings((Floats)largest / 127.0f, 0, count);
  for (size_t block = 0; block < scaling.fitting; block += 1) {
    uint8_t *target = blocks + 34 * block;
    memcpy(target, &scaling.halves[block], 2);
    const Floats inverse = scaling.inverses[block];
    for (int part = 0; part < PARTS; part += 1) {
      const Floats scaled = load(numbers + 128 * block + 4 * LANES * part) * inverse;
      // Cutting off behind the largest number below 1/2 rounds: 1/2 itself would lift that number to 1.
      const Ints signs = (Ints)scaled & (int32_t)0x80000000;
      const Floats almostHalf = (Floats)(signs | 0x3effffff);
      const Ints codes = __builtin_convertvector(scaled + almostHalf, Ints);
      const Bytes stored = __builtin_convertvector(codes, Bytes);
      memcpy(target + 2 + LANES * part, &stored, sizeof stored);
    }
  }
  return scaling.fitting;
}

// Whole vectors of blocks first: their loops have a fixed length.
#define DEFINE_ENCODE(type, encode, size)                                               \
  VECTOR_SET ENCODE_VARIANT(type) {                                                     \
    size_t done = 0;                                                                    \
    for (; count - done >= LANES; done += LANES) {                                      \
      const size_t fitting = encode(numbers + 128 * done, LANES, blocks + size * done); \
      if (fitting < LANES) return done + fitting;                                       \
    }                                                                                   \
    return done + encode(numbers + 128 * done, count - done, blocks + size * done);     \
  }

DEFINE_ENCODE(q4_0, encodeQ4_0, 18)
DEFINE_ENCODE(q8_0, encodeQ8_0, 34)
