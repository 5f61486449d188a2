/* Whether a result can be trusted: the rules (judge.h) and the score (score.h) together. */
#ifndef DN_QUALITY_VERDICT_H
#define DN_QUALITY_VERDICT_H

#include "quality/score.h"
#include "segment/result.h"

typedef struct dn_judgement {
    dn_quality quality; /* of a stack: those of its rules that need no head */
    dn_score score;     /* score.verdict: accepted or not */
} dn_judgement;

/* accept: a scan that the rules reject is accepted by hand, and this is recorded. DN_ENOMEM. */
DN_CHECKED dn_status dn_result_judge(const dn_segment_result *result, bool accept, dn_judgement *out);
/* Tells the user each remark of the rules (dn_log), after the scan's stem. */
void dn_judgement_say(const dn_judgement *judgement, const char *stem);

#endif
