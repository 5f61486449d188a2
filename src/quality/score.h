/* One number that tells how far the hypothalamus of a scan can be trusted, and the rule that rejects a scan.
 *
 * Nine marks, each 1 where a measure is as usual and falling linearly to 0 at its limit:
 *
 *   measure       usual              limit (0)        what it is
 *   certainty     <= 1.2 bits        2.4              entropy of "hypothalamus or not" over the box, in bits per labelled voxel
 *                 <= 1.2             1.8              ... of a network that works on slices
 *                 <= 1.0             1.3              ... on a stack alone
 *   agreement     <= 5 %             20 %             SD of the volumes of a consensus's runs, relative to their mean; none without it
 *   volume        600..1150 mm3      300, 1600        both sides; falls with the logarithm
 *   symmetry      <= 0.2             0.6              |left - right| / mean of both
 *   folds         <= 0.15            0.30             how much averaged models differ (slice_network.h); none with one
 *   mirror        <= 0.08            0.25             how far the results for the scan and its mirror image differ (consensus.h)
 *   sharpness     <= 4.0 mm          5.5              width of the scan's borders (image_quality.h)
 *   noise         <= 0.12            0.20             SD of the scan's noise, of its contrast
 *   brain         0.70..0.92         0.50, 1          brain without ventricles / ICV, where both were measured
 *
 * (The limits of networks that work on volumes; those of both kinds stand in quality/limits.c.) All but the folds are of the hypothalamus;
 * a network that labels something else is judged by the folds and by the rules of quality/judge.h. The score is the lowest mark. A scan is
 * rejected when it is 0, when a side is missing, or when another rule of quality/judge.h says "failed". A rejected scan may be accepted by
 * hand; that is recorded. */
#ifndef DN_QUALITY_SCORE_H
#define DN_QUALITY_SCORE_H

#include "infer/consensus.h"
#include "quality/judge.h"

typedef enum {
    DN_MARK_CERTAINTY,
    DN_MARK_AGREEMENT,
    DN_MARK_VOLUME,
    DN_MARK_SYMMETRY,
    DN_MARK_FOLDS,
    DN_MARK_MIRROR,
    DN_MARK_SHARPNESS,
    DN_MARK_NOISE,
    DN_MARK_BRAIN,
    DN_MARK_COUNT
} dn_mark;

typedef enum {
    DN_ACCEPTED,
    DN_REJECTED,
    DN_ACCEPTED_BY_HAND, /* it would be rejected */
} dn_verdict;

typedef struct dn_score {
    double measure[DN_MARK_COUNT]; /* in the units above; NaN: not measured */
    double mark[DN_MARK_COUNT];    /* 0..1; NaN: not measured */
    double score;                  /* lowest mark; NaN when there is none */
    dn_verdict verdict;
} dn_score;

const char *dn_mark_name(dn_mark mark);          /* "certainty" */
const char *dn_verdict_name(dn_verdict verdict); /* "yes", "no", "by_hand": as in the table of volumes */

/* consensus: NULL or without runs if there was none. has_parts: the hypothalamus was looked for and something was found. Adds a
 * failed flag for a mark of 0 that no other rule has flagged. */
void dn_score_judge(const dn_quality_evidence *evidence, bool has_parts, const dn_consensus *consensus, bool accept, dn_quality *quality,
                    dn_score *out);

/* Entropy of the groups together, in bits per voxel of which the groups' probability is at least 0.5; 0 when there is none. */
double dn_score_entropy(const dn_posteriors *posteriors, const dn_structures *structures);
/* The mark of a measure. */
double dn_score_mark(dn_mark mark, dn_limits_kind limits, double measure);

#endif
