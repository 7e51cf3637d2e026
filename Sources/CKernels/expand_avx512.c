// Expand with AVX-512.

#include "kernels.h"

#if LACUNA_X86
#include <string.h>

#include "lanes_avx512.h"

// Values are loaded whole and spread from the register: vpexpand's form that
// reads memory is the slower one. With two vectors a round, the second one's place
// comes from the first's mask, so that only one addition is carried from round to
// round; both loads stand before the stores, which they could otherwise not pass
// for all that the compiler knows.
#define DEFINE_EXPAND(bits, set)                                                            \
  LACUNA_AVX512 LACUNA_EXPAND(bits, set) {                                                  \
    enum { size = bits / 8, lanes = 64 / size };                                            \
    size_t taken = 0;                                                                       \
    size_t start = 0;                                                                       \
    for (; count - start >= 2 * lanes; start += 2 * lanes) {                                \
      lacuna_lanes##bits kept[2];                                                           \
      memcpy(kept, mask + start / 8, sizeof kept);                                          \
      const size_t middle = taken + lacuna_lane_count(kept[0]);                             \
      const __m512i first = _mm512_loadu_si512(values + taken * size);                      \
      const __m512i second = _mm512_loadu_si512(values + middle * size);                    \
      uint8_t *to = dense + start * size;                                                   \
      _mm512_storeu_si512(to, _mm512_maskz_expand_epi##bits(kept[0], first));               \
      _mm512_storeu_si512(to + 64, _mm512_maskz_expand_epi##bits(kept[1], second));         \
      taken = middle + lacuna_lane_count(kept[1]);                                          \
    }                                                                                       \
    while (start < count) {                                                                 \
      const size_t rest = count - start < lanes ? count - start : lanes;                    \
      const lacuna_lanes##bits present = (lacuna_lanes##bits)(~(uint64_t)0 >> (64 - rest)); \
      lacuna_lanes##bits kept = 0;                                                          \
      memcpy(&kept, mask + start / 8, (rest + 7) / 8);                                      \
      kept &= present;                                                                      \
      const __m512i packed = _mm512_loadu_si512(values + taken * size);                     \
      _mm512_mask_storeu_epi##bits(dense + start * size, present,                           \
                                   _mm512_maskz_expand_epi##bits(kept, packed));            \
      taken += lacuna_lane_count(kept);                                                     \
      start += rest;                                                                        \
    }                                                                                       \
    return taken;                                                                           \
  }

LACUNA_EACH_WIDTH(DEFINE_EXPAND, avx512)
#endif
