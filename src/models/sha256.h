/* SHA-256 of bytes, as 64 hex digits and a 0. */
#ifndef DN_MODELS_SHA256_H
#define DN_MODELS_SHA256_H

#include <stddef.h>

void dn_sha256(const unsigned char *bytes, size_t size, char hex[65]);

#endif
