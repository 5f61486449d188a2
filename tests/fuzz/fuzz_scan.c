/* Scans: headers that lie, files that end early, every format and byte order. */
#include "fuzz_scans.h"

#include "image/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const dn_scan_read_options believe = {.trust = DN_TRUST_SFORM};
    dn_volume *volume = NULL;
    dn_scan_info info;
    dn_status status = dn_scan_read_bytes(bytes, size, "input", NULL, &volume, &info);
    fuzz_check(status);
    if (status == DN_EGEOMETRY) {
        status = dn_scan_read_bytes(bytes, size, "input", &believe, &volume, &info);
        fuzz_check(status);
    }
    if (status == DN_OK) {
        dn_volume_destroy(volume);
    }
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    return fuzz_scan(index, out, capacity);
}
