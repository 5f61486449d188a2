/* Adjusted p values: Bonferroni, Holm 1979, and Benjamini and Hochberg 1995, as R's p.adjust. */
#include "stats/multiple.h"

#include "base/memory.h"
#include "base/words.h"

#include <math.h>
#include <stdlib.h>

dn_status dn_adjustment_of(const char *text, dn_adjustment *out)
{
    static const char *const words[] = {"none", "bonferroni", "holm", "bh", NULL};
    int which = 0;
    DN_TRY(dn_choice_of("the adjustment of p", text, words, &which));
    *out = (dn_adjustment)which;
    return DN_OK;
}

const char *dn_adjustment_name(dn_adjustment adjustment)
{
    static const char *const names[] = {"none", "Bonferroni", "Holm", "Benjamini-Hochberg"};
    return names[adjustment];
}

typedef struct placed {
    double p;
    size_t place;
} placed;

static int compare_placed(const void *pa, const void *pb)
{
    const placed *a = pa;
    const placed *b = pb;
    return a->p != b->p ? (a->p > b->p) - (a->p < b->p) : (a->place > b->place) - (a->place < b->place);
}

dn_status dn_adjust_p(const double *p, size_t n, dn_adjustment adjustment, double *out)
{
    placed *order = NULL;
    size_t m = 0;
    DN_TRY(dn_alloc(&order, n, sizeof *order, "p values"));
    for (size_t i = 0; i < n; ++i) {
        out[i] = p[i];
        if (!isnan(p[i])) {
            order[m++] = (placed){p[i], i};
        }
    }
    qsort(order, m, sizeof *order, compare_placed);
    double running = adjustment == DN_ADJUST_BH ? 1.0 : 0.0;
    for (size_t i = 0; i < m; ++i) {
        size_t rank = adjustment == DN_ADJUST_BH ? m - 1 - i : i;
        double value = order[rank].p;
        switch (adjustment) {
        case DN_ADJUST_BONFERRONI:
            running = value * (double)m;
            break;
        case DN_ADJUST_HOLM:
            running = fmax(running, value * (double)(m - rank));
            break;
        case DN_ADJUST_BH:
            running = fmin(running, value * (double)m / (double)(rank + 1));
            break;
        case DN_ADJUST_NONE:
            running = value;
            break;
        }
        out[order[rank].place] = fmin(1.0, running);
    }
    free(order);
    return DN_OK;
}

dn_status dn_adjust_results(dn_result *results, size_t n, dn_adjustment adjustment)
{
    double *p = NULL;
    if (adjustment == DN_ADJUST_NONE) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&p, 2 * n, sizeof *p, "p values"));
    for (size_t i = 0; i < n; ++i) {
        p[i] = results[i].p;
    }
    dn_status status = dn_adjust_p(p, n, adjustment, p + n);
    for (size_t i = 0; i < n && status == DN_OK; ++i) {
        results[i].p_adjusted = p[n + i];
        results[i].adjustment = dn_adjustment_name(adjustment);
    }
    free(p);
    return status;
}
