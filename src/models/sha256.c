/* SHA-256 by nettle. */
#include "models/sha256.h"

#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>

void dn_sha256(const unsigned char *bytes, size_t size, char hex[65])
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, size, bytes);
    sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; ++i) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}
