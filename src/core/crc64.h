/* CRC-64 with ECMA's polynomial, reflected: the checksum that object stores tell. Pure. */
#ifndef AB_CRC64_H
#define AB_CRC64_H

#include <stddef.h>
#include <stdint.h>

/* Goes on with more bytes; starts with 0. */
uint64_t ab_crc64(uint64_t crc, const char *data, size_t size);

#endif
