/* The scans of a cohort, as the records in OUTPUT/status and the data set have them. */
#ifndef DN_COHORT_GROUP_ROSTER_H
#define DN_COHORT_GROUP_ROSTER_H

#include "base/table.h"
#include "study/tables/provenance.h"

#include <stdint.h>

typedef enum {
    DN_ROSTER_MEASURED,
    DN_ROSTER_FAILED,  /* could not be measured; its record says why */
    DN_ROSTER_DAMAGED, /* its record or its table of volumes cannot be used */
    DN_ROSTER_MISSING  /* the data set has it, and there is no record of it */
} dn_roster_state;
/* "measured", "failed", "damaged", "not_measured"; static. */
const char *dn_roster_state_name(dn_roster_state state);

/* Owned, but for choice. NULL where it is not known. */
typedef struct dn_roster_scan {
    char *key;                    /* "sub-01_ses-2_run-1" */
    char *inside;                 /* "sub-01/ses-2/anat/sub-01_ses-2_run-1_T1w.nii.gz", below the data set */
    char *participant, *session;  /* "sub-01"; "ses-2", NULL: none */
    char *folder;                 /* of its results, below OUTPUT: "sub-01/ses-2/anat" */
    char *table, *picture, *page; /* names in it; picture, page: NULL: there is none */
    int64_t table_bytes;          /* as recorded */
    dn_roster_state state;
    char *reason; /* FAILED, DAMAGED, MISSING: a sentence, without folders of this machine */
    double score; /* NaN: none */
    bool in_dataset;
    char *dicom;           /* of DICOM files in the data set: their folder or archive; NULL: an image */
    char day[11];          /* of them: when they were made, "2019-04-02"; "": not known */
    char *series;          /* of them: the series that was asked for when it was measured; NULL: it was chosen */
    dn_scan_record record; /* MEASURED: verdict, reasons, networks, version (study/tables/provenance.h) */
    bool used;             /* the one of its session that the tables take */
    const char *choice;    /* why (choice.h); static */
    bool first;            /* used, and of the first session of its person (choice.h) */
    size_t outliers;       /* rows in the table of outliers */
    double farthest;       /* the largest size of their z; 0: none */
    bool tested;           /* compared with the others */
    double *values;        /* value_count volumes in mm3, of dn_roster.columns; NaN: not measured */
    size_t value_count;
} dn_roster_scan;

/* Zero-initialise; release with dn_roster_release. */
typedef struct dn_roster {
    const char *dataset, *output; /* borrowed */
    char *name;                   /* of the data set; owned */
    dn_roster_scan *scan;         /* sorted by participant, session, key (numbers in names by their size: run-2 before run-10) */
    size_t count;
    dn_table *columns; /* no rows; names of the values, as dn_gather_volumes names them */
    dn_remarks remarks;
} dn_roster;

/* Reads OUTPUT/status, and lists what the data set has beside it; without the volumes. DN_EINPUT: no records. DN_ENOMEM, DN_ECANCELLED. */
DN_CHECKED dn_status dn_roster_read(const char *dataset, const char *output, dn_roster *out);
/* The verdicts of persons' reviews, for a step that does not read the volumes (volumes.h, which reads both). DN_ENOMEM. */
DN_CHECKED dn_status dn_roster_read_reviews(dn_roster *cohort);
void dn_roster_release(dn_roster *cohort);

/* Whether scans of this one count in distributions, outliers and groups: used, and accepted unless rejected ones are to count. */
bool dn_roster_counts(const dn_roster_scan *scan, bool count_rejected);
/* "yes", "no", "by_hand"; NULL: not measured. Static. */
const char *dn_roster_accepted(const dn_roster_scan *scan);
/* A volume in mm3 by its column; NaN: not measured. */
double dn_roster_value(const dn_roster_scan *scan, size_t column);

/* A sentence about a scan without the folders of OUTPUT and of the data set (base/cut_folders.h), also where it names a folder that the
 * data set had when it was measured: "cannot read /data/sub-05/x" becomes "cannot read sub-05/x". *out is owned by the caller. */
DN_CHECKED dn_status dn_roster_without_folders(const dn_roster *cohort, const char *text, const char *inside, char **out);

#endif
