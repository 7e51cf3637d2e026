/* libxxhash, wherever pkg-config finds it. */
#include <xxhash.h>
