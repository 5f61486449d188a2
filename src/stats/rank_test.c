/* Mann and Whitney's and Wilcoxon's tests, exact by counting or by the normal approximation, with the Hodges-Lehmann shift. */
#include "stats/rank_test.h"

#include "base/memory.h"
#include "stats/distribution.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Both tests are the same walk: a statistic that counts, under a shift d, the elementary differences above d. `counts` holds the
 * probabilities of the statistic 0..top when it is exact; else sigma is its standard deviation under a shift between two differences. */
typedef struct inversion {
    double *differences; /* top of them, sorted */
    size_t top;          /* largest value of the statistic */
    double *counts;      /* of the exact distribution; NULL: the normal one is used */
    double sigma;
    double level;
} inversion;

/* More elementary differences than this would take gigabytes: no estimate then. */
enum { MOST_DIFFERENCES = 30000000 };

static dn_status check_finite(const double *values, size_t n, const char *name)
{
    for (size_t i = 0; i < n; ++i) {
        if (!dn_usable(values[i])) {
            DN_FAIL(DN_EDATA, "value %zu of %s is not a number, or too large to compute with", i + 1, name);
        }
    }
    return DN_OK;
}

static double lower_tail(const double *counts, size_t value)
{
    double sum = 0.0;
    for (size_t i = 0; i <= value; ++i) {
        sum += counts[i];
    }
    return sum;
}

/* Both distributions are symmetric about top / 2, so the smaller tail is always summed from its thin end. */
static double exact_p(const double *counts, size_t top, double statistic)
{
    size_t value = (size_t)llround(statistic);
    double p = 2.0 * lower_tail(counts, 2 * value > top ? top - value : value);
    return p < 1.0 ? p : 1.0;
}

static double normal_p(double distance, double sigma)
{
    double correction = distance > 0.0 ? 0.5 : distance < 0.0 ? -0.5 : 0.0;
    double p = 2.0 * dn_normal_upper(fabs(distance - correction) / sigma);
    /* With distance 0.5 the corrected z is 0; R takes the smaller tail, which is 1/2. */
    return p < 1.0 ? p : 1.0;
}

/* Ends of the interval: those differences at which the test stops rejecting. They stay NaN when so few values cannot give one of this
 * level. */
static void invert(const inversion *inv, double *low, double *high)
{
    double alpha = 1.0 - inv->level;
    if (inv->counts != NULL) {
        size_t quantile = 0;
        double sum = inv->counts[0];
        /* R's quantile functions forgive this much rounding. */
        while (quantile < inv->top && sum < 0.5 * alpha * (1.0 - 64.0 * 2.2204460492503131e-16)) {
            sum += inv->counts[++quantile];
        }
        if (quantile == 0) {
            /* Even the widest interval covers 1 - 2 P(0) only. */
            if (2.0 * inv->counts[0] > alpha) {
                return;
            }
            quantile = 1;
        }
        *low = inv->differences[quantile - 1];
        *high = inv->differences[inv->top - quantile];
        return;
    }
    /* z of the shift between differences i and i + 1 (from 1) falls with i; the end is where it crosses the critical value. */
    double critical = dn_normal_quantile(1.0 - 0.5 * alpha);
    if ((0.5 * (double)inv->top - 0.5) / inv->sigma < critical) {
        return;
    }
    *low = *high = inv->differences[inv->top - 1];
    int found = 0;
    for (size_t i = 0; i <= inv->top; ++i) {
        double distance = (double)(inv->top - i) - 0.5 * (double)inv->top;
        double z = (distance - (distance > 0.0 ? 0.5 : distance < 0.0 ? -0.5 : 0.0)) / inv->sigma;
        if (found == 0 && z <= critical) {
            *low = inv->differences[i > 0 ? i - 1 : 0];
            found = 1;
        }
        if (found == 1 && z <= -critical) {
            *high = inv->differences[i > 0 ? i - 1 : 0];
            break;
        }
    }
}

/* Ways to choose m of the ranks 1..m+n with rank sum m (m + 1) / 2 + u, for all u, divided by all ways. */
static dn_status mann_whitney_counts(size_t m, size_t n, double **out)
{
    size_t top = m * n;
    size_t sums = top + 1;
    double *ways = NULL;
    double total = 0.0;
    /* ways[k][u]: k of the ranks seen so far, u = rank sum - k (k + 1) / 2. A rank r that becomes the k-th adds r - k to u. */
    DN_TRY(dn_alloc(&ways, (m + 1) * sums, sizeof *ways, "the exact distribution of a rank test"));
    ways[0] = 1.0;
    for (size_t r = 1; r <= m + n; ++r) {
        for (size_t k = r < m ? r : m; k >= 1; --k) {
            size_t step = r - k;
            if (step > n) {
                continue;
            }
            for (size_t u = sums - 1; u + 1 > step; --u) {
                ways[k * sums + u] += ways[(k - 1) * sums + u - step];
            }
        }
    }
    memmove(ways, ways + m * sums, sums * sizeof *ways);
    for (size_t u = 0; u < sums; ++u) {
        total += ways[u];
    }
    for (size_t u = 0; u < sums; ++u) {
        ways[u] /= total;
    }
    *out = ways;
    return DN_OK;
}

static dn_status signed_rank_counts(size_t n, double **out)
{
    size_t top = n * (n + 1) / 2;
    DN_TRY(dn_alloc(out, top + 1, sizeof **out, "the exact distribution of a rank test"));
    double *ways = *out;
    ways[0] = 1.0;
    for (size_t r = 1; r <= n; ++r) {
        for (size_t u = r * (r + 1) / 2; u + 1 > r; --u) {
            ways[u] += ways[u - r];
        }
    }
    for (size_t u = 0; u <= top; ++u) {
        ways[u] = ldexp(ways[u], -(int)n);
    }
    return DN_OK;
}

/* Sum of t^3 - t of one sample alone. */
static dn_status own_ties(const double *values, size_t n, double *ties)
{
    double *ranks = NULL;
    DN_TRY(dn_alloc(&ranks, n, sizeof *ranks, "ranks"));
    dn_status status = dn_ranks(values, n, ranks, ties);
    free(ranks);
    return status;
}

static double mann_whitney_sigma(double n1, double n2, double ties)
{
    double n = n1 + n2;
    return sqrt(n1 * n2 / 12.0 * (n + 1.0 - ties / (n * (n - 1.0))));
}

static double signed_rank_sigma(double n, double ties)
{
    return sqrt(n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0);
}

static void set_rank_biserial(dn_result *out, double r, double se, double level)
{
    out->effect_name = "rank-biserial r";
    out->effect = r;
    if (fabs(r) < 1.0) {
        double reach = dn_normal_quantile(0.5 + 0.5 * level) * se;
        out->effect_low = tanh(atanh(r) - reach);
        out->effect_high = tanh(atanh(r) + reach);
    }
}

static const char *approximation(double ties)
{
    return ties > 0.0 ? "normal approximation with corrections for ties and continuity" : "normal approximation with continuity correction";
}

/* Estimate and interval, from inv's sorted differences (false: there were too many to keep). */
static void set_shift(dn_result *out, const inversion *inv, bool differences)
{
    out->estimate_name = "Hodges-Lehmann shift";
    if (differences) {
        out->estimate = dn_quantile_sorted(inv->differences, inv->top, 0.5);
    }
    if (differences && (inv->counts != NULL || inv->sigma > 0.0)) {
        invert(inv, &out->low, &out->high);
    }
}

/* All differences of a value of a from one of b, sorted, where there are few enough; *few: whether. */
static dn_status take_differences(const dn_sample *a, const dn_sample *b, inversion *inv, bool *few)
{
    *few = inv->top <= MOST_DIFFERENCES;
    DN_TRY(dn_alloc(&inv->differences, *few ? inv->top : 1, sizeof *inv->differences, "pairwise differences"));
    for (size_t i = 0; i < a->n && *few; ++i) {
        for (size_t j = 0; j < b->n; ++j) {
            inv->differences[i * b->n + j] = a->values[i] - b->values[j];
        }
    }
    dn_sort(inv->differences, *few ? inv->top : 0);
    return DN_OK;
}

/* p of out->statistic. ties, sigma: of both groups together. */
static dn_status set_mann_whitney_p(const dn_sample *a, const dn_sample *b, double ties, double sigma, inversion *inv, dn_result *out)
{
    double ties_a, ties_b;
    const double n1 = (double)a->n, n2 = (double)b->n;
    if (a->n < 50 && b->n < 50 && ties == 0.0) {
        DN_TRY(mann_whitney_counts(a->n, b->n, &inv->counts));
        out->p = exact_p(inv->counts, inv->top, out->statistic);
        out->note = "exact";
        return DN_OK;
    }
    DN_TRY(own_ties(a->values, a->n, &ties_a));
    DN_TRY(own_ties(b->values, b->n, &ties_b));
    inv->sigma = mann_whitney_sigma(n1, n2, ties_a + ties_b);
    out->p = normal_p(out->statistic - n1 * n2 / 2.0, sigma);
    out->note = approximation(ties);
    return DN_OK;
}

dn_status dn_mann_whitney(const dn_sample *a, const dn_sample *b, double level, dn_result *out)
{
    dn_status status = DN_OK;
    double *all = NULL, *ranks = NULL, ties, sum = 0.0;
    inversion inv = {.level = level, .top = a->n * b->n};
    bool differences;
    const char *name_a = a->name != NULL ? a->name : "the first group";
    const char *name_b = b->name != NULL ? b->name : "the second group";
    if (a->n == 0 || b->n == 0) {
        DN_FAIL(DN_EDATA, "%s has no values; the Mann-Whitney test needs some in both groups", a->n == 0 ? name_a : name_b);
    }
    DN_TRY(check_finite(a->values, a->n, name_a));
    DN_TRY(check_finite(b->values, b->n, name_b));
    size_t n = a->n + b->n;
    DN_TRY_GOTO(status, dn_alloc(&all, n, sizeof *all, "ranks"), done);
    DN_TRY_GOTO(status, dn_alloc(&ranks, n, sizeof *ranks, "ranks"), done);
    DN_TRY_GOTO(status, take_differences(a, b, &inv, &differences), done);
    memcpy(all, a->values, a->n * sizeof *all);
    memcpy(all + a->n, b->values, b->n * sizeof *all);
    DN_TRY_GOTO(status, dn_ranks(all, n, ranks, &ties), done);
    for (size_t i = 0; i < a->n; ++i) {
        sum += ranks[i];
    }
    const double n1 = (double)a->n, n2 = (double)b->n;
    double sigma = mann_whitney_sigma(n1, n2, ties);
    if (!(sigma > 0.0)) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "all values of %s and %s are equal; the Mann-Whitney test is not possible", name_a, name_b);
    }
    *out = dn_result_empty();
    out->method = "Mann-Whitney test (Wilcoxon rank sum)";
    out->statistic_name = "W";
    out->statistic = sum - n1 * (n1 + 1.0) / 2.0;
    out->n = n;
    out->groups = 2;
    out->level = level;
    DN_TRY_GOTO(status, set_mann_whitney_p(a, b, ties, sigma, &inv, out), done);
    set_shift(out, &inv, differences);
    set_rank_biserial(out, 2.0 * out->statistic / (n1 * n2) - 1.0, sqrt((n1 + n2 + 1.0) / (3.0 * n1 * n2)), level);
done:
    free(inv.counts);
    free(inv.differences);
    free(ranks);
    free(all);
    return status;
}

/* Differences a - b without the dust of binary fractions: 0.3 - 0.2 and 0.2 - 0.1 are a tie. Zeros are dropped. */
static size_t clean_differences(const double *a, const double *b, size_t n, double *out)
{
    double largest = 0.0;
    size_t kept = 0;
    for (size_t i = 0; i < n; ++i) {
        largest = fmax(largest, fmax(fabs(a[i]), fabs(b[i])));
    }
    double step = largest > 0.0 ? pow(10.0, ceil(log10(largest)) - 13.0) : 1.0;
    for (size_t i = 0; i < n; ++i) {
        double d = nearbyint((a[i] - b[i]) / step) * step;
        if (d != 0.0) {
            out[kept++] = d;
        }
    }
    return kept;
}

/* All Walsh averages of m differences, sorted, where there are few enough; *few: whether. */
static dn_status take_averages(const double *d, size_t m, inversion *inv, bool *few)
{
    *few = inv->top <= MOST_DIFFERENCES;
    DN_TRY(dn_alloc(&inv->differences, *few ? inv->top : 1, sizeof *inv->differences, "Walsh averages"));
    for (size_t i = 0, at = 0; i < m && *few; ++i) {
        for (size_t j = i; j < m; ++j) {
            inv->differences[at++] = (d[i] + d[j]) / 2.0;
        }
    }
    dn_sort(inv->differences, *few ? inv->top : 0);
    return DN_OK;
}

/* p of out->statistic, of m differences d that are left of n pairs. */
static dn_status set_signed_rank_p(const double *d, size_t m, size_t n, double ties, inversion *inv, dn_result *out)
{
    double ties_signed;
    const double size = (double)m;
    if (m < 50 && ties == 0.0 && m == n) {
        DN_TRY(signed_rank_counts(m, &inv->counts));
        out->p = exact_p(inv->counts, inv->top, out->statistic);
        out->note = "exact";
        return DN_OK;
    }
    DN_TRY(own_ties(d, m, &ties_signed));
    inv->sigma = signed_rank_sigma(size, ties_signed);
    out->p = normal_p(out->statistic - size * (size + 1.0) / 4.0, signed_rank_sigma(size, ties));
    out->note =
        m < n ? "normal approximation with corrections for ties and continuity, pairs without a difference left out" : approximation(ties);
    return DN_OK;
}

dn_status dn_wilcoxon_signed_rank(const double *a, const double *b, size_t n, double level, dn_result *out)
{
    dn_status status = DN_OK;
    double *d = NULL;
    double *work = NULL; /* |d|, then their ranks */
    inversion inv = {.level = level};
    double ties, positive = 0.0;
    bool differences;
    DN_TRY(check_finite(a, n, "the first of the pairs"));
    DN_TRY(check_finite(b, n, "the second of the pairs"));
    DN_TRY_GOTO(status, dn_alloc(&d, n, sizeof *d, "differences of pairs"), done);
    size_t m = clean_differences(a, b, n, d);
    if (m == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA, "%s; the Wilcoxon signed-rank test is not possible",
                     n == 0 ? "there are no pairs" : "the two values of every pair are equal");
    }
    inv.top = m * (m + 1) / 2;
    DN_TRY_GOTO(status, dn_alloc(&work, 2 * m, sizeof *work, "ranks"), done);
    DN_TRY_GOTO(status, take_averages(d, m, &inv, &differences), done);
    for (size_t i = 0; i < m; ++i) {
        work[i] = fabs(d[i]);
    }
    DN_TRY_GOTO(status, dn_ranks(work, m, work + m, &ties), done);
    for (size_t i = 0; i < m; ++i) {
        positive += d[i] > 0.0 ? work[m + i] : 0.0;
    }
    double size = (double)m;
    *out = dn_result_empty();
    out->method = "Wilcoxon signed-rank test";
    out->statistic_name = "V";
    out->statistic = positive;
    out->n = m;
    out->groups = 2;
    out->level = level;
    DN_TRY_GOTO(status, set_signed_rank_p(d, m, n, ties, &inv, out), done);
    set_shift(out, &inv, differences);
    set_rank_biserial(out, 4.0 * positive / (size * (size + 1.0)) - 1.0,
                      sqrt((2.0 * size * size * size + 3.0 * size * size + size) / 6.0) / (0.5 * size * (size + 1.0)), level);
done:
    free(inv.counts);
    free(inv.differences);
    free(work);
    free(d);
    return status;
}
