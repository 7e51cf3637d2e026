// The plane kernels in whatever the compiler makes of plain C.

#include "kernels.h"

#define PLANE_SET
#define PLANE(name) lacuna_##name##_scalar

static inline uint64_t flagged64(const uint8_t *bytes, uint8_t bits, uint8_t wanted) {
  uint64_t flags = 0;
  for (int i = 0; i < 64; i += 1) flags |= (uint64_t)((bytes[i] & bits) == wanted) << i;
  return flags;
}

#include "planes.h"
