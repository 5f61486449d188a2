/* Computes the marks of a result and the score, which is the lowest of them, with advice for the person who reads it. */
#include "quality/score.h"

#include "segment/head/whole_head.h"

#include <math.h>
#include <string.h>

/* A mark is 1 between low and high and 0 beyond the limits. */
typedef struct scale {
    double low_limit, low, high, high_limit;
    bool logarithmic;
} scale;

static scale scale_of(dn_mark mark, dn_limits_kind kind)
{
    const dn_quality_limits *l = dn_quality_limits_of(kind);
    switch (mark) {
    case DN_MARK_CERTAINTY:
        return (scale){-1, 0, l->entropy[0], l->entropy[1], false};
    case DN_MARK_AGREEMENT:
        return (scale){-1, 0, l->members[0], l->members[1], false};
    case DN_MARK_VOLUME:
        return (scale){l->volume_low[1], l->volume_low[0], l->volume_high[0], l->volume_high[1], true};
    case DN_MARK_SYMMETRY:
        return (scale){-1, 0, l->asymmetry[0], l->asymmetry[1], false};
    case DN_MARK_FOLDS:
        return (scale){-1, 0, l->folds[0], l->folds[1], false};
    case DN_MARK_MIRROR:
        return (scale){-1, 0, l->mirror[0], l->mirror[1], false};
    case DN_MARK_SHARPNESS:
        return (scale){-1, 0, l->edge_mm[0], l->edge_mm[1], false};
    case DN_MARK_NOISE:
        return (scale){-1, 0, l->noise[0], l->noise[1], false};
    case DN_MARK_BRAIN:
    case DN_MARK_COUNT:
        break;
    }
    const dn_head_limits *head = dn_head_limits_get();
    return (scale){head->brain_low[1], head->brain_low[0], head->brain_high[0], head->brain_high[1], false};
}

const char *dn_mark_name(dn_mark mark)
{
    static const char *const names[DN_MARK_COUNT] = {"certainty", "agreement", "volume", "symmetry", "folds",
                                                     "mirror",    "sharpness", "noise",  "brain"};
    return names[mark];
}

const char *dn_verdict_name(dn_verdict verdict)
{
    static const char *const names[] = {"yes", "no", "by_hand"};
    return names[verdict];
}

double dn_score_mark(dn_mark mark, dn_limits_kind limits, double measure)
{
    const scale s = scale_of(mark, limits);
    double x[5] = {measure, s.low_limit, s.low, s.high, s.high_limit};
    if (isnan(measure)) {
        return NAN;
    }
    if (s.logarithmic) {
        for (int i = 0; i < 5; ++i) {
            x[i] = log(fmax(x[i], 1e-9));
        }
    }
    double value = x[0] < x[2] ? (x[0] - x[1]) / (x[2] - x[1]) : x[0] > x[3] ? (x[4] - x[0]) / (x[4] - x[3]) : 1.0;
    return fmin(1.0, fmax(0.0, value));
}

double dn_score_entropy(const dn_posteriors *posteriors, const dn_structures *structures)
{
    const int64_t voxels = dn_posteriors_voxels(posteriors);
    double sum = 0.0;
    int64_t labelled = 0;
    for (int64_t v = 0; v < voxels; ++v) {
        double p = 0.0;
        for (int64_t c = 1; c < posteriors->channels; ++c) {
            p += structures->group_of[c] != DN_NO_GROUP ? (double)dn_posteriors_of(posteriors, v)[c] : 0.0;
        }
        labelled += p >= 0.5;
        sum += p > 0.0 && p < 1.0 ? -p * log2(p) - (1.0 - p) * log2(1.0 - p) : 0.0;
    }
    return labelled > 0 ? sum / (double)labelled : 0.0;
}

/* Brain without ventricles by ICV; NaN where one of them was not measured. */
static double brain_share(const dn_head *head)
{
    double brain = 0.0;
    if (head == NULL || head->stripped || !(head->icv_mm3 > 0.0)) {
        return NAN;
    }
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        const char *name = head->structures.group[g].structure;
        brain += strcmp(name, "csf") != 0 && strstr(name, "ventricle") == NULL ? head->parts[g].volume_mm3 : 0.0;
    }
    return brain / head->icv_mm3;
}

static void measure(const dn_quality_evidence *e, const dn_consensus *consensus, double *out)
{
    const dn_volume_row *left = dn_volume_rows_find(e->volumes, "hypothalamus", 'L');
    const dn_volume_row *right = dn_volume_rows_find(e->volumes, "hypothalamus", 'R');
    const dn_volume_row *both = dn_volume_rows_find(e->volumes, "hypothalamus", 'B');
    const bool known = dn_structures_has(e->structures, "hypothalamus"); /* the limits are its */
    out[DN_MARK_CERTAINTY] = known ? dn_score_entropy(e->posteriors, e->structures) : (double)NAN;
    out[DN_MARK_AGREEMENT] =
        consensus != NULL && consensus->members > 1 && consensus->whole_mean > 0.0 ? consensus->whole_sd / consensus->whole_mean : NAN;
    out[DN_MARK_VOLUME] = !known ? (double)NAN : both != NULL ? both->volume_mm3 : 0.0; /* a side that is missing: no volume */
    out[DN_MARK_SYMMETRY] =
        left != NULL && right != NULL && both->volume_mm3 > 0.0 ? 2.0 * fabs(left->volume_mm3 - right->volume_mm3) / both->volume_mm3 : NAN;
    out[DN_MARK_FOLDS] = e->disagreement > 0.0 ? e->disagreement : NAN;
    out[DN_MARK_MIRROR] = known && e->mirror_disagreement > 0.0 ? e->mirror_disagreement : NAN;
}

/* What needs no hypothalamus. */
static void measure_picture(const dn_quality_evidence *e, double *out)
{
    out[DN_MARK_SHARPNESS] = e->image.edge_mm > 0.0 ? e->image.edge_mm : NAN;
    out[DN_MARK_NOISE] = e->image.edge_mm > 0.0 ? e->image.noise : NAN;
    out[DN_MARK_BRAIN] = brain_share(e->head);
}

/* Of a mark below 1. */
static dn_flag_level level(double mark)
{
    return mark <= 0.0 ? DN_FLAG_FAILED : DN_FLAG_WARNING;
}

static const char *advice(double mark)
{
    return mark <= 0.0 ? "do not use these numbers" : "look at the outlines";
}

/* A measure above what is usual, in words that differ from the limit that it is over. */
static const char *beside(const dn_score *s, dn_mark mark, const scale *limits, double times, int decimals, char out[24])
{
    double limit = s->mark[mark] <= 0.0 ? limits->high_limit : limits->high;
    return dn_quality_number(times * s->measure[mark], times * limit, decimals, out);
}

/* What no rule of quality/judge.c says. */
static void flag(const dn_score *s, dn_limits_kind kind, dn_quality *quality)
{
    const scale certainty = scale_of(DN_MARK_CERTAINTY, kind), agreement = scale_of(DN_MARK_AGREEMENT, kind);
    const scale brain = scale_of(DN_MARK_BRAIN, kind), folds = scale_of(DN_MARK_FOLDS, kind);
    const scale mirror = scale_of(DN_MARK_MIRROR, kind);
    const scale sharpness = scale_of(DN_MARK_SHARPNESS, kind), noise = scale_of(DN_MARK_NOISE, kind);
    const double *mark = s->mark;
    char text[24];
    if (mark[DN_MARK_CERTAINTY] <= 0.0) {
        dn_quality_add(quality, DN_FLAG_FAILED, "entropy",
                       "The outline is uncertain: entropy of %s bits per voxel of the hypothalamus (usual: below %.1f, limit %.1f).",
                       beside(s, DN_MARK_CERTAINTY, &certainty, 1.0, 1, text), certainty.high, certainty.high_limit);
    }
    if (mark[DN_MARK_AGREEMENT] < 1.0) {
        dn_quality_add(
            quality, level(mark[DN_MARK_AGREEMENT]), "members_disagree",
            "The runs of the consensus differ: the SD of their volumes is %s %% of the mean (usual: below %.0f %%, limit %.0f %%).",
            beside(s, DN_MARK_AGREEMENT, &agreement, 100.0, 0, text), 100 * agreement.high, 100 * agreement.high_limit);
    }
    if (mark[DN_MARK_FOLDS] < 1.0) {
        dn_quality_add(quality, level(mark[DN_MARK_FOLDS]), "folds_disagree",
                       "The averaged models differ: the SD of their probabilities is %s (usual: below %.2f, limit %.2f).",
                       beside(s, DN_MARK_FOLDS, &folds, 1.0, 2, text), folds.high, folds.high_limit);
    }
    if (mark[DN_MARK_MIRROR] < 1.0) {
        dn_quality_add(
            quality, level(mark[DN_MARK_MIRROR]), "mirror_disagrees",
            "The network's results for the scan and for its mirror image differ by %s %% (usual: below %.0f %%, limit %.0f %%): %s.",
            beside(s, DN_MARK_MIRROR, &mirror, 100.0, 0, text), 100 * mirror.high, 100 * mirror.high_limit, advice(mark[DN_MARK_MIRROR]));
    }
    if (mark[DN_MARK_SHARPNESS] < 1.0) {
        dn_quality_add(quality, level(mark[DN_MARK_SHARPNESS]), "blurred",
                       "The scan is blurred: the borders of tissues are %s mm wide (usual: below %.1f mm, limit %.1f): %s.",
                       beside(s, DN_MARK_SHARPNESS, &sharpness, 1.0, 1, text), sharpness.high, sharpness.high_limit,
                       advice(mark[DN_MARK_SHARPNESS]));
    }
    if (mark[DN_MARK_NOISE] < 1.0) {
        dn_quality_add(quality, level(mark[DN_MARK_NOISE]), "noisy",
                       "The scan is noisy: the noise is %s %% of the contrast between tissue and fluid (usual: below %.0f %%, limit "
                       "%.0f %%): %s.",
                       beside(s, DN_MARK_NOISE, &noise, 100.0, 0, text), 100 * noise.high, 100 * noise.high_limit,
                       advice(mark[DN_MARK_NOISE]));
    }
    if (mark[DN_MARK_BRAIN] < 1.0) {
        const double share = s->measure[DN_MARK_BRAIN];
        dn_quality_add(quality, level(mark[DN_MARK_BRAIN]), "brain_per_icv",
                       "The brain fills %s %% of the inside of the skull; %.0f to %.0f %% are usual: look at the outline of the ICV.",
                       dn_quality_number(100 * share, 100 * (share < brain.low ? brain.low : brain.high), 0, text), 100 * brain.low,
                       100 * brain.high);
    }
}

void dn_score_judge(const dn_quality_evidence *evidence, bool has_parts, const dn_consensus *consensus, bool accept, dn_quality *quality,
                    dn_score *out)
{
    for (int m = 0; m < (int)DN_MARK_COUNT; ++m) {
        out->measure[m] = NAN;
    }
    if (has_parts) {
        measure(evidence, consensus, out->measure);
    }
    measure_picture(evidence, out->measure);
    out->score = NAN;
    for (int m = 0; m < (int)DN_MARK_COUNT; ++m) {
        out->mark[m] = dn_score_mark((dn_mark)m, evidence->limits, out->measure[m]);
        out->score = fmin(out->score, out->mark[m]); /* NaN gives way */
    }
    flag(out, evidence->limits, quality);
    bool bad = quality->failed || out->score <= 0.0;
    out->verdict = !bad ? DN_ACCEPTED : accept ? DN_ACCEPTED_BY_HAND : DN_REJECTED;
}
