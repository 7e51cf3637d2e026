// Indices of set bits as varints: the reference.

#include "indices.h"

LACUNA_ENCODE_INDICES(scalar) {
  uint8_t *const start = bytes;
  for (size_t done = 0; done < count; done += 64) {
    const uint64_t common = lacuna_packed(first + done, length);
    for (uint64_t word = lacuna_mask_word(mask + done / 8, count - done); word; word &= word - 1) {
      const uint64_t index = common | (uint64_t)__builtin_ctzll(word);
      memcpy(bytes, &index, 8);
      bytes += length;
    }
  }
  return (size_t)(bytes - start);
}

// Bytes that are no index's, behind the last one, count for nothing.
LACUNA_INLINE uint64_t load(const uint8_t *bytes, size_t left, unsigned length) {
  uint64_t index = 0;
  if (left >= 8) {
    memcpy(&index, bytes, 8);
  } else {
    memcpy(&index, bytes, length);
  }
  return index;
}

LACUNA_MATCH_INDICES(scalar) {
  const uint64_t own = ~(uint64_t)0 >> (8 - length) * 8;
  size_t at = 0;
  for (size_t done = 0; done < count; done += 64) {
    const uint64_t common = lacuna_packed(first + done, length);
    const uint64_t word = lacuna_mask_word(mask + done / 8, count - done);
    if ((size_t)__builtin_popcountll(word) * length > byte_count - at) return SIZE_MAX;
    uint64_t found = 0;
    uint64_t difference = 0;
    uint64_t last = 0;
    for (uint64_t rest = word; rest; rest &= rest - 1) {
      // Set behind the last one, as no index comes twice or falls.
      const uint64_t position = (load(bytes + at, byte_count - at, length) ^ common) & own;
      difference |= position & ~(uint64_t)63;
      found |= (uint64_t)1 << (position & 63);
      difference |= (uint64_t)(position < last);
      last = position;
      at += length;
    }
    if (difference || found != word) return SIZE_MAX;
  }
  return at;
}
