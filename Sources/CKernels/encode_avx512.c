// Encoding blocks with AVX-512.

#include "kernels.h"

#if LACUNA_X86
#define LANES 16
#define VECTOR_SET LACUNA_AVX512
#define ENCODE_VARIANT(type) LACUNA_ENCODE(type, avx512)
#include "encode.h"
#endif
