/* Worker processes that measure a list of scans, as many at a time as cores and memory allow. */
#ifndef DN_COHORT_RUN_POOL_H
#define DN_COHORT_RUN_POOL_H

#include "base/lock.h"
#include "cohort/bids/layout.h"
#include "cohort/run/scan_status.h"

/* One scan's way through a run. */
typedef enum {
    DN_ITEM_WAITS,
    DN_ITEM_RUNS,
    DN_ITEM_ACCEPTED,
    DN_ITEM_REJECTED, /* by quality control; measured all the same */
    DN_ITEM_FAILED,
    DN_ITEM_ELSEWHERE /* another run is measuring it */
} dn_item_state;

typedef struct dn_run_item {
    const dn_bids_scan *scan; /* borrowed */
    dn_item_state state;
    bool measured_before;     /* state is that of an earlier run */
    dn_status status;         /* FAILED: of what */
    int64_t need;             /* bytes of memory that it will take (dn_scan_memory) */
    bool alone;               /* its process was killed beside others: it runs once more, with nothing beside it */
    dn_folder_lock lock;      /* while it runs */
    int64_t seen;             /* when its record was written that the plan was made by, ns; 0: there was none */
    char *earlier;            /* owned, while it runs: the results of an earlier run (dn_scan_status_set_aside); NULL: none */
    dn_scan_input input;      /* while it runs: of its file, before */
    json_t *settings;         /* of this scan; owned */
    dn_run_identity identity; /* what it is measured with; borrowed */
} dn_run_item;

typedef struct dn_pool_options {
    const char *output, *program;
    json_t *settings;
    int jobs, threads; /* at least 1 */
    int64_t budget;    /* bytes for all of them */
} dn_pool_options;

/* Bytes that measuring a scan of that file takes at most, by its header (measured: docs/evidence/cohorts.md); of DICOM files those of a
 * scan with voxels of 0.7 mm; for one that cannot be read, those of a small scan. */
int64_t dn_scan_memory(const char *path, dn_precision precision);

/* Measures the items that wait; writes their results and their records. first: a worker that is ready, or one that does not run; consumed.
 * Failures of single scans are logged, and are in the items. DN_ECANCELLED: the processes are stopped, what is done stays; DN_EIO: records
 * cannot be written. */
DN_CHECKED dn_status dn_pool_run(dn_run_item *items, size_t count, const dn_pool_options *options, dn_worker *first);

#endif
