// The reference for the search for scales and minimums, and the only variant off
// x86-64.

#include "kernels.h"

#define LANES 8
#define VECTOR_SET
#define SEARCH_VARIANT LACUNA_SEARCH_MINIMUM(scalar)
#include "search_minimum.h"
