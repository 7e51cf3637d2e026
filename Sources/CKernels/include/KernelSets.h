// The sets of kernels.

#ifndef LACUNA_KERNEL_SETS_H
#define LACUNA_KERNEL_SETS_H

#include <stdbool.h>

// Which implementation a call runs.
typedef enum {
  LACUNA_KERNELS_SCALAR = 0,
  LACUNA_KERNELS_AVX2 = 1,
  LACUNA_KERNELS_AVX512 = 2,
} lacuna_kernels;

// Whether this machine can run the set.
bool lacuna_kernels_available(lacuna_kernels set);

#endif
