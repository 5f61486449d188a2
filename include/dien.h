/* libdien: measure the hypothalamus, the thalamus and the intracranial volume in a T1-weighted scan, from C.
 *
 *     cc example.c $(pkg-config --cflags --libs dien)
 *
 * Rules. Names begin with dien_; nothing else is exported. Every call returns DIEN_OK or a code, and after a code
 * dien_last_error() has one sentence for a person. The library never prints, exits or aborts. Structures that the
 * caller fills begin with dien_..._init, so that fields added later have their usual value. Calls in several threads at
 * once do not know of each other: each has its own progress, messages and wish to stop; give each its share of the cores
 * (threads), and let no two write into one folder for scans of the same name.
 *
 * For research; not for clinical diagnosis. */
#ifndef DIEN_H
#define DIEN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DIEN_API_VERSION 2 /* grows when something is added; nothing is taken away within a soname */

/* "0.1.0": of the library that runs, which may be newer than this header. */
const char *dien_version(void);

/* The numbers are those of the program's exit codes. */
typedef enum dien_status {
    DIEN_OK = 0,
    DIEN_INTERNAL = 1,   /* a fault of the library; please report it */
    DIEN_USAGE = 2,      /* a NULL, an unknown structure, a number out of range */
    DIEN_INPUT = 3,      /* the scan or the model cannot be read or is not what it says */
    DIEN_QUALITY = 4,    /* done and written, but it failed quality control: look at the picture */
    DIEN_RESOURCE = 5,   /* out of memory, or the results cannot be written */
    DIEN_CANCELLED = 130 /* it was asked to stop: dien_options.cancel, dien_cancel */
} dien_status;

/* What went wrong in this thread's last call that failed, "" when none did. Valid until the thread's next call. */
const char *dien_last_error(void);

typedef struct dien_options {
    size_t size;            /* set by dien_options_init */
    const char *model;      /* name or file of a model; NULL: "hypothalamus", which comes with dien */
    const char *structures; /* "hypothalamus,thalamus,icv" or fewer; NULL: all that the models know */
    int posteriors;         /* not 0: write the posteriors, too */
    int threads;            /* 0: all cores that the process may use */
    int64_t memory;         /* bytes that may be used; 0: what the machine has */
    /* These are called by the thread that made the call, with user; NULL: no calls. They may call dien_cancel.
     * progress: between steps, 0 <= done <= total. */
    void (*progress)(void *user, const char *what, int64_t done, int64_t total);
    void *user;
    /* Since version 2. cancel: asked between steps; not 0 stops this call and no
     * other, with DIEN_CANCELLED. */
    int (*cancel)(void *user);
    /* A note (warning 0) or a warning (1): one sentence without a line's end, valid during the call. */
    void (*message)(void *user, int warning, const char *text);
} dien_options;

void dien_options_init(dien_options *options);

/* One row of the table of volumes. Texts belong to the result. */
typedef struct dien_row {
    const char *structure;  /* "hypothalamus", "hypothalamus_posterior", "thalamus", "icv", ... */
    const char *hemi;       /* "L", "R", or "B" for both sides together */
    double volume_mm3;      /* sum of posteriors inside the structure: for statistics */
    double hard_volume_mm3; /* voxels with the label */
    double mean_posterior;  /* of those voxels: how sure the network is; NaN when there are none */
} dien_row;

typedef struct dien_result dien_result;

/* Labels and measures one scan (NIfTI-1/2 or .mgh/.mgz) and writes what `dien segment` writes into folder, which is
 * made when absent. options: NULL for the usual values. On DIEN_OK and DIEN_QUALITY *result (unless result is NULL)
 * is owned by the caller (dien_result_destroy); otherwise it is NULL and nothing was left half-written. */
dien_status dien_segment(const char *scan, const char *folder, const dien_options *options, dien_result **result);

/* Reads a *_volumes.tsv that a run wrote. */
dien_status dien_result_read(const char *path, dien_result **result);
size_t dien_result_count(const dien_result *result);
/* Row i < dien_result_count(result), in the order of the table; NULL past the end. */
const dien_row *dien_result_row(const dien_result *result, size_t i);
/* volume_mm3 of a structure and side, NaN when the table has no such row. */
double dien_result_volume(const dien_result *result, const char *structure, const char *hemi);
void dien_result_destroy(dien_result *result); /* NULL is fine */

/* Asks every dien_segment that runs now to stop at its next step; may be called from a signal handler or another thread.
 * For one of several: dien_options.cancel. */
void dien_cancel(void);

#ifdef __cplusplus
}
#endif

#endif
