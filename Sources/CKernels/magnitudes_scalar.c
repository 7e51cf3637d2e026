// The reference for the sums of magnitudes, and the only variant off x86-64.

#include "kernels.h"

#define VECTOR_SET
#define MAGNITUDES_VARIANT LACUNA_SUM_MAGNITUDES(scalar)
#include "magnitudes.h"
