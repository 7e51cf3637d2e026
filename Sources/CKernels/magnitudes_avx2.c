// The sums of magnitudes with AVX2.

#include "kernels.h"

#if LACUNA_X86
#define VECTOR_SET LACUNA_AVX2
#define MAGNITUDES_VARIANT LACUNA_SUM_MAGNITUDES(avx2)
#include "magnitudes.h"
#endif
