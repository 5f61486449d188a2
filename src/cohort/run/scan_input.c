/* Size, time and hash of a file or of all files of a folder. */
#define _GNU_SOURCE
#include "cohort/run/scan_input.h"

#include "base/file.h"
#include "base/job.h"
#include "base/text.h"
#include "models/sha256.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEEPEST = 32 };

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

static dn_status add_file(listing *it, const char *path, const struct stat *facts)
{
    char what[65];
    if (it->hashes) {
        DN_TRY(dn_sha256_file(path, what));
    } else {
        time_text(facts, what);
    }
    it->bytes += (int64_t)facts->st_size;
    fprintf(it->text.stream, "%s\t%lld\t%s\n", path + it->root, (long long)facts->st_size, what);
    return dn_cancel_check();
}

static dn_status walk(listing *it, const char *folder, int depth)
{
    struct dirent **names = NULL;
    dn_status status = DN_OK;
    const int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; ++i) {
        const char *name = names[i]->d_name;
        char *path = NULL;
        struct stat facts;
        if (status == DN_OK && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && (status = dn_path_join(folder, name, &path)) == DN_OK) {
            if (lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode)) {
                status = depth < DEEPEST ? walk(it, path, depth + 1) : DN_OK;
            } else if (stat(path, &facts) == 0 && S_ISREG(facts.st_mode)) {
                status = add_file(it, path, &facts);
            }
        }
        free(path);
        free(names[i]);
    }
    free(names);
    return status;
}

/* The hash of the list of a folder's files. */
static dn_status list_folder(const char *path, bool hashes, int64_t *bytes, char sha256[65])
{
    listing it = {.hashes = hashes, .root = strlen(path) + 1};
    char *all = NULL;
    DN_TRY(dn_text_open(&it.text));
    dn_status status = walk(&it, path, 0);
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
        return list_folder(path, false, &out->bytes, out->modified);
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
