/* Mean, SD, quantiles, ranks, and outliers by quartiles (Tukey 1977). */
#include "stats/descriptive.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double dn_mean(const double *values, size_t n)
{
    /* Neumaier's sum, then the mean of what it left: exact on data with a large offset. */
    double sum = 0.0;
    double lost = 0.0;
    for (size_t i = 0; i < n; ++i) {
        double next = sum + values[i];
        lost += fabs(sum) >= fabs(values[i]) ? (sum - next) + values[i] : (values[i] - next) + sum;
        sum = next;
    }
    double mean = (sum + lost) / (double)n;
    double rest = 0.0;
    for (size_t i = 0; i < n; ++i) {
        rest += values[i] - mean;
    }
    return mean + rest / (double)n;
}

double dn_variance(const double *values, size_t n)
{
    if (n < 2) {
        return NAN;
    }
    double mean = dn_mean(values, n);
    double squares = 0.0;
    double rest = 0.0;
    for (size_t i = 0; i < n; ++i) {
        double d = values[i] - mean;
        squares += d * d;
        rest += d;
    }
    return (squares - rest * rest / (double)n) / (double)(n - 1);
}

double dn_sd(const double *values, size_t n)
{
    return sqrt(dn_variance(values, n));
}

static int compare_doubles(const void *pa, const void *pb)
{
    double a = *(const double *)pa;
    double b = *(const double *)pb;
    return (a > b) - (a < b);
}

void dn_sort(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
}

double dn_quantile_sorted(const double *sorted, size_t n, double p)
{
    double place = (double)(n - 1) * p;
    size_t low = (size_t)place;
    if (low + 1 >= n) {
        return sorted[n - 1];
    }
    double fraction = place - (double)low;
    return fraction == 0.0 ? sorted[low] : sorted[low] + fraction * (sorted[low + 1] - sorted[low]);
}

static dn_status sorted_copy(const double *values, size_t n, double **out)
{
    DN_TRY(dn_alloc(out, n, sizeof **out, "a sorted sample"));
    if (n > 0) {
        memcpy(*out, values, n * sizeof *values);
    }
    dn_sort(*out, n);
    return DN_OK;
}

dn_status dn_quantile(const double *values, size_t n, double p, double *out)
{
    double *sorted = NULL;
    if (n == 0) {
        DN_FAIL(DN_EDATA, "there are no values, so there is no quantile");
    }
    DN_TRY(sorted_copy(values, n, &sorted));
    *out = dn_quantile_sorted(sorted, n, p);
    free(sorted);
    return DN_OK;
}

dn_status dn_summarise(const double *values, size_t n, dn_summary *out)
{
    double *sorted = NULL;
    if (n == 0) {
        DN_FAIL(DN_EDATA, "there are no values to describe");
    }
    for (size_t i = 0; i < n; ++i) {
        if (!dn_usable(values[i])) {
            DN_FAIL(DN_EDATA, "value %zu of %zu is not a number, or too large to compute with", i + 1, n);
        }
    }
    DN_TRY(sorted_copy(values, n, &sorted));
    *out = (dn_summary){.n = n, .mean = dn_mean(values, n), .sd = dn_sd(values, n), .minimum = sorted[0], .maximum = sorted[n - 1]};
    out->se = out->sd / sqrt((double)n);
    out->median = dn_quantile_sorted(sorted, n, 0.5);
    out->q1 = dn_quantile_sorted(sorted, n, 0.25);
    out->q3 = dn_quantile_sorted(sorted, n, 0.75);
    out->iqr = out->q3 - out->q1;
    out->skewness = NAN;
    if (n >= 3 && sorted[0] < sorted[n - 1]) {
        double second = 0.0;
        double third = 0.0;
        for (size_t i = 0; i < n; ++i) {
            double d = values[i] - out->mean;
            second += d * d;
            third += d * d * d;
        }
        second /= (double)n;
        out->skewness = third / (double)n / (second * sqrt(second));
    }
    free(sorted);
    return DN_OK;
}

typedef struct placed {
    double value;
    size_t place;
} placed;

static int compare_placed(const void *pa, const void *pb)
{
    const placed *a = pa;
    const placed *b = pb;
    return (a->value > b->value) - (a->value < b->value);
}

dn_status dn_ranks(const double *values, size_t n, double *ranks, double *ties)
{
    placed *order = NULL;
    double sum = 0.0;
    DN_TRY(dn_alloc(&order, n, sizeof *order, "the ranks of a sample"));
    for (size_t i = 0; i < n; ++i) {
        order[i] = (placed){values[i], i};
    }
    qsort(order, n, sizeof *order, compare_placed);
    for (size_t i = 0; i < n;) {
        size_t j = i + 1;
        while (j < n && order[j].value == order[i].value) {
            ++j;
        }
        double t = (double)(j - i);
        for (size_t k = i; k < j; ++k) {
            ranks[order[k].place] = 0.5 * (double)(i + 1 + j);
        }
        sum += t * t * t - t;
        i = j;
    }
    if (ties != NULL) {
        *ties = sum;
    }
    free(order);
    return DN_OK;
}

dn_status dn_iqr_outliers(const double *values, size_t n, double factor, unsigned char *removed, size_t *count, double *low, double *high)
{
    dn_summary summary;
    DN_TRY(dn_summarise(values, n, &summary));
    *low = summary.q1 - factor * summary.iqr;
    *high = summary.q3 + factor * summary.iqr;
    *count = 0;
    for (size_t i = 0; i < n; ++i) {
        removed[i] = values[i] < *low || values[i] > *high;
        *count += removed[i];
    }
    return DN_OK;
}
