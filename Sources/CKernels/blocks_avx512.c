// The zeros of Q4_0 with AVX-512, two blocks at a time. For the other kernels of
// blocks wider vectors than AVX2's were measured to gain nothing.

#include "kernels.h"

#if LACUNA_X86
#include <string.h>

#include "lanes_avx512.h"

LACUNA_AVX512 LACUNA_NONZERO(q4_0, avx512) {
  const __m512i halves = _mm512_setr_epi64(0, 0, 4, 4, 0, 0, 4, 4);
  const __m512i fourBits = _mm512_set1_epi8(0xf);
  const __m512i zero = _mm512_set1_epi8(8);
  size_t index = 0;
  for (; count - index >= 2; index += 2) {
    const uint8_t *block = blocks + 18 * index;
    const __m512i first = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(block + 2)));
    const __m128i next = _mm_loadu_si128((const __m128i *)(block + 20));
    const __m512i packed = _mm512_mask_broadcast_i32x4(first, 0xff00, next);
    const __m512i codes = _mm512_and_si512(_mm512_srlv_epi64(packed, halves), fourBits);
    uint64_t found = _mm512_cmpneq_epi8_mask(codes, zero);
    // The blocks' scales, 0 or -0, decide on halves of the bits.
    uint16_t scale, nextScale;
    memcpy(&scale, block, sizeof scale);
    memcpy(&nextScale, block + 18, sizeof nextScale);
    if ((scale & 0x7fff) == 0) found &= 0xffffffff00000000;
    if ((nextScale & 0x7fff) == 0) found &= 0x00000000ffffffff;
    memcpy(bits + 4 * index, &found, sizeof found);
  }
  lacuna_nonzero_q4_0_avx2(blocks + 18 * index, count - index, bits + 4 * index);
}
#endif
