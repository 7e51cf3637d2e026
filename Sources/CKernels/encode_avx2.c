// Encoding blocks with AVX2.

#include "kernels.h"

#if LACUNA_X86
#define LANES 8
#define VECTOR_SET LACUNA_AVX2
#define ENCODE_VARIANT(type) LACUNA_ENCODE(type, avx2)
#include "encode.h"
#endif
