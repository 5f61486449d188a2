/* libdien: measure the hypothalamus, the thalamus and the intracranial volume in a T1-weighted scan, from C.
 *
 *     cc example.c $(pkg-config --cflags --libs dien)
 *
 * Rules. Names begin with dien_; nothing else is exported. Every call returns DIEN_OK or a code, and after a code
 * dien_last_error() has one sentence for a person. The library never prints, exits or aborts. Set each structure with its dien_..._init
 * before you fill it, so that fields added later have their usual value. Calls in several threads at once are independent: each has its own
 * progress, messages and cancellation. Give each call its share of the cores (threads). Two calls must not write results of scans with the
 * same name into one folder.
 *
 * For research; not for clinical diagnosis. */
#ifndef DIEN_H
#define DIEN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DIEN_API_VERSION 3 /* grows when something is added; nothing is removed within a soname */

/* "0.1.0": version of the library that runs; it may be newer than this header. */
const char *dien_version(void);

/* The numbers are those of the program's exit codes. */
typedef enum dien_status {
    DIEN_OK = 0,
    DIEN_INTERNAL = 1,   /* a fault of the library; please report it */
    DIEN_USAGE = 2,      /* a NULL, an unknown structure, a number out of range */
    DIEN_INPUT = 3,      /* the scan or the model cannot be read, or is not what its name or header says */
    DIEN_QUALITY = 4,    /* done and written, but the result failed quality control: check the picture */
    DIEN_RESOURCE = 5,   /* not enough memory, or the results cannot be written */
    DIEN_PARTIAL = 6,    /* since version 3: some of several inputs failed; the others are done */
    DIEN_CANCELLED = 130 /* stopped by the caller: dien_options.cancel, dien_cancel */
} dien_status;

/* The message of this thread's last call that failed; "" if none failed. Valid until the thread's next call. */
const char *dien_last_error(void);

typedef struct dien_options {
    size_t size;            /* set by dien_options_init */
    const char *model;      /* name or file of a model; NULL: "hypothalamus", which comes with dien */
    const char *structures; /* "hypothalamus,thalamus,icv" or fewer; NULL: everything that the models measure */
    int posteriors;         /* not 0: also write the posteriors */
    int threads;            /* 0: all cores that the process may use */
    int64_t memory;         /* largest memory in bytes; 0: what the machine has */
    /* Functions of the caller; NULL: not called. They are called by the thread that made the call, and get user. They may call dien_cancel.
     * progress: between steps, 0 <= done <= total. */
    void (*progress)(void *user, const char *what, int64_t done, int64_t total);
    void *user;
    /* Since version 2. cancel: called between steps; if it returns not 0, this call (and no other) ends with DIEN_CANCELLED. */
    int (*cancel)(void *user);
    /* A note (warning 0) or a warning (1): one sentence without a newline, valid during the call. */
    void (*message)(void *user, int warning, const char *text);
} dien_options;

void dien_options_init(dien_options *options);

/* One row of the table of volumes. Texts are owned by the result. */
typedef struct dien_row {
    const char *structure;  /* "hypothalamus", "hypothalamus_posterior", "thalamus", "icv", ... */
    const char *hemi;       /* "L", "R", or "B" for both sides together */
    double volume_mm3;      /* sum of posteriors inside the structure: for statistics */
    double hard_volume_mm3; /* voxels with the label */
    double mean_posterior;  /* mean probability in those voxels; NaN if there are none */
} dien_row;

typedef struct dien_result dien_result;

/* Labels and measures one scan (NIfTI-1/2 or .mgh/.mgz) and writes the files of `dien segment` into folder, which is made if it does not
 * exist. options: NULL for the usual values. On DIEN_OK and DIEN_QUALITY *result (unless result is NULL) is owned by the caller
 * (dien_result_destroy); otherwise it is NULL, and no file is half-written. */
dien_status dien_segment(const char *scan, const char *folder, const dien_options *options, dien_result **result);

/* Reads a *_volumes.tsv of an earlier run. */
dien_status dien_result_read(const char *path, dien_result **result);
size_t dien_result_count(const dien_result *result);
/* Row i < dien_result_count(result), in the order of the table; NULL past the end. */
const dien_row *dien_result_row(const dien_result *result, size_t i);
/* volume_mm3 of a structure and side; NaN if the table has no such row. */
double dien_result_volume(const dien_result *result, const char *structure, const char *hemi);
void dien_result_destroy(dien_result *result); /* NULL is fine */

/* Stops every call that runs now, at its next step. May be called from a signal handler or another thread. To stop only one of several
 * calls, use dien_options.cancel. */
void dien_cancel(void);

/* ---- Statistics, norms, evaluation (since version 3) ----------------------------------------------------------------
 *
 * The functions of `dien stats groups`, `normative fit`, `normative apply` and `evaluate`. docs/manual/statistics.md and
 * docs/manual/norms.md explain choices and columns. Words and lists are those of the command line ("holm", "age,sex"). Set each structure
 * with its _init first; texts are borrowed during the call.
 *
 * folder: made if it does not exist; tables, texts and figures are written there. NULL: nothing is written.
 * calls: its progress, cancel, message, user and threads are used; NULL: none.
 * text (may be NULL): on DIEN_OK and DIEN_PARTIAL the text that the program prints, in paragraphs wrapped at 100 columns. It is also set if
 * all numbers were computed and then a figure failed or the call was cancelled while drawing; otherwise it is NULL. Free it with
 * dien_text_destroy. */
void dien_text_destroy(char *text); /* NULL is fine */

/* The tables, and the rows that are used. */
typedef struct dien_tables {
    size_t size;              /* set by dien_tables_init */
    const char *const *paths; /* TSV, CSV, *_volumes.tsv files, folders that hold such files */
    size_t count;
    const char *id;      /* column that names people; tables are joined by it: "participant_id" */
    const char *where;   /* "COLUMN=VALUE": rows to keep; NULL: all */
    const char *session; /* "1" or "ses-1": rows of this session; NULL: all */
    const char *unit;    /* unit of the volumes: "mm3", "mL"; NULL: unchanged (volumes of dien_segment are in mm3) */
    const char *join;    /* ids of two tables that differ only in sub-, case, leading zeros or blanks: "ask" (an error), "exact" (left out),
                            "alike" (joined) */
    int count_rejected;  /* not 0: scans that quality control rejected are used, too */
    int strict;          /* not 0: a doubt about the tables is an error */
} dien_tables;
void dien_tables_init(dien_tables *tables);

typedef struct dien_groups_options {
    size_t size;            /* set by dien_groups_options_init */
    const char *values;     /* columns to compare */
    const char *group;      /* column that names the group */
    const char *control;    /* the reference group; NULL: the first of the table */
    const char *icv;        /* column of the intracranial volume for normalisation; NULL: none. Needs control. */
    const char *normalise;  /* "ratio", "residual", "power" */
    const char *covariates; /* columns of an analysis of covariance; NULL: none */
    const char *categories; /* columns whose numbers are names; NULL: none */
    const char *order;      /* order of the groups; NULL: the order in the table */
    const char *label;      /* name of the value in texts and figures; NULL: the column's name */
    const char *test;       /* "auto", "parametric", "rank" */
    const char *outliers;   /* "none", "iqr", "vernikouskaya2023", "kassubek2025" */
    const char *adjust;     /* "holm", "bonferroni", "bh", "none" */
    const char *note;       /* a line under the figures; NULL: none */
    int paired;             /* not 0: the two values (or the two groups) are of the same people */
    int equal_variances;    /* not 0: Student and classical ANOVA instead of Welch */
    double level, alpha;    /* level of confidence intervals, 0.95; level of significance, 0.05 */
} dien_groups_options;
void dien_groups_options_init(dien_groups_options *options);

/* Compares groups, or pairs: groups.tsv, groups_summary.tsv, groups_people.tsv, groups.txt, a box plot per value. */
dien_status dien_groups(const dien_tables *tables, const dien_groups_options *options, const char *folder, const dien_options *calls,
                        char **text);

/* Options for making a norm and for comparing people with one. "making" or "comparing" marks fields that only one of them uses. */
typedef struct dien_norm_options {
    size_t size;                           /* set by dien_norm_options_init */
    const char *value;                     /* column of the volume; required for making; NULL: the norm's column */
    const char *icv, *age, *sex, *scanner; /* columns; NULL: the norm's columns, else the columns of these names */
    double scanner_sd;                     /* inter-scanner SD of one person's volume; NaN: not known (comparing: the SD in the norm) */
    const char *scanner_sd_column;         /* comparing: column with that SD for each person's own scanner; NULL: none */
    const char *charts;                    /* comparing: ids of people for whom a chart is drawn; NULL: everyone, if there are at most 6 */
    const char *method;                    /* making: "squares", "huber", "bisquare", "quantile" */
    const char *structure, *source;        /* making: name of the structure, where the people come from; NULL: not given */
    double level;                          /* making: level of the normal interval, 0.95 */
    int one_step, with_sex, simulated;     /* making: see `dien help normative fit` */
} dien_norm_options;
void dien_norm_options_init(dien_norm_options *options);

/* Makes a norm from tables of healthy people: writes norm.json, tables and a figure into folder (required). */
dien_status dien_norm_fit(const dien_tables *tables, const dien_norm_options *options, const char *folder, const dien_options *calls,
                          char **text);
/* Compares people with a norm, a file of dien_norm_fit: normative.tsv, normative_summary.tsv, normative.txt, charts. */
dien_status dien_norm_apply(const char *norm, const dien_tables *tables, const dien_norm_options *options, const char *folder,
                            const dien_options *calls, char **text);

typedef struct dien_evaluate_options {
    size_t size;                                       /* set by dien_evaluate_options_init */
    const char *structures;                            /* "thalamus=10+49,hypothalamus=801-810"; NULL: every label */
    const char *translate_truth, *translate_predicted; /* tables (columns label, to) that change the label numbers; NULL: none */
    const char *suffix;       /* end of the predictions' file names: "_dseg.nii.gz"; the text before it is the subject */
    const char *truth_suffix; /* end of the truths' file names; NULL: as suffix */
    const char *times;        /* table (columns subject, seconds) of the time per prediction; NULL: none */
    int resample;             /* not 0: a prediction is resampled onto the truth's grid if the grids differ */
} dien_evaluate_options;
void dien_evaluate_options_init(dien_evaluate_options *options);

/* Compares a label map with a truth, or two folders of label maps: writes evaluation.tsv, and for several subjects evaluation_summary.tsv
 * and figures. DIEN_PARTIAL: some truths have no prediction. */
dien_status dien_evaluate(const char *predicted, const char *truth, const dien_evaluate_options *options, const char *folder,
                          const dien_options *calls, char **text);

#ifdef __cplusplus
}
#endif

#endif
