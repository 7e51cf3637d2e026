// The prototypes of each set's variants of the plane kernels.

#ifndef LACUNA_PLANE_VARIANTS_H
#define LACUNA_PLANE_VARIANTS_H

#include "kernels.h"

#define LACUNA_DECLARE_PLANES(set)                                                                             \
  void lacuna_split_symbols_##set(lacuna_symbols form, const uint8_t *elements, size_t n, uint8_t base,        \
                                  uint8_t window, uint8_t *symbols, uint8_t *rests);                           \
  void lacuna_merge_symbols_##set(lacuna_symbols form, const uint8_t *symbols, const uint8_t *rests, size_t n, \
                                  uint8_t base, uint8_t *elements);                                            \
  size_t lacuna_gather_escapes_##set(lacuna_symbols form, const uint8_t *symbols, const uint8_t *elements,     \
                                     size_t n, uint8_t window, uint8_t *escapes, size_t room);                 \
  size_t lacuna_scatter_escapes_##set(lacuna_symbols form, const uint8_t *symbols, uint8_t *elements,          \
                                      size_t n, uint8_t window, const uint8_t *escapes, size_t count);         \
  void lacuna_split32_##set(const uint8_t *elements, size_t n, uint8_t *uppers, uint8_t *byte1,                \
                            uint8_t *byte0);                                                                   \
  void lacuna_merge32_##set(const uint8_t *uppers, const uint8_t *byte1, const uint8_t *byte0, size_t n,       \
                            uint8_t *elements);                                                                \
  void lacuna_split_rotated16_##set(const uint8_t *elements, size_t n, uint8_t *upper, uint8_t *lower);        \
  void lacuna_merge_rotated16_##set(const uint8_t *upper, const uint8_t *lower, size_t n, uint8_t *elements);  \
  void lacuna_rotate64_##set(const uint8_t *elements, size_t n, uint16_t bias, uint8_t *rotated);              \
  void lacuna_unrotate64_##set(const uint8_t *rotated, size_t n, uint16_t bias, uint8_t *elements);            \
  void lacuna_gather_part_##set(const uint8_t *blocks, size_t n, size_t stride, size_t offset, size_t length,  \
                                uint8_t *plane);                                                               \
  void lacuna_scatter_part_##set(const uint8_t *plane, size_t n, size_t stride, size_t offset, size_t length,  \
                                 uint8_t *blocks);                                                             \
  bool lacuna_narrow_bfloat16_##set(const uint8_t *elements, size_t n, uint8_t *narrow);                       \
  bool lacuna_narrow_float16_##set(const uint8_t *elements, size_t n, uint8_t *narrow);                        \
  void lacuna_widen_bfloat16_##set(const uint8_t *narrow, size_t n, uint8_t *elements);                        \
  void lacuna_widen_float16_##set(const uint8_t *narrow, size_t n, uint8_t *elements);

#pragma GCC visibility push(hidden)
LACUNA_DECLARE_PLANES(scalar)
#if LACUNA_X86
LACUNA_DECLARE_PLANES(avx2)
LACUNA_DECLARE_PLANES(avx512)
#endif
#pragma GCC visibility pop

#endif
