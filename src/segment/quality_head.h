/* Rules for what the whole-head networks measured. Internal to segment/. */
#ifndef DN_SEGMENT_QUALITY_HEAD_H
#define DN_SEGMENT_QUALITY_HEAD_H

#include "segment/quality.h"

void dn_quality_judge_head(const dn_quality_evidence *evidence, dn_quality *out);

#endif
