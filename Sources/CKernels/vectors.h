// Vectors of LANES floats, written with the compiler's own vectors: a source
// defines LANES, as many as its set's registers hold or twice that, and VECTOR_SET,
// the set's attribute, and includes what is then compiled once for each set.

#ifndef LACUNA_VECTORS_H
#define LACUNA_VECTORS_H

#include <string.h>

#include "kernels.h"

// Without this a compiler may round a product and a sum once.
#pragma STDC FP_CONTRACT OFF

// Vectors wider than a register have no settled way to be passed, and need none: all
// functions that take some are inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define VECTOR_INLINE VECTOR_SET LACUNA_INLINE

typedef float Floats __attribute__((ext_vector_type(LANES)));
typedef int32_t Ints __attribute__((ext_vector_type(LANES)));
typedef uint8_t Bytes __attribute__((ext_vector_type(LANES)));
typedef _Bool Flags __attribute__((ext_vector_type(LANES)));

VECTOR_INLINE Floats load(const uint8_t *bytes) {
  Floats numbers;
  memcpy(&numbers, bytes, sizeof numbers);
  return numbers;
}

// `choice` where `mask`, the result of a comparison, holds, else `other`.
VECTOR_INLINE Floats choose(Ints mask, Floats choice, Floats other) {
  return (Floats)((mask & (Ints)choice) | (~mask & (Ints)other));
}

// The larger and the smaller of each two; the second if they are equal or one is NaN.
VECTOR_INLINE Floats larger(Floats left, Floats right) {
  return choose(left > right, left, right);
}
VECTOR_INLINE Floats smaller(Floats left, Floats right) {
  return choose(left < right, left, right);
}

// The bits without the signs, in the order of the magnitudes.
VECTOR_INLINE Ints magnitudes(Floats numbers) {
  return (Ints)numbers & 0x7fffffff;
}

#endif
