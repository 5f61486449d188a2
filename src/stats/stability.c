/* Pools the deviations within and between scanners (Opfer et al. 2022), and compares the pools of two methods (Levene, Brown and
 * Forsythe, Pitman and Morgan). */
#include "stats/stability.h"

#include "base/memory.h"
#include "stats/descriptive.h"
#include "stats/distribution.h"

#include <math.h>
#include <stdlib.h>

/* Rows of one person and scanner, and what they add up to. */
typedef struct session {
    size_t person, scanner, n;
    double sum, mean;
} session;

/* A scan's place in the order of persons, scanners, rows. */
typedef struct scan {
    size_t person, scanner, row;
} scan;

static int by_session(const void *a, const void *b)
{
    const scan *x = a, *y = b;
    if (x->person != y->person) {
        return x->person < y->person ? -1 : 1;
    }
    if (x->scanner != y->scanner) {
        return x->scanner < y->scanner ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

static dn_status describe(dn_pool *pool)
{
    double *absolute = NULL;
    if (pool->n < 2) {
        pool->sd = pool->p50 = pool->p95 = NAN;
        return DN_OK;
    }
    DN_TRY(dn_alloc(&absolute, pool->n, sizeof *absolute, "the residuals"));
    for (size_t i = 0; i < pool->n; ++i) {
        absolute[i] = fabs(pool->residuals[i]);
    }
    dn_sort(absolute, pool->n);
    pool->sd = dn_sd(pool->residuals, pool->n);
    pool->p50 = dn_quantile_sorted(absolute, pool->n, 0.5);
    pool->p95 = dn_quantile_sorted(absolute, pool->n, 0.95);
    free(absolute);
    return DN_OK;
}

/* Sessions of the sorted scans; fills session_of[row]. */
static size_t gather(const double *values, const scan *scans, size_t n, session *sessions, size_t *session_of)
{
    size_t count = 0;
    for (size_t r = 0; r < n; ++r) {
        size_t i = scans[r].row;
        if (count == 0 || sessions[count - 1].person != scans[r].person || sessions[count - 1].scanner != scans[r].scanner) {
            sessions[count++] = (session){.person = scans[r].person, .scanner = scans[r].scanner};
        }
        sessions[count - 1].sum += values[i];
        sessions[count - 1].n += 1;
        session_of[i] = count - 1;
    }
    for (size_t s = 0; s < count; ++s) {
        sessions[s].mean = sessions[s].sum / (double)sessions[s].n;
    }
    return count;
}

static dn_status fill(const double *values, const session *sessions, const size_t *session_of, size_t n, double level, dn_stability *out)
{
    double ss_within = 0.0, ss_between = 0.0, inverse = 0.0;
    size_t seen_twice = 0;
    out->mean = 0.0;
    for (size_t s = 0; s < out->sessions; ++s) {
        out->single += sessions[s].n == 1;
        out->mean += sessions[s].mean / (double)out->sessions;
    }
    DN_TRY(dn_alloc(&out->within.residuals, n, sizeof(double), "the residuals within scanners"));
    DN_TRY(dn_alloc(&out->between.residuals, out->sessions, sizeof(double), "the residuals between scanners"));
    for (size_t i = 0; i < n; ++i) {
        out->within.residuals[i] = values[i] - sessions[session_of[i]].mean;
        ss_within += out->within.residuals[i] * out->within.residuals[i];
    }
    out->within.n = out->single < out->sessions ? n : 0;
    for (size_t first = 0, end = 0; first < out->sessions; first = end) {
        double mean = 0.0;
        while (end < out->sessions && sessions[end].person == sessions[first].person) {
            mean += sessions[end++].mean;
        }
        ++out->persons;
        if (end - first < 2) {
            continue;
        }
        ++seen_twice;
        mean /= (double)(end - first);
        for (size_t s = first; s < end; ++s) {
            double residual = sessions[s].mean - mean;
            out->between.residuals[out->between.n++] = residual;
            ss_between += residual * residual;
            inverse += 1.0 / (double)sessions[s].n;
        }
    }
    DN_TRY(describe(&out->within));
    DN_TRY(describe(&out->between));
    out->within.component = out->within.component_low = out->within.component_high = NAN;
    out->between.component = out->between.component_low = out->between.component_high = NAN;
    if (out->within.n > 0) {
        double df = (double)(n - out->sessions);
        out->within.component = sqrt(ss_within / df);
        out->within.component_low = sqrt(ss_within / dn_chi_squared_quantile(0.5 + 0.5 * level, df));
        out->within.component_high = sqrt(ss_within / dn_chi_squared_quantile(0.5 - 0.5 * level, df));
    }
    if (out->between.n > 0 && out->within.n > 0) {
        double variance = ss_between / (double)(out->between.n - seen_twice);
        double added = ss_within / (double)(n - out->sessions) * inverse / (double)out->between.n;
        out->between.component = sqrt(fmax(0.0, variance - added));
    }
    return DN_OK;
}

dn_status dn_stability_fit(const double *values, const size_t *person, const size_t *scanner, size_t n, double level, dn_stability *out)
{
    dn_status status = DN_OK;
    scan *scans = NULL;
    size_t *session_of = NULL, most = 0;
    session *sessions = NULL;
    *out = (dn_stability){.n = n};
    for (size_t i = 0; i < n; ++i) {
        if (!isfinite(values[i])) {
            DN_FAIL(DN_EDATA, "scan %zu has a value that is not a finite number", i + 1);
        }
        most = scanner[i] + 1 > most ? scanner[i] + 1 : most;
    }
    DN_TRY_GOTO(status, dn_alloc(&scans, n, sizeof *scans, "the scans"), done);
    DN_TRY_GOTO(status, dn_alloc(&session_of, n, sizeof *session_of, "the scans"), done);
    DN_TRY_GOTO(status, dn_alloc(&sessions, n, sizeof *sessions, "the sessions"), done);
    for (size_t i = 0; i < n; ++i) {
        scans[i] = (scan){person != NULL ? person[i] : 0, scanner[i], i};
    }
    qsort(scans, n, sizeof *scans, by_session);
    out->sessions = gather(values, scans, n, sessions, session_of);
    out->scanners = most;
    DN_TRY_GOTO(status, fill(values, sessions, session_of, n, level, out), done);
    if (out->within.n == 0 && out->between.n == 0) {
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "stability needs repeats on one scanner, or one person on several scanners; the %zu scans here are all of different "
                     "people or scanners",
                     n);
    }
done:
    free(scans);
    free(session_of);
    free(sessions);
    return status;
}

void dn_stability_release(dn_stability *stability)
{
    free(stability->within.residuals);
    free(stability->between.residuals);
    *stability = (dn_stability){0};
}

/* Pitman 1939, Morgan 1939: variances of paired values differ when sum and difference are correlated. */
static dn_result pitman_morgan(const dn_pool *a, const dn_pool *b)
{
    dn_result result = dn_result_empty();
    double mean_a = 0.0, mean_b = 0.0, ss = 0.0, dd = 0.0, sd = 0.0, df = (double)a->n - 2.0;
    result.method = "Pitman-Morgan test";
    result.statistic_name = "t";
    if (a->n != b->n || a->n < 3) {
        return result;
    }
    mean_a = dn_mean(a->residuals, a->n);
    mean_b = dn_mean(b->residuals, b->n);
    for (size_t i = 0; i < a->n; ++i) {
        double x = a->residuals[i] - mean_a, y = b->residuals[i] - mean_b;
        ss += (x + y) * (x + y);
        dd += (x - y) * (x - y);
        sd += (x + y) * (x - y);
    }
    if (ss > 0.0 && dd > 0.0) {
        double r = sd / sqrt(ss * dd);
        result.n = a->n;
        result.df1 = df;
        result.statistic = r * sqrt(df / fmax(1.0 - r * r, 1e-300));
        result.p = dn_t_two_sided(result.statistic, df);
        result.note = "the same scans by both methods";
    }
    return result;
}

/* Two scanners give two equal residuals, which have no test. */
static dn_status test_variances(const dn_sample pools[2], dn_levene_centre centre, dn_result *out)
{
    dn_status status = dn_levene(pools, 2, centre, out);
    if (status == DN_EDATA) {
        dn_error_clear();
        *out = dn_result_empty();
        out->method = centre == DN_LEVENE_MEAN ? "Levene's test" : "Brown-Forsythe test";
        out->statistic_name = "F";
        out->n = pools[0].n + pools[1].n;
        out->note = "too few different residuals for a test";
        return DN_OK;
    }
    return status;
}

dn_status dn_pool_compare(const dn_pool *a, const char *name_a, const dn_pool *b, const char *name_b, dn_pool_comparison *out)
{
    dn_sample pools[2] = {{name_a, a->residuals, a->n}, {name_b, b->residuals, b->n}};
    if (a->n < 2 || b->n < 2) {
        DN_FAIL(DN_EDATA, "the residuals of %s and %s cannot be compared: one of them has fewer than 2", name_a, name_b);
    }
    DN_TRY(test_variances(pools, DN_LEVENE_MEAN, &out->levene));
    DN_TRY(test_variances(pools, DN_LEVENE_MEDIAN, &out->brown_forsythe));
    out->pitman_morgan = pitman_morgan(a, b);
    out->variance_ratio = b->sd > 0.0 ? a->sd * a->sd / (b->sd * b->sd) : NAN;
    return DN_OK;
}

dn_status dn_sd_ratio(double sd_a, size_t n_a, double sd_b, size_t n_b, double level, double *ratio, double *low, double *high)
{
    if (!(sd_a >= 0.0) || !(sd_b > 0.0) || !isfinite(sd_a) || !isfinite(sd_b)) {
        DN_FAIL(DN_EDATA, "a ratio needs two standard deviations, the second above zero; they are %g and %g", sd_a, sd_b);
    }
    *ratio = sd_a / sd_b;
    *low = *high = NAN;
    if (n_a >= 2 && n_b >= 2) {
        double df_a = (double)n_a - 1.0, df_b = (double)n_b - 1.0;
        *low = *ratio / sqrt(dn_f_quantile(0.5 + 0.5 * level, df_a, df_b));
        *high = *ratio / sqrt(dn_f_quantile(0.5 - 0.5 * level, df_a, df_b));
    }
    return DN_OK;
}
