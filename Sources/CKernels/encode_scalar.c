// The reference for encoding blocks, and the only variant off x86-64.

#include "kernels.h"

#define LANES 4
#define VECTOR_SET
#define ENCODE_VARIANT(type) LACUNA_ENCODE(type, scalar)
#include "encode.h"
