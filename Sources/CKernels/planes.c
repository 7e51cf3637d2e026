// The public plane kernels: each runs the wanted set's variant; and those that have one form.

#include <string.h>

#include "plane_variants.h"

#if LACUNA_X86
#define PICK(name)                                              \
  (set == LACUNA_KERNELS_AVX512 ? lacuna_##name##_avx512        \
   : set == LACUNA_KERNELS_AVX2 ? lacuna_##name##_avx2          \
                                : lacuna_##name##_scalar)
#else
#define PICK(name) ((void)set, lacuna_##name##_scalar)
#endif

size_t lacuna_symbol_bytes(lacuna_symbols form, size_t n) {
  return form == LACUNA_SYMBOLS_PAIR ? n / 2 + n % 2 : n;
}

size_t lacuna_rest_bytes(lacuna_symbols form, size_t n) {
  switch (form) {
    case LACUNA_SYMBOLS_PAIR: return n;
    case LACUNA_SYMBOLS_J2: return n - n / 4;
    case LACUNA_SYMBOLS_J4: return n / 2 + n % 2;
  }
  return n;
}

void lacuna_split_symbols(lacuna_kernels set, lacuna_symbols form, const uint8_t *elements, size_t n,
                          uint8_t base, uint8_t window, uint8_t *symbols, uint8_t *rests) {
  PICK(split_symbols)(form, elements, n, base, window, symbols, rests);
}

void lacuna_merge_symbols(lacuna_kernels set, lacuna_symbols form, const uint8_t *symbols, const uint8_t *rests,
                          size_t n, uint8_t base, uint8_t *elements) {
  PICK(merge_symbols)(form, symbols, rests, n, base, elements);
}

size_t lacuna_gather_escapes(lacuna_kernels set, lacuna_symbols form, const uint8_t *symbols,
                             const uint8_t *elements, size_t n, uint8_t window, uint8_t *escapes, size_t room) {
  return PICK(gather_escapes)(form, symbols, elements, n, window, escapes, room);
}

size_t lacuna_scatter_escapes(lacuna_kernels set, lacuna_symbols form, const uint8_t *symbols, uint8_t *elements,
                              size_t n, uint8_t window, const uint8_t *escapes, size_t count) {
  return PICK(scatter_escapes)(form, symbols, elements, n, window, escapes, count);
}

void lacuna_split32(lacuna_kernels set, const uint8_t *elements, size_t n, uint8_t *uppers, uint8_t *byte1,
                    uint8_t *byte0) {
  PICK(split32)(elements, n, uppers, byte1, byte0);
}

void lacuna_merge32(lacuna_kernels set, const uint8_t *uppers, const uint8_t *byte1, const uint8_t *byte0,
                    size_t n, uint8_t *elements) {
  PICK(merge32)(uppers, byte1, byte0, n, elements);
}

void lacuna_split_rotated16(lacuna_kernels set, const uint8_t *elements, size_t n, uint8_t *upper,
                            uint8_t *lower) {
  PICK(split_rotated16)(elements, n, upper, lower);
}

void lacuna_merge_rotated16(lacuna_kernels set, const uint8_t *upper, const uint8_t *lower, size_t n,
                            uint8_t *elements) {
  PICK(merge_rotated16)(upper, lower, n, elements);
}

void lacuna_rotate64(lacuna_kernels set, const uint8_t *elements, size_t n, uint16_t bias, uint8_t *rotated) {
  PICK(rotate64)(elements, n, bias, rotated);
}

void lacuna_unrotate64(lacuna_kernels set, const uint8_t *rotated, size_t n, uint16_t bias, uint8_t *elements) {
  PICK(unrotate64)(rotated, n, bias, elements);
}

void lacuna_gather_part(lacuna_kernels set, const uint8_t *blocks, size_t n, size_t stride, size_t offset,
                        size_t length, uint8_t *plane) {
  PICK(gather_part)(blocks, n, stride, offset, length, plane);
}

void lacuna_scatter_part(lacuna_kernels set, const uint8_t *plane, size_t n, size_t stride, size_t offset,
                         size_t length, uint8_t *blocks) {
  PICK(scatter_part)(plane, n, stride, offset, length, blocks);
}

bool lacuna_narrow_bfloat16(lacuna_kernels set, const uint8_t *elements, size_t n, uint8_t *narrow) {
  return PICK(narrow_bfloat16)(elements, n, narrow);
}

bool lacuna_narrow_float16(lacuna_kernels set, const uint8_t *elements, size_t n, uint8_t *narrow) {
  return PICK(narrow_float16)(elements, n, narrow);
}

void lacuna_widen_bfloat16(lacuna_kernels set, const uint8_t *narrow, size_t n, uint8_t *elements) {
  PICK(widen_bfloat16)(narrow, n, elements);
}

void lacuna_widen_float16(lacuna_kernels set, const uint8_t *narrow, size_t n, uint8_t *elements) {
  PICK(widen_float16)(narrow, n, elements);
}

size_t lacuna_gaps_of_mask(const uint8_t *mask, size_t n, uint8_t *gaps, size_t room) {
  size_t written = 0;
  size_t next = 0;  // the first bit that no gap has counted
  for (size_t start = 0; start < n; start += 64) {
    const size_t bits = n - start < 64 ? n - start : 64;
    uint64_t word = 0;
    memcpy(&word, mask + start / 8, (bits + 7) / 8);
    if (bits < 64) word &= ((uint64_t)1 << bits) - 1;
    while (word != 0) {
      const size_t place = start + (size_t)__builtin_ctzll(word);
      word &= word - 1;
      size_t gap = place - next;
      next = place + 1;
      if (room - written < gap / 255 + 1) return SIZE_MAX;
      for (; gap >= 255; gap -= 255) gaps[written++] = 255;
      gaps[written++] = (uint8_t)gap;
    }
  }
  return written;
}

size_t lacuna_mask_of_gaps(const uint8_t *gaps, size_t count, size_t n, uint8_t *mask) {
  memset(mask, 0, (n + 7) / 8);
  size_t place = 0;
  size_t set = 0;
  for (size_t index = 0; index < count; index += 1) {
    const size_t gap = gaps[index];
    place += gap;
    if (gap == 255) continue;
    if (place >= n) return SIZE_MAX;
    mask[place / 8] |= (uint8_t)(1 << place % 8);
    place += 1;
    set += 1;
  }
  return place <= n ? set : SIZE_MAX;
}

// Four tables, because counting in the same place twice in a row waits for the first store.
#define DEFINE_COUNTING(name, size, byte_of)                                                 \
  void name(const uint8_t *bytes, size_t n, uint32_t *counts) {                              \
    uint32_t parts[4][256] = {{0}};                                                          \
    size_t i = 0;                                                                            \
    for (; n - i >= 4; i += 4) {                                                             \
      for (size_t part = 0; part < 4; part += 1) {                                           \
        const uint8_t *element = bytes + (i + part) * size;                                  \
        parts[part][byte_of] += 1;                                                           \
      }                                                                                      \
    }                                                                                        \
    for (; i < n; i += 1) {                                                                  \
      const uint8_t *element = bytes + i * size;                                             \
      parts[0][byte_of] += 1;                                                                \
    }                                                                                        \
    for (size_t byte = 0; byte < 256; byte += 1) {                                           \
      counts[byte] += parts[0][byte] + parts[1][byte] + parts[2][byte] + parts[3][byte];     \
    }                                                                                        \
  }

DEFINE_COUNTING(lacuna_count_exponents16, 2, (uint8_t)(element[1] << 1 | element[0] >> 7))
DEFINE_COUNTING(lacuna_count_exponents32, 4, (uint8_t)(element[3] << 1 | element[2] >> 7))
DEFINE_COUNTING(lacuna_count_bytes, 1, element[0])
