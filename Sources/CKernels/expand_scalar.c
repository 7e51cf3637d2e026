// The reference for expand, and the only variant off x86-64.

#include <string.h>

#include "kernels.h"

// The next value is read whether it is taken or not (the slack behind the values
// allows it): without a branch, the time doesn't depend on the mask. Multiplied and not masked,
// because compilers see through a mask made of one bit and make it a branch.
#define DEFINE_EXPAND(bits, set)                                  \
  LACUNA_EXPAND(bits, set) {                                      \
    const size_t size = bits / 8;                                 \
    size_t taken = 0;                                             \
    for (size_t index = 0; index < count; index += 1) {           \
      const unsigned kept = (mask[index / 8] >> (index % 8)) & 1; \
      uint##bits##_t element;                                     \
      memcpy(&element, values + taken * size, size);              \
      element = (uint##bits##_t)(element * (uint64_t)kept);       \
      memcpy(dense + index * size, &element, size);               \
      taken += kept;                                              \
    }                                                             \
    return taken;                                                 \
  }

LACUNA_EACH_WIDTH(DEFINE_EXPAND, scalar)
