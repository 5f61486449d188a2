/* Ids, times, and folders that are removed. */
#define _GNU_SOURCE
#include "web/ids.h"

#include "base/file.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

dn_status dn_id_make(char out[DN_ID_SIZE])
{
    unsigned char bytes[(DN_ID_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        DN_FAIL(DN_EINTERNAL, "this machine gives no random numbers: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof bytes; ++i) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
    return DN_OK;
}

uint64_t dn_text_hash(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; ++p) {
        hash = (hash ^ *p) * UINT64_C(0x100000001b3);
    }
    return hash;
}

void dn_time_text(double seconds_before, char out[DN_TIME_SIZE])
{
    const time_t at = time(NULL) - (time_t)seconds_before;
    struct tm parts;
    if (gmtime_r(&at, &parts) == NULL || strftime(out, DN_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        out[0] = '\0';
    }
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

void dn_folder_remove(const char *path)
{
    enum { OPEN_FOLDERS = 16, TRIES = 3 };
    for (int n = 0; n < TRIES && access(path, F_OK) == 0; ++n) {
        (void)nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    }
}

dn_status dn_file_copy(const char *from, const char *to)
{
    enum { BLOCK = 1 << 16 };
    char bytes[BLOCK];
    dn_file_writer writer = {0};
    size_t n;
    FILE *in = fopen(from, "rbe");
    if (in == NULL) {
        DN_FAIL(DN_EINPUT, "cannot read %s: %s", from, strerror(errno));
    }
    dn_status status = dn_file_create(&writer, to);
    while (status == DN_OK && (n = fread(bytes, 1, sizeof bytes, in)) > 0) {
        status = dn_file_write(&writer, bytes, n);
    }
    if (status == DN_OK && ferror(in) != 0) {
        status = dn_error_set(DN_EINPUT, "cannot read %s to its end", from);
    }
    fclose(in);
    return dn_file_end(&writer, status);
}
