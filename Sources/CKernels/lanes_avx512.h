// The lanes of a vector, for the AVX-512 kernels.

#ifndef LACUNA_LANES_AVX512_H
#define LACUNA_LANES_AVX512_H

#include <immintrin.h>

#include "kernels.h"

// A set of a vector's lanes of so many bits.
typedef __mmask64 lacuna_lanes8;
typedef __mmask32 lacuna_lanes16;
typedef __mmask16 lacuna_lanes32;
typedef __mmask8 lacuna_lanes64;

LACUNA_AVX512 LACUNA_INLINE size_t lacuna_lane_count(uint64_t lanes) {
  return (size_t)_mm_popcnt_u64(lanes);
}

#endif
