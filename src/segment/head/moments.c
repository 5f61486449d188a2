/* Compares centre and size of the inside of the skull with those of the average head. */
#include "segment/head/moments.h"

#include "register/head_template.h"
#include "segment/head/coarse.h"

#include <math.h>
#include <string.h>

/* What is inside the skull spreads so much further than the brain alone. */
#define INSIDE_BY_BRAIN 1.05
/* What lies lower than this below the middle of what is inside, in the average head's mm, is neck. */
#define NECK_MM (-75.0)
enum { ROUNDS = 6, LEAST = 20000 };

/* Sums of weights, places and squares. */
typedef struct moments {
    double weight, mean[3], sd[3];
} moments;

static void add(moments *m, const double at[3], double weight)
{
    m->weight += weight;
    for (int c = 0; c < 3; ++c) {
        m->mean[c] += weight * at[c];
        m->sd[c] += weight * at[c] * at[c];
    }
}

static void finish(moments *m)
{
    for (int c = 0; c < 3; ++c) {
        m->mean[c] /= m->weight;
        m->sd[c] = sqrt(fmax(0.0, m->sd[c] / m->weight - m->mean[c] * m->mean[c]));
    }
}

static void of_template(const dn_head_template *t, moments *out)
{
    memset(out, 0, sizeof *out);
    for (int64_t v = 0; v < t->dim[0] * t->dim[1] * t->dim[2]; ++v) {
        const int64_t ijk[3] = {v % t->dim[0], v / t->dim[0] % t->dim[1], v / (t->dim[0] * t->dim[1])};
        double at[3];
        for (int c = 0; c < 3; ++c) {
            at[c] = t->origin[c] + t->spacing * (double)ijk[c];
        }
        add(out, at, (double)t->brain[v]);
    }
    finish(out);
}

/* In the average head's mm as to_template has it; nothing lower than `floor`. */
static void of_inside(const dn_head *head, double floor, moments *out)
{
    const dn_head_look *look = &head->coarse;
    int64_t v = 0;
    memset(out, 0, sizeof *out);
    for (int64_t k = 0; k < look->grid.dim[2]; ++k) {
        for (int64_t j = 0; j < look->grid.dim[1]; ++j) {
            for (int64_t i = 0; i < look->grid.dim[0]; ++i, ++v) {
                const float outside = dn_posteriors_of(&look->posteriors, v)[0];
                double at[3], mm[3];
                if (outside >= 0.5f) {
                    continue;
                }
                dn_head_look_place(look, i, j, k, at);
                dn_affine_apply(&head->to_template, at, mm);
                if (mm[2] >= floor) {
                    add(out, mm, 1.0);
                }
            }
        }
    }
    finish(out);
}

bool dn_head_moments(const dn_head *head, dn_location *better)
{
    dn_head_template t;
    dn_affine from_template;
    moments brain, inside;
    double factor[3], start[3], end[3], floor = -INFINITY;
    if (dn_head_template_get(&t) != DN_OK || dn_affine_invert(&head->to_template, &from_template) != DN_OK) {
        return false;
    }
    of_template(&t, &brain);
    for (int n = 0; n < ROUNDS; ++n) { /* the neck depends on the size, and the size on the neck */
        of_inside(head, floor, &inside);
        if (inside.weight < LEAST) {
            return false;
        }
        for (int c = 0; c < 3; ++c) {
            factor[c] = inside.sd[c] / (INSIDE_BY_BRAIN * brain.sd[c]);
        }
        floor = inside.mean[2] + factor[2] * NECK_MM;
    }
    for (int c = 0; c < 3; ++c) { /* the average head's middle goes where, by factor, the middles come together */
        start[c] = inside.mean[c] - factor[c] * brain.mean[c];
        better->scale[c] *= factor[c];
    }
    dn_affine_apply(&from_template, start, end);
    memcpy(better->centre, end, sizeof end);
    return true;
}
