// The search for scales and minimums with AVX-512.

#include "kernels.h"

#if LACUNA_X86
#define LANES 32
#define VECTOR_SET LACUNA_AVX512
#define SEARCH_VARIANT LACUNA_SEARCH_MINIMUM(avx512)
#include "search_minimum.h"
#endif
