/* What the core takes of C's library: instructions of WebAssembly, and `memcmp` of kd_wasm.c. */
#ifndef KD_WASM_STRING_H
#define KD_WASM_STRING_H
#include <stddef.h>
#define memcpy __builtin_memcpy
#define memmove __builtin_memmove
#define memset __builtin_memset
int memcmp(const void *, const void *, size_t);
#endif
