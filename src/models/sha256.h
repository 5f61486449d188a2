/* SHA-256 of bytes, as 64 hex digits and a 0. */
#ifndef DN_MODELS_SHA256_H
#define DN_MODELS_SHA256_H

#include "base/status.h"

#include <stddef.h>

/* Of bytes in memory; hex: 64 digits in lower case and a 0. */
void dn_sha256(const unsigned char *bytes, size_t size, char hex[65]);
/* Of a file, read piece by piece. DN_EINPUT: it cannot be read; DN_ECANCELLED. */
DN_CHECKED dn_status dn_sha256_file(const char *path, char hex[65]);

#endif
