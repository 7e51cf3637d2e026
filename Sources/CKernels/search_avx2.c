// The search for scales and minimums with AVX2.

#include "kernels.h"

#if LACUNA_X86
#define LANES 16
#define VECTOR_SET LACUNA_AVX2
#define SEARCH_VARIANT LACUNA_SEARCH_MINIMUM(avx2)
#include "search_minimum.h"
#endif
