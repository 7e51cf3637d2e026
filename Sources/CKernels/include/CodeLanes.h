// Sixteen codes of a block at a time, for Swift code that keeps them in registers.
//
// The standard library's conversions between vectors of different elements are calls, which take longer than
// the conversion. These are inlined; they are written with the compiler's vectors alone and so run everywhere.

#ifndef LACUNA_CODE_LANES_H
#define LACUNA_CODE_LANES_H

#include <stdint.h>
#include <string.h>

// Swift sees SIMD16<Int8> and SIMD16<Float>.
typedef int8_t lacuna_codes16 __attribute__((ext_vector_type(16)));
typedef float lacuna_floats16 __attribute__((ext_vector_type(16)));
typedef _Bool lacuna_flags16 __attribute__((ext_vector_type(16)));

// The codes as floats, which hold them exactly.
static inline __attribute__((always_inline)) lacuna_floats16 lacuna_floats(lacuna_codes16 codes) {
  return __builtin_convertvector(codes, lacuna_floats16);
}

// One bit a code, the first one's lowest: 1 where the code is not 0.
static inline __attribute__((always_inline)) uint16_t lacuna_nonzero_codes(lacuna_codes16 codes) {
  const lacuna_flags16 flags = __builtin_convertvector(codes != 0, lacuna_flags16);
  uint16_t bits;
  memcpy(&bits, &flags, sizeof bits);
  return bits;
}

#endif
