/* Rules for what the scan itself shows: is it T1-weighted, does it hold what is measured, is what lies in an outline the tissue that it
 * should be. Internal to segment/. */
#ifndef DN_QUALITY_JUDGE_PICTURE_H
#define DN_QUALITY_JUDGE_PICTURE_H

#include "quality/judge.h"

/* Of any run. */
void dn_quality_judge_file(const dn_quality_evidence *evidence, dn_quality *out);     /* sides, axes, values */
void dn_quality_judge_contrast(const dn_quality_evidence *evidence, dn_quality *out); /* T1-weighted or not */
/* Of the hypothalamus: evidence->parts. */
void dn_quality_judge_parts(const dn_quality_evidence *evidence, dn_quality *out);
/* Of the whole head: evidence->head. */
void dn_quality_judge_head_picture(const dn_quality_evidence *evidence, dn_quality *out);
/* "left ventral diencephalon" */
void dn_quality_group_name(const dn_group *group, char out[80]);
/* Whether channels of a group of the head are measured. */
bool dn_quality_wants(const dn_quality_evidence *evidence, size_t group);

#endif
