#include "segment/head_look.h"

/* Over so many millimetres before its faces the fine look gives way to the coarse one. */
#define FADE_MM 5.0f
#define CERTAINLY_OUTSIDE 0.9995f

/* Eight neighbours of a place in a look, and their weights. false: outside. */
typedef struct corners {
    int64_t offset[8]; /* of the first channel */
    float weight[8];
} corners;

static bool corners_of(const dn_head_look *look, const double at[3], corners *out)
{
    int64_t first[3];
    int64_t step[3];
    float share[3];
    const int64_t *dim = look->grid.dim;
    for (int c = 0; c < 3; ++c) {
        double p = (at[c] - look->offset[c]) / look->scale[c];
        double last = (double)(dim[c] - 1);
        if (!(p >= -0.5 && p < last + 0.5)) {
            return false;
        }
        p = p < 0 ? 0 : p > last ? last : p;
        first[c] = (int64_t)p;
        share[c] = (float)(p - (double)first[c]);
        step[c] = first[c] + 1 < dim[c] ? 1 : 0;
    }
    for (int n = 0; n < 8; ++n) {
        int64_t i = first[0] + (n & 1 ? step[0] : 0);
        int64_t j = first[1] + (n & 2 ? step[1] : 0);
        int64_t k = first[2] + (n & 4 ? step[2] : 0);
        out->offset[n] = ((i * dim[1] + j) * dim[2] + k) * look->channels;
        out->weight[n] = (n & 1 ? share[0] : 1 - share[0]) * (n & 2 ? share[1] : 1 - share[1]) * (n & 4 ? share[2] : 1 - share[2]);
    }
    return true;
}

/* values = keep * values + share * look's. */
static void add(const dn_head_look *look, const corners *at, float keep, float share, float *values)
{
    for (int64_t c = 0; c < look->channels; ++c) {
        values[c] = keep > 0.0f ? keep * values[c] : 0.0f;
    }
    for (int n = 0; n < 8; ++n) {
        const float *p = look->posterior + at->offset[n];
        float w = share * at->weight[n];
        if (w > 0.0f) {
            for (int64_t c = 0; c < look->channels; ++c) {
                values[c] += w * p[c];
            }
        }
    }
}

float dn_head_fine_share(const dn_head *head, const double at[3])
{
    const dn_head_look *look = &head->fine;
    if (look->posterior == NULL) {
        return 0.0f;
    }
    double least = (double)FADE_MM;
    for (int c = 0; c < 3; ++c) {
        double p = (at[c] - look->offset[c]) / look->scale[c];
        double from_low = p + 0.5;
        double from_high = (double)look->grid.dim[c] - 0.5 - p;
        double near = (from_low < from_high ? from_low : from_high) * look->scale[c] * head->mm[c];
        least = near < least ? near : least;
    }
    return least <= 0.0 ? 0.0f : (float)least / FADE_MM;
}

bool dn_head_at(const dn_head *head, const double at[3], float *values, bool *outside)
{
    float share = dn_head_fine_share(head, at);
    corners place;
    *outside = false;
    bool found = false;
    if (share < 1.0f && corners_of(&head->coarse, at, &place)) {
        if (share == 0.0f) {
            float sum = 0.0f;
            for (int n = 0; n < 8; ++n) {
                sum += place.weight[n] * head->coarse.posterior[place.offset[n]];
            }
            if (sum > CERTAINLY_OUTSIDE) {
                *outside = true;
                return true;
            }
        }
        add(&head->coarse, &place, 0.0f, 1.0f, values);
        found = true;
    }
    if (share > 0.0f && corners_of(&head->fine, at, &place)) {
        add(&head->fine, &place, found ? 1.0f - share : 0.0f, found ? share : 1.0f, values);
        found = true;
    }
    return found;
}

bool dn_head_coarse_at(const dn_head *head, const double at[3], float *values)
{
    corners place;
    if (!corners_of(&head->coarse, at, &place)) {
        return false;
    }
    add(&head->coarse, &place, 0.0f, 1.0f, values);
    return true;
}
