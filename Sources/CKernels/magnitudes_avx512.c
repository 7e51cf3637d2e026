// The sums of magnitudes with AVX-512.

#include "kernels.h"

#if LACUNA_X86
#define VECTOR_SET LACUNA_AVX512
#define MAGNITUDES_VARIANT LACUNA_SUM_MAGNITUDES(avx512)
#include "magnitudes.h"
#endif
