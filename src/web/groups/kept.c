/* Scans of groups in memory: a table by path, with counts of those who hold an entry. */
#define _GNU_SOURCE
#include "web/groups/kept.h"

#include "base/memory.h"
#include "web/ids.h"
#include "web/results/results.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { BUCKETS = 1024, FILES = 3 };

/* What tells that a file is the one that was read; all zero: it is not there. */
typedef struct stamp {
    int64_t seconds, nanoseconds, size;
    uint64_t inode;
} stamp;

typedef struct entry {
    dn_kept_scan scan; /* first: what is given out is the entry */
    char *path;        /* owned; of the table */
    stamp file[FILES];
    time_t asked;
    int held;
    bool old; /* no longer in the table: goes when nobody holds it */
    struct entry *next;
} entry;

struct dn_kept {
    pthread_mutex_t lock;
    entry *bucket[BUCKETS];
};

dn_status dn_kept_create(dn_kept **out)
{
    DN_TRY(dn_alloc(out, 1, sizeof **out, "the server"));
    pthread_mutex_init(&(*out)->lock, NULL);
    return DN_OK;
}

static void entry_destroy(entry *it)
{
    if (it != NULL) {
        dn_gathered_release(&it->scan.values);
        dn_review_release(&it->scan.review);
        json_decref(it->scan.flags);
        free(it->scan.reason);
        free(it->path);
        free(it);
    }
}

void dn_kept_destroy(dn_kept *kept)
{
    if (kept != NULL) {
        dn_kept_forget(kept, -1.0);
        pthread_mutex_destroy(&kept->lock);
        free(kept);
    }
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

/* path with its last characters, `cut` of them, replaced by end. */
static dn_status beside(const char *path, size_t cut, const char *end, char **out)
{
    const size_t n = strlen(path);
    return dn_asprintf(out, "%.*s%s", (int)(n > cut ? n - cut : 0), path, end);
}

static void take_stamp(const char *path, stamp *out)
{
    struct stat facts;
    *out = (stamp){0};
    if (stat(path, &facts) == 0) {
        *out = (stamp){.seconds = (int64_t)facts.st_mtim.tv_sec,
                       .nanoseconds = (int64_t)facts.st_mtim.tv_nsec,
                       .size = (int64_t)facts.st_size,
                       .inode = (uint64_t)facts.st_ino};
    }
}

/* Of the table, the JSON file and the review, before they are read: what is written meanwhile is noticed at the next request. */
static dn_status take_stamps(const char *table, stamp out[FILES])
{
    char *description = NULL, *review = NULL;
    dn_status status = beside(table, strlen(".tsv"), ".json", &description);
    status = status == DN_OK ? beside(table, strlen("volumes.tsv"), "review.json", &review) : status;
    if (status == DN_OK) {
        take_stamp(table, &out[0]);
        take_stamp(description, &out[1]);
        take_stamp(review, &out[2]);
    }
    free(description);
    free(review);
    return status;
}

static bool same_stamps(const stamp a[FILES], const stamp b[FILES])
{
    bool same = true;
    for (int i = 0; i < FILES; ++i) {
        same = same && a[i].seconds == b[i].seconds && a[i].nanoseconds == b[i].nanoseconds && a[i].size == b[i].size &&
               a[i].inode == b[i].inode;
    }
    return same;
}

static bool stops(dn_status status)
{
    return status == DN_ENOMEM || status == DN_ECANCELLED;
}

static dn_status read_flags(const char *table, json_t **out)
{
    char *path = NULL;
    json_t *description = NULL;
    DN_TRY(beside(table, strlen(".tsv"), ".json", &path));
    dn_status status = dn_description_read(path, &description);
    free(path);
    if (status != DN_OK && !stops(status)) {
        dn_error_clear();
        status = DN_OK;
    }
    *out = dn_flags_json(description);
    json_decref(description);
    return status;
}

/* A table that cannot be read costs its scan, and not the group. */
static dn_status read_scan(const char *table, dn_kept_scan *out)
{
    dn_status status = dn_gather_volumes(&table, 1, &out->values);
    if (status != DN_OK && !stops(status)) {
        (void)dn_error_rename(status, table, "the table of volumes");
        status = dn_strdup(dn_error_message(), &out->reason);
    }
    DN_TRY(status);
    DN_TRY(read_flags(table, &out->flags));
    status = dn_review_read(table, &out->review, &out->reviewed);
    if (status != DN_OK && !stops(status)) {
        dn_error_clear();
        status = DN_OK;
    }
    return status;
}

static dn_status read_entry(const char *table, const stamp file[FILES], entry **out)
{
    entry *it = NULL;
    dn_status status;
    DN_TRY(dn_alloc(&it, 1, sizeof *it, "the scans of a group"));
    memcpy(it->file, file, sizeof it->file);
    DN_TRY_GOTO(status, dn_strdup(table, &it->path), failed);
    DN_TRY_GOTO(status, read_scan(table, &it->scan), failed);
    *out = it;
    return DN_OK;
failed:
    entry_destroy(it);
    return status;
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

static entry **place_of(dn_kept *kept, const char *path)
{
    return &kept->bucket[dn_text_hash(path) % BUCKETS];
}

/* Takes an entry out of its bucket: those who hold it keep it until they give it back. */
static void take_out(entry **at)
{
    entry *it = *at;
    *at = it->next;
    it->next = NULL;
    it->old = true;
    if (it->held == 0) {
        entry_destroy(it);
    }
}

/* The entry of path, held once more; NULL: there is none, or its files are others now, and it was taken out. */
static entry *find(dn_kept *kept, const char *path, const stamp file[FILES])
{
    for (entry **at = place_of(kept, path); *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->path, path) != 0) {
            continue;
        }
        if (!same_stamps((*at)->file, file)) {
            take_out(at);
            return NULL;
        }
        (*at)->asked = time(NULL);
        ++(*at)->held;
        return *at;
    }
    return NULL;
}

dn_status dn_kept_get(dn_kept *kept, const char *table, const dn_kept_scan **out)
{
    stamp file[FILES];
    entry *it = NULL;
    DN_TRY(take_stamps(table, file));
    pthread_mutex_lock(&kept->lock);
    it = find(kept, table, file);
    pthread_mutex_unlock(&kept->lock);
    if (it == NULL) {
        DN_TRY(read_entry(table, file, &it));
        pthread_mutex_lock(&kept->lock);
        entry *other = find(kept, table, file); /* another request read it meanwhile */
        if (other == NULL) {
            entry **at = place_of(kept, table);
            it->next = *at;
            it->held = 1;
            it->asked = time(NULL);
            *at = it;
        }
        pthread_mutex_unlock(&kept->lock);
        if (other != NULL) {
            entry_destroy(it);
            it = other;
        }
    }
    *out = &it->scan;
    return DN_OK;
}

void dn_kept_put(dn_kept *kept, const dn_kept_scan *scan)
{
    if (scan == NULL) {
        return;
    }
    entry *it;
    memcpy(&it, &scan, sizeof it); /* its first member */
    pthread_mutex_lock(&kept->lock);
    const bool gone = --it->held == 0 && it->old;
    pthread_mutex_unlock(&kept->lock);
    if (gone) {
        entry_destroy(it);
    }
}

void dn_kept_forget(dn_kept *kept, double seconds)
{
    const time_t now = time(NULL);
    pthread_mutex_lock(&kept->lock);
    for (int b = 0; b < BUCKETS; ++b) {
        for (entry **at = &kept->bucket[b]; *at != NULL;) {
            if ((*at)->held == 0 && difftime(now, (*at)->asked) > seconds) {
                take_out(at);
            } else {
                at = &(*at)->next;
            }
        }
    }
    pthread_mutex_unlock(&kept->lock);
}
