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

#define DIEN_API_VERSION 3 /* grows when something is added; nothing is taken away within a soname */

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
    DIEN_PARTIAL = 6,    /* since version 3: done, but some of several could not be */
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

/* ---- Statistics, norms, evaluation (since version 3) ----------------------------------------------------------------
 *
 * What `dien stats groups`, `normative fit`, `normative apply` and `evaluate` do; docs/manual/statistics.md and docs/manual/norms.md
 * explain choices and columns. Words and lists are those of the command line ("holm", "age,sex"). Every structure begins with its _init;
 * texts are borrowed during the call.
 *
 * folder: made when absent; tables, texts and figures are written there; NULL: nothing is written.
 * calls: whose progress, cancel, message, user and threads are used; NULL: none.
 * text (may be NULL): on DIEN_OK and DIEN_PARTIAL what the program prints, paragraphs wrapped at 100 columns. It is also
 * there, when the numbers were reached, if a figure then failed or the call was cancelled while drawing; else it is NULL.
 * Free it with dien_text_destroy. */
void dien_text_destroy(char *text); /* NULL is fine */

/* Which tables, and which rows of them. */
typedef struct dien_tables {
    size_t size;              /* set by dien_tables_init */
    const char *const *paths; /* TSV, CSV, *_volumes.tsv files, folders that hold such files */
    size_t count;
    const char *id;      /* column that names people and by which tables are joined: "participant_id" */
    const char *where;   /* "COLUMN=VALUE": rows to keep; NULL: all */
    const char *session; /* "1" or "ses-1": rows of this session; NULL: all */
    const char *unit;    /* of the volumes: "mm3", "mL"; NULL: as they come (those of dien_segment in mm3) */
    const char *join;    /* ids that find no partner and are only alike: "ask" (an error), "exact", "alike" */
    int count_rejected;  /* not 0: scans that quality control rejected are counted */
    int strict;          /* not 0: a doubt about the tables is an error */
} dien_tables;
void dien_tables_init(dien_tables *tables);

typedef struct dien_groups_options {
    size_t size;            /* set by dien_groups_options_init */
    const char *values;     /* columns to compare */
    const char *group;      /* column of the group's name */
    const char *control;    /* the reference group; NULL: the first of the table */
    const char *icv;        /* column of the intracranial volume to normalise by; NULL: none. Needs control. */
    const char *normalise;  /* "ratio", "residual", "power" */
    const char *covariates; /* columns of an analysis of covariance; NULL: none */
    const char *categories; /* columns whose numbers are names; NULL: none */
    const char *order;      /* of the groups; NULL: the table's */
    const char *label;      /* what texts and figures call the value; NULL: the column's name */
    const char *test;       /* "auto", "parametric", "rank" */
    const char *outliers;   /* "none", "iqr", "vernikouskaya2023", "kassubek2025" */
    const char *adjust;     /* "holm", "bonferroni", "bh", "none" */
    const char *note;       /* a line under the figures; NULL: none */
    int paired;             /* not 0: the two values (or the two groups) are of the same people */
    int equal_variances;    /* not 0: Student and classical ANOVA instead of Welch */
    double level, alpha;    /* of confidence intervals, 0.95; of significance, 0.05 */
} dien_groups_options;
void dien_groups_options_init(dien_groups_options *options);

/* Compares groups, or pairs: groups.tsv, groups_summary.tsv, groups_people.tsv, groups.txt, a box plot per value. */
dien_status dien_groups(const dien_tables *tables, const dien_groups_options *options, const char *folder, const dien_options *calls,
                        char **text);

/* Of a norm that is made, and of people who are compared with one; what only one of them takes says so. */
typedef struct dien_norm_options {
    size_t size;                           /* set by dien_norm_options_init */
    const char *value;                     /* column of the volume; making needs it; NULL: the norm's own */
    const char *icv, *age, *sex, *scanner; /* columns; NULL: the norm's own, else those of these names */
    double scanner_sd;                     /* inter-scanner SD of one person's volume; NaN: not known, or the norm's */
    const char *scanner_sd_column;         /* comparing: column with that SD for each person's own scanner; NULL: none */
    const char *charts;                    /* comparing: ids of whom a chart is drawn; NULL: everyone, if at most 6 */
    const char *method;                    /* making: "squares", "huber", "bisquare", "quantile" */
    const char *structure, *source;        /* making: of what the volume is, where the people come from; NULL: not said */
    double level;                          /* making: of the normal interval, 0.95 */
    int one_step, with_sex, simulated;     /* making: see `dien help normative fit` */
} dien_norm_options;
void dien_norm_options_init(dien_norm_options *options);

/* Makes a norm from tables of healthy people: norm.json in folder, which is needed, tables and a figure. */
dien_status dien_norm_fit(const dien_tables *tables, const dien_norm_options *options, const char *folder, const dien_options *calls,
                          char **text);
/* Compares people with a norm, a file of dien_norm_fit: normative.tsv, normative_summary.tsv, normative.txt, charts. */
dien_status dien_norm_apply(const char *norm, const dien_tables *tables, const dien_norm_options *options, const char *folder,
                            const dien_options *calls, char **text);

typedef struct dien_evaluate_options {
    size_t size;                                       /* set by dien_evaluate_options_init */
    const char *structures;                            /* "thalamus=10+49,hypothalamus=801-810"; NULL: every label */
    const char *translate_truth, *translate_predicted; /* tables (label, to) that renumber them; NULL: none */
    const char *suffix;                                /* of predictions in a folder: "_dseg.nii.gz"; what is before it is the subject */
    const char *truth_suffix;                          /* of truths; NULL: as suffix */
    const char *times;                                 /* table (subject, seconds) of how long the predictions took; NULL: none */
    int resample;                                      /* not 0: predictions are brought onto the truth's grid where grids differ */
} dien_evaluate_options;
void dien_evaluate_options_init(dien_evaluate_options *options);

/* Compares a label map with a truth, or folders of them: evaluation.tsv, and of several evaluation_summary.tsv and figures.
 * DIEN_PARTIAL: some truths have no prediction. */
dien_status dien_evaluate(const char *predicted, const char *truth, const dien_evaluate_options *options, const char *folder,
                          const dien_options *calls, char **text);

#ifdef __cplusplus
}
#endif

#endif
