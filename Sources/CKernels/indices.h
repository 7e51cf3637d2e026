// What the variants of encoding and matching indices share.

#ifndef LACUNA_INDICES_H
#define LACUNA_INDICES_H

#include <string.h>

#include "kernels.h"

// Up to 64 bits of a mask from a byte on; those behind `bits` are 0.
LACUNA_INLINE uint64_t lacuna_mask_word(const uint8_t *mask, size_t bits) {
  uint64_t word = 0;
  if (bits >= 64) {
    memcpy(&word, mask, 8);
    return word;
  }
  for (size_t byte = 0; byte * 8 < bits; byte++) word |= (uint64_t)mask[byte] << byte * 8;
  return word & (((uint64_t)1 << bits) - 1);
}

// The bytes of a number below 2^56 that takes `length` bytes as a varint, the first in the lowest
// bits. A number of the same 64 differs in the lowest six bits alone.
LACUNA_INLINE uint64_t lacuna_packed(uint64_t number, unsigned length) {
  uint64_t bits = number;
  bits = (bits & 0x000000000FFFFFFF) | (bits & 0x00FFFFFFF0000000) << 4;
  bits = (bits & 0x00003FFF00003FFF) | (bits & 0x0FFFC0000FFFC000) << 2;
  bits = (bits & 0x007F007F007F007F) | (bits & 0x3F803F803F803F80) << 1;
  // All top bits but that of the last byte.
  return bits | (uint64_t)0x0080808080808080 >> (8 - length) * 8;
}

#endif
