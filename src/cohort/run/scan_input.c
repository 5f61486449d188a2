/* Size, time and hash of a file or of all files of a folder. */
#define _GNU_SOURCE
#include "cohort/run/scan_input.h"

#include "base/file.h"
#include "base/text.h"
#include "cohort/dicom/walk.h"
#include "models/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct listing {
    dn_text text; /* a line per file */
    int64_t bytes;
    bool hashes; /* of the files; else their times */
    size_t root; /* length of the folder's path */
} listing;

static void time_text(const struct stat *facts, char out[48])
{
    snprintf(out, 48, "%lld.%09ld", (long long)facts->st_mtim.tv_sec, facts->st_mtim.tv_nsec);
}

static dn_status add_file(void *user, const char *path, const struct stat *facts, bool *stop)
{
    listing *it = user;
    char what[65];
    (void)stop;
    if (it->hashes) {
        DN_TRY(dn_sha256_file(path, what));
    } else {
        time_text(facts, what);
    }
    it->bytes += (int64_t)facts->st_size;
    fprintf(it->text.stream, "%s\t%lld\t%s\n", path + it->root, (long long)facts->st_size, what);
    return DN_OK;
}

/* The hash of the list of a folder's files. */
static dn_status list_folder(const char *path, bool hashes, int64_t *bytes, char sha256[65])
{
    listing it = {.hashes = hashes, .root = strlen(path) + 1};
    dn_dicom_walk walk = {.visit = add_file, .user = &it};
    char *all = NULL;
    DN_TRY(dn_text_open(&it.text));
    dn_status status = dn_dicom_walk_folder(&walk, path);
    if (status != DN_OK) {
        dn_text_discard(&it.text);
        return status;
    }
    DN_TRY(dn_text_take(&it.text, &all));
    dn_sha256((const unsigned char *)all, strlen(all), sha256);
    free(all);
    *bytes = it.bytes;
    return DN_OK;
}

dn_status dn_scan_input_look(const char *path, dn_scan_input *out, bool *there)
{
    struct stat facts;
    *out = (dn_scan_input){.bytes = 0};
    *there = stat(path, &facts) == 0;
    if (!*there) {
        return DN_OK;
    }
    if (S_ISDIR(facts.st_mode)) {
        const dn_status status = list_folder(path, false, &out->bytes, out->modified);
        if (status == DN_EINPUT || status == DN_EDATA) { /* whoever measures it says why */
            dn_error_clear();
            *out = (dn_scan_input){.bytes = -1};
            return DN_OK;
        }
        return status;
    }
    out->bytes = (int64_t)facts.st_size;
    time_text(&facts, out->modified);
    return DN_OK;
}

dn_status dn_scan_input_hash(const char *path, char sha256[65])
{
    int64_t bytes;
    return dn_path_is_folder(path) ? list_folder(path, true, &bytes, sha256) : dn_sha256_file(path, sha256);
}
