/* Rules for what the whole-head networks measured. Internal to segment/. */
#ifndef DN_QUALITY_JUDGE_HEAD_H
#define DN_QUALITY_JUDGE_HEAD_H

#include "quality/judge.h"

/* Adds the flags of the whole head: structures that are missing, the thalamus, the picture, the ICV. */
void dn_quality_judge_head(const dn_quality_evidence *evidence, dn_quality *out);

#endif
