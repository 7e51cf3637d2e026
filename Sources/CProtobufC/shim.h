/* The protobuf-c runtime, wherever pkg-config finds it. */
#include <protobuf-c/protobuf-c.h>
