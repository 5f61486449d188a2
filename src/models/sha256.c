/* SHA-256, by nettle. */
#include "models/sha256.h"

#include "base/job.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void write_hex(struct sha256_ctx *context, char hex[65])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(context, SHA256_DIGEST_SIZE, digest);
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; ++i) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

void dn_sha256(const unsigned char *bytes, size_t size, char hex[65])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, size, bytes);
    write_hex(&context, hex);
}

dn_status dn_sha256_file(const char *path, char hex[65])
{
    struct sha256_ctx context;
    unsigned char piece[1 << 16];
    size_t n;
    dn_status status = DN_OK;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        const int error = errno;
        return dn_error_set(dn_error_of(error, DN_EINPUT), "cannot read %s: %s", path, strerror(error));
    }
    sha256_init(&context);
    while (status == DN_OK && (n = fread(piece, 1, sizeof piece, file)) > 0) {
        sha256_update(&context, n, piece);
        status = dn_cancel_check();
    }
    if (status == DN_OK && ferror(file)) {
        status = dn_error_set(DN_EINPUT, "cannot read %s: %s", path, strerror(errno));
    }
    fclose(file);
    write_hex(&context, hex);
    return status;
}
