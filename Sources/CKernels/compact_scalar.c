// The reference for compact, and the only variant off x86-64.

#include <string.h>

#include "kernels.h"

// Each element is stored whether it is kept or not, and only the position moves
// on: without a branch, the time doesn't depend on how predictable the zeros are.
#define DEFINE_COMPACT(bits, set)                                 \
  LACUNA_COMPACT(bits, set) {                                     \
    const size_t size = bits / 8;                                 \
    size_t taken = 0;                                             \
    for (size_t start = 0; start < count; start += 8) {           \
      const size_t lanes = count - start < 8 ? count - start : 8; \
      unsigned byte = 0;                                          \
      for (size_t lane = 0; lane < lanes; lane += 1) {            \
        uint##bits##_t element;                                   \
        memcpy(&element, dense + (start + lane) * size, size);    \
        memcpy(values + taken * size, &element, size);            \
        const unsigned kept = element != 0;                       \
        byte |= kept << lane;                                     \
        taken += kept;                                            \
      }                                                           \
      mask[start / 8] = (uint8_t)byte;                            \
    }                                                             \
    return taken;                                                 \
  }

LACUNA_EACH_WIDTH(DEFINE_COMPACT, scalar)
