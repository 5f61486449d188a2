/* File names by the rules of BIDS: "sub-01_ses-2_run-1_T1w.nii.gz" is entities (key-value, in one order, with '_' between them), a suffix
 * and an extension. The order and what a value may hold: BIDS schema, rules/entities.yaml and objects/formats.yaml (BIDS 1.10).
 *
 * Two scans of one person in one session (run-1 and run-2, with and without contrast agent) are two scans: code that compares names must
 * compare all entities (dn_bids_scan_key). sub alone is the person, sub and ses the session. */
#ifndef DN_BASE_BIDS_NAME_H
#define DN_BASE_BIDS_NAME_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* X(name, key, kind), in BIDS's order. LABEL: letters, digits and '+'; INDEX: digits. */
#define DN_BIDS_ENTITY_LIST(X)                                                                                                             \
    X(SUB, "sub", LABEL)                                                                                                                   \
    X(TPL, "tpl", LABEL)                                                                                                                   \
    X(SES, "ses", LABEL)                                                                                                                   \
    X(COHORT, "cohort", LABEL)                                                                                                             \
    X(SAMPLE, "sample", LABEL)                                                                                                             \
    X(TASK, "task", LABEL)                                                                                                                 \
    X(TRACKSYS, "tracksys", LABEL)                                                                                                         \
    X(ACQ, "acq", LABEL)                                                                                                                   \
    X(NUC, "nuc", LABEL)                                                                                                                   \
    X(VOI, "voi", LABEL)                                                                                                                   \
    X(CE, "ce", LABEL)                                                                                                                     \
    X(TRC, "trc", LABEL)                                                                                                                   \
    X(STAIN, "stain", LABEL)                                                                                                               \
    X(REC, "rec", LABEL)                                                                                                                   \
    X(DIR, "dir", LABEL)                                                                                                                   \
    X(RUN, "run", INDEX)                                                                                                                   \
    X(MOD, "mod", LABEL)                                                                                                                   \
    X(ECHO, "echo", INDEX)                                                                                                                 \
    X(FLIP, "flip", INDEX)                                                                                                                 \
    X(INV, "inv", INDEX)                                                                                                                   \
    X(MT, "mt", LABEL)                                                                                                                     \
    X(PART, "part", LABEL)                                                                                                                 \
    X(PROC, "proc", LABEL)                                                                                                                 \
    X(HEMI, "hemi", LABEL)                                                                                                                 \
    X(SPACE, "space", LABEL)                                                                                                               \
    X(SPLIT, "split", INDEX)                                                                                                               \
    X(RECORDING, "recording", LABEL)                                                                                                       \
    X(CHUNK, "chunk", INDEX)                                                                                                               \
    X(ATLAS, "atlas", LABEL)                                                                                                               \
    X(SEG, "seg", LABEL)                                                                                                                   \
    X(SCALE, "scale", LABEL)                                                                                                               \
    X(RES, "res", LABEL)                                                                                                                   \
    X(DEN, "den", LABEL)                                                                                                                   \
    X(LABEL, "label", LABEL)                                                                                                               \
    X(PROV, "prov", LABEL)                                                                                                                 \
    X(DESC, "desc", LABEL)

typedef enum {
#define DN_X(name, key, kind) DN_BIDS_##name,
    DN_BIDS_ENTITY_LIST(DN_X)
#undef DN_X
        DN_BIDS_COUNT
} dn_bids_entity;

/* "sub"; static. */
const char *dn_bids_key(dn_bids_entity entity);

typedef struct dn_bids_name {
    char *text;                       /* owned; the others point into it */
    const char *value[DN_BIDS_COUNT]; /* "01" of sub-01; NULL: not there */
    const char *suffix, *extension;   /* "T1w" and ".nii.gz" (from the first dot of the last part on); "" where there is none */
    bool valid;                       /* valid by BIDS's rules; if not, the values are filled as far as they are known */
} dn_bids_name;

/* The name of path, without its folders. *out: release with dn_bids_name_release. A name without a subject ("T1w.json") can be
 * valid, and one without a suffix ("sub-01_run-2"). DN_ENOMEM. */
DN_CHECKED dn_status dn_bids_parse(const char *path, dn_bids_name *out);
void dn_bids_name_release(dn_bids_name *name);
/* DN_EFORMAT: the name of path is not valid: a part is not an entity, an entity occurs twice or in the wrong place, or a value is wrong;
 * the message says which. */
DN_CHECKED dn_status dn_bids_check(const char *path);
/* Entities in BIDS's order, suffix and extension. *out is owned by the caller. */
DN_CHECKED dn_status dn_bids_write(const dn_bids_name *name, char **out);
/* Only the entities from first to last: "sub-01_ses-2" with DN_BIDS_SUB, DN_BIDS_SES. */
DN_CHECKED dn_status dn_bids_write_entities(const dn_bids_name *name, dn_bids_entity first, dn_bids_entity last, char **out);

/* The value of one entity of a name, valid or not, with its key ("ses-2"); NULL when it has none. *out is owned by the caller. */
DN_CHECKED dn_status dn_bids_entity_of(const char *path, dn_bids_entity entity, char **out);

/* Whether an entity distinguishes acquisitions: all entities except space, atlas, seg, scale, res, den, label, prov and desc, which
 * describe results made from an acquisition. */
bool dn_bids_of_acquisition(dn_bids_entity entity);

/* The key of a scan, the same for all files made from it: the entities of acquisition in their order, indices without leading zeros; if the
 * name is not valid or has no subject, the scan's stem (base/file.h). "sub-01_run-02_desc-thresholds_volumes.tsv" -> "sub-01_run-2". *out
 * is owned by the caller. */
DN_CHECKED dn_status dn_bids_scan_key(const char *path, char **out);

typedef struct dn_bids_added {
    dn_bids_entity entity;
    const char *value;
} dn_bids_added;

/* The name of a file made from a scan: all entities of the scan and the added ones (count of them), in BIDS's order. If the scan already
 * has an added entity, it gets both values ("desc-brain+hypothalamus"), so that two scans never give one name. For a name that is not
 * valid, or has another suffix than T1w, it is the stem followed by the added entities. suffix: "T1w"; extension: ".nii.gz". *out is owned
 * by the caller. */
DN_CHECKED dn_status dn_bids_derive(const char *path, const dn_bids_added *added, size_t count, const char *suffix, const char *extension,
                                    char **out);

/* Letters, digits and '+', at least one. */
bool dn_bids_is_label(const char *text);
/* A value, written with or without its key: the part after "sub-"; points into text. */
const char *dn_bids_bare(dn_bids_entity entity, const char *text);
/* "01" and "sub-01" are the same. */
bool dn_bids_same(dn_bids_entity entity, const char *a, const char *b);
/* Whether a folder's name is an entity's ("ses-2"). */
bool dn_bids_has_key(dn_bids_entity entity, const char *text);

#endif
