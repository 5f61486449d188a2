/* The work of `dien synth`: its options checked, then samples or copies of each input. */
#include "cohort/make_scans.h"

#include "base/file.h"
#include "base/install.h"
#include "base/job.h"
#include "synth/scanner_copies.h"

#include <inttypes.h>
#include <stdlib.h>

typedef struct sampling {
    const dn_samples_options *options;
    dn_tissues *tissues;
} sampling;

static dn_status make_samples(void *user, const char *path, bool *doubtful)
{
    const sampling *it = user;
    (void)doubtful;
    return dn_samples_write(path, it->tissues, it->options);
}

dn_status dn_make_samples(const char *const *paths, size_t count, const char *tissues, const dn_samples_options *options)
{
    sampling it = {.options = options};
    const dn_batch batch = {.paths = paths, .count = count, .done = "label maps could be made into scans", .folder = options->folder};
    char *found = NULL;
    dn_status status = DN_OK;
    if (tissues == NULL) {
        DN_TRY_GOTO(status, dn_install_path("synth/tissues.tsv", &found), done);
    }
    DN_TRY_GOTO(status, dn_tissues_read(tissues != NULL ? tissues : found, &it.tissues), done);
    dn_log(DN_LOG_NOTE, "seed %" PRIu64, options->seed);
    status = dn_batch_run(&batch, make_samples, &it);
done:
    dn_tissues_destroy(it.tissues);
    free(found);
    return status;
}

typedef struct copying {
    const char *folder;
    uint64_t seed, next; /* next: place of the next scan */
    int64_t scanners;
} copying;

static dn_status make_copies(void *user, const char *path, bool *doubtful)
{
    copying *it = user;
    (void)doubtful;
    return dn_scanner_copies_write(path, it->next++, it->seed, it->scanners, it->folder);
}

dn_status dn_make_scanner_copies(const char *const *paths, size_t count, uint64_t seed, int64_t scanners, const char *folder)
{
    copying it = {.folder = folder, .seed = seed, .scanners = scanners};
    const dn_batch batch = {.paths = paths, .count = count, .done = "scans could be shown by the scanners", .folder = folder};
    DN_TRY(dn_path_make_folder(folder));
    dn_log(DN_LOG_NOTE, "seed %" PRIu64, seed);
    DN_TRY(dn_scanner_table_write(folder, seed, scanners));
    return dn_batch_run(&batch, make_copies, &it);
}
