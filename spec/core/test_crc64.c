/* The checksum against its published check value, and in pieces. */
#include "check.h"
#include "crc64.h"

#include <string.h>

static const uint64_t published = UINT64_C(0x995dc9bbdf1939fa);

int main(void) {
  const char *digits = "123456789";
  CHECK("nothing sums up to 0", ab_crc64(0, "", 0) == 0);
  CHECK("the check value is that of CRC-64/XZ", ab_crc64(0, digits, 9) == published);
  for (size_t i = 0; i <= 9; i++) {
    uint64_t first = ab_crc64(0, digits, i);
    CHECK("pieces sum up to the whole", ab_crc64(first, digits + i, 9 - i) == published);
  }
  char zeros[1000];
  memset(zeros, 0, sizeof zeros);
  CHECK("the number of zeros counts", ab_crc64(0, zeros, 1000) != ab_crc64(0, zeros, 999));
  return check_failures() > 0;
}
