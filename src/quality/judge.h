/* Automatic quality control: rules with stated limits, each gives a sentence if it applies.
 *
 * Failed (the program ends with exit code 4, results are written and marked): measures that cannot be right.
 * Warnings: check the picture before using the numbers. The limits are in quality/limits.c, and
 * docs/evidence/quality_limits.md explains them. */
#ifndef DN_QUALITY_JUDGE_H
#define DN_QUALITY_JUDGE_H

#include "image/io.h"
#include "infer/conform.h"
#include "infer/native.h"
#include "infer/postprocess.h"
#include "quality/image_quality.h"
#include "quality/limits.h"
#include "quality/part_evidence.h"
#include "register/head_align.h"
#include "segment/head/contrast.h"
#include "segment/head/whole_head.h"
#include "segment/hypothalamus/acpc.h"
#include "segment/volumes.h"

#include <stdbool.h>

typedef enum { DN_FLAG_NOTE, DN_FLAG_WARNING, DN_FLAG_FAILED } dn_flag_level;

enum { DN_FLAG_LIMIT = 40, DN_FLAG_LENGTH = 480 };

typedef struct dn_flag {
    dn_flag_level level;
    const char *code;          /* static, for machines: "volume_low" */
    char text[DN_FLAG_LENGTH]; /* a sentence */
} dn_flag;

typedef struct dn_quality {
    dn_flag flag[DN_FLAG_LIMIT];
    size_t count;
    bool failed;
} dn_quality;

/* The input of the rules; all borrowed. It is not the result again but what the rules may read of it, the same for a whole scan, slices of
 * it and a stack, whose stages are NULL in different places (quality/verdict.c), together with what quality measured itself (image, parts);
 * so a rule can be tried on a few numbers without a network. location: NULL when the template was not aligned. */
typedef struct dn_quality_evidence {
    const dn_scan_info *info;
    const dn_conformed *conformed;
    const dn_location *location;
    const dn_posteriors *posteriors;
    const dn_structures *structures;
    const dn_group_result *groups;
    const dn_volume_rows *volumes;
    bool searched_whole_head; /* though the template was tried first */
    const dn_head *head;      /* NULL: nothing of the whole head is measured; the rest is not read then */
    const bool *head_wanted;  /* by channel of it */
    bool icv_wanted;
    dn_contrast_seen contrast;
    bool any_contrast;      /* the hypothalamus was measured by the network for scans that are not T1-weighted */
    bool any_contrast_head; /* the same of the whole head, if it is measured */
    dn_limits_kind limits;
    const dn_acpc_found *acpc; /* of a network that works on slices; NULL: there was none */
    const char *acpc_refused;  /* why it measured nothing; NULL: it did */
    bool is_stack;             /* the scan is a stack, which goes no further than the slices of such a network */
    dn_image_quality image;    /* edge_mm not above 0: not measured */
    const double *middle;      /* without a hypothalamus: the voxel of the oriented scan around which the picture is judged; NULL: none */
    const dn_part_picture *parts; /* by group of structures; NULL: not looked at */
    double disagreement;          /* of several models (slice_network.h); 0: there was one */
    double mirror_disagreement;   /* difference between the results for the scan and its mirror image (consensus.h); NaN: there was only one
                                     result */
} dn_quality_evidence;

/* All flags that the evidence gives, and the score; and one flag by hand. */
void dn_quality_judge(const dn_quality_evidence *evidence, dn_quality *out);
void dn_quality_add(dn_quality *quality, dn_flag_level level, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Names in a flag's sentence, "thalamus, caudate and 12 more": those for which it has no room are counted. Begins as {0}. */
typedef struct dn_name_list {
    char text[DN_FLAG_LENGTH - 140];
    size_t more;
} dn_name_list;

void dn_name_list_add(dn_name_list *list, const char *name);
/* Ends it; nothing is added after. "" when no name was. */
const char *dn_name_list_text(dn_name_list *list);
/* A measure as its sentence gives it beside a limit: with `decimals` of them, or as many more as it takes to read differently from the
 * limit ("0.778 (limit 0.78)"). Returns out. */
const char *dn_quality_number(double value, double limit, int decimals, char out[24]);
/* "left ", "right " or "", before the name of a structure. */
const char *dn_quality_side_name(char hemi);

#endif
