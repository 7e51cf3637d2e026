// The reference for scan, and the only variant off x86-64.

#include <string.h>

#include "kernels.h"

#define DEFINE_SCAN(bits, set)                                      \
  LACUNA_SCAN(bits, set) {                                          \
    const size_t size = bits / 8;                                   \
    uint64_t largest = 0;                                           \
    for (size_t start = 0; start < count; start += 64) {            \
      const size_t lanes = count - start < 64 ? count - start : 64; \
      uint64_t storedBits = 0;                                      \
      uint64_t nonzeroBits = 0;                                     \
      for (size_t lane = 0; lane < lanes; lane += 1) {              \
        uint##bits##_t element;                                     \
        memcpy(&element, dense + (start + lane) * size, size);      \
        const uint64_t magnitude = element & type.magnitude;        \
        storedBits |= (uint64_t)(element != 0) << lane;             \
        nonzeroBits |= (uint64_t)(magnitude != 0) << lane;          \
        largest = magnitude > largest ? magnitude : largest;        \
      }                                                             \
      stored[start / 64] = storedBits;                              \
      nonzero[start / 64] = nonzeroBits;                            \
    }                                                               \
    return type.nonfinite != 0 && largest >= type.nonfinite;        \
  }

LACUNA_EACH_WIDTH(DEFINE_SCAN, scalar)
