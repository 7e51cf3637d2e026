/* libzstd, wherever pkg-config finds it. Only what a shared library exports is used: the experimental parameters
   are set by their numbers, and one function that zstd.h declares for static linking alone is declared here. */
#include <zstd.h>
#include <zstd_errors.h>

/* ZSTD_Sequence and ZSTD_compressSequences of zstd.h 1.5: the second way to a frame of literals. */
typedef struct {
  unsigned int offset;
  unsigned int litLength;
  unsigned int matchLength;
  unsigned int rep;
} lacuna_zstd_sequence;

size_t ZSTD_compressSequences(ZSTD_CCtx *context, void *frame, size_t room, const lacuna_zstd_sequence *sequences,
                              size_t sequenceCount, const void *bytes, size_t count);
