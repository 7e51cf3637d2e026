/* libzstd, wherever pkg-config finds it. Only what a shared library exports is used: the experimental parameter
   for literals is set by its number. */
#include <zstd.h>
#include <zstd_errors.h>
