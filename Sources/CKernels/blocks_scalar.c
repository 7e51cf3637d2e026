// The reference for blocks of codes, and the only variant off x86-64: 16 codes at
// a time, by the compiler's own vectors.

#include <string.h>

#include "kernels.h"

// Without this a compiler may round code * factor + addend once.
#pragma STDC FP_CONTRACT OFF

LACUNA_SCALE_CODES(scalar) {
  for (size_t run = 0; run < runs; run += 1) {
    lacuna_codes16 runCodes;
    memcpy(&runCodes, codes + 16 * run, sizeof runCodes);
    lacuna_floats16 values = __builtin_convertvector(runCodes, lacuna_floats16) * factors[run];
    if (addends) values += addends[run];
    memcpy(numbers + 64 * run, &values, sizeof values);
  }
}

// Stores a block's bits, unless its scale, the first two bytes, is 0 or -0.
static void storeBits(const uint8_t *block, lacuna_codes16 low, lacuna_codes16 high, uint8_t *bits) {
  const bool isZero = block[0] == 0 && (block[1] & 0x7f) == 0;
  const uint32_t found = lacuna_nonzero_codes(low) | (uint32_t)lacuna_nonzero_codes(high) << 16;
  const uint32_t kept = isZero ? 0 : found;
  memcpy(bits, &kept, sizeof kept);
}

LACUNA_NONZERO(q4_0, scalar) {
  for (size_t index = 0; index < count; index += 1) {
    const uint8_t *block = blocks + 18 * index;
    lacuna_codes16 packed;
    memcpy(&packed, block + 2, sizeof packed);
    storeBits(block, (packed & 0xf) - 8, ((packed >> 4) & 0xf) - 8, bits + 4 * index);
  }
}

LACUNA_NONZERO(q8_0, scalar) {
  for (size_t index = 0; index < count; index += 1) {
    const uint8_t *block = blocks + 34 * index;
    lacuna_codes16 low, high;
    memcpy(&low, block + 2, sizeof low);
    memcpy(&high, block + 18, sizeof high);
    storeBits(block, low, high, bits + 4 * index);
  }
}
