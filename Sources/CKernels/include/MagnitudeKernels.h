// Sums of magnitudes, of all elements and of those that enforcing an N:M pattern would remove.

#ifndef LACUNA_MAGNITUDE_KERNELS_H
#define LACUNA_MAGNITUDE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "KernelSets.h"

// How codes stand for magnitudes.
typedef enum {
  // A sign bit, an exponent, a mantissa; field 0 of the exponent holds the subnormals.
  LACUNA_NUMBERS_FLOAT = 0,
  // Two's complement.
  LACUNA_NUMBERS_SIGNED = 1,
  // Whole numbers from 0 on.
  LACUNA_NUMBERS_UNSIGNED = 2,
} lacuna_number_form;

// A type of numbers. Only the width counts of integers.
typedef struct {
  lacuna_number_form form;
  // The bytes of an element: 1, 2, 4 or 8.
  unsigned width;
  // The bits of the mantissa, at most 52, and what the exponent's field has more than the exponent.
  unsigned mantissa;
  int bias;
  // A code without its sign is finite where it is below this. 1 << (8 * width - 1) says that the sign bit alone is NaN
  // and everything else is finite.
  uint64_t nonfinite;
} lacuna_number_type;

// Groups of elements, which may lie anyhow.
typedef struct {
  size_t count;           // how many groups
  size_t stride;          // bytes from a group's first element to that of the next group
  size_t element_stride;  // bytes from an element of a group to the next one
  unsigned size;          // elements of a group: 1 to 32
  unsigned kept;          // how many of them are not removed: at least 1
} lacuna_groups;

// The sums of |x| and x * x.
typedef struct {
  double all_first;
  double all_second;
  double removed_first;
  double removed_second;
} lacuna_magnitudes;

// Sums the magnitudes of groups, and those of all but the `kept` largest of each. What is not finite counts in no sum
// and takes a place that is kept.
//
// Sums are made in double precision in one order, each operation rounded by itself, so that all sets return the same
// bits: a group's in the order of its elements; of group g in lane g % 8, by runs of 512 groups; then the runs; then the
// lanes. A sum of n groups of m elements is off by no more than about (m + 64 + n / 512 + 4) * 2^-53 of it.
lacuna_magnitudes lacuna_sum_magnitudes(lacuna_kernels set, const uint8_t *elements, lacuna_number_type type, lacuna_groups groups);

#endif
