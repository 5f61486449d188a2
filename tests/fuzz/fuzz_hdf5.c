/* Any bytes as a Keras HDF5 file, read as `dien models import` does: in a child with limits, then here. The library may crash in the child
 * (that is what the child is for) or be stopped there; our own code may not end it in any other way, and what the child could read must be
 * readable here. */
#define _GNU_SOURCE
#include "fuzz_file.h"

#include "base/file.h"
#include "models/keras/file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const dn_probe_limits limits = {.memory = INT64_C(1) << 30, .cpu_seconds = 1, .seconds = 10};
    dn_keras_file *file = NULL;
    const char *path = fuzz_file(bytes, size);
    dn_status status = dn_keras_file_read_within(path, &limits, &file);
    if (status == DN_OK) {
        dn_keras_file_destroy(file);
    } else if (strstr(dn_error_message(), "it ended without a result") != NULL) {
        abort(); /* a sanitizer's report, or exit() */
    }
    fuzz_check(status);
    return 0;
}

/* The first is small enough to be changed everywhere. What never ends in HDF5 1.10.8 is made in tests/models/test_keras.c. */
size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    static const char *const names[] = {"small_3d.h5", "small_keras305.h5"};
    char name[1024];
    unsigned char *read = NULL;
    size_t size = 0;
    if (index >= sizeof names / sizeof *names) {
        return 0;
    }
    snprintf(name, sizeof name, "%s/tests/models/keras/%s", DIEN_SOURCE_FOLDER, names[index]);
    if (dn_file_read(name, (int64_t)capacity, &read, &size) != DN_OK) {
        fprintf(stderr, "%s\n", dn_error_message());
        abort();
    }
    memcpy(out, read, size);
    free(read);
    return size;
}
