/* The chi-squared test with Yates' correction, and Fisher's exact test with the odds ratio and its interval. */
#include "stats/contingency.h"

#include "base/memory.h"
#include "stats/distribution.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static dn_status check_counts(const double *counts, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        if (!(counts[i] >= 0.0) || !isfinite(counts[i]) || counts[i] != floor(counts[i])) {
            DN_FAIL(DN_EDATA, "%g is not a count of people", counts[i]);
        }
    }
    return DN_OK;
}

/* A table with its sums. */
typedef struct count_table {
    const double *counts;
    size_t rows, columns;
    double *sums; /* owned; of rows, then of columns */
    double total;
    size_t used_rows, used_columns; /* with people */
} count_table;

static void add_up(count_table *it)
{
    for (size_t i = 0; i < it->rows; ++i) {
        for (size_t j = 0; j < it->columns; ++j) {
            it->sums[i] += it->counts[i * it->columns + j];
            it->sums[it->rows + j] += it->counts[i * it->columns + j];
            it->total += it->counts[i * it->columns + j];
        }
    }
    for (size_t i = 0; i < it->rows + it->columns; ++i) {
        if (it->sums[i] > 0.0) {
            *(i < it->rows ? &it->used_rows : &it->used_columns) += 1;
        }
    }
}

typedef struct distances {
    double least_expected; /* count */
    double least;          /* distance of a count from what is expected */
    double squared;        /* sum of (distance - correction)^2 / expected */
} distances;

static distances measure_distances(const count_table *it, double correction)
{
    distances out = {.least_expected = INFINITY, .least = INFINITY};
    for (size_t i = 0; i < it->rows; ++i) {
        for (size_t j = 0; j < it->columns; ++j) {
            const double expected = it->sums[i] * it->sums[it->rows + j] / it->total;
            if (!(expected > 0.0)) {
                continue;
            }
            const double distance = fabs(it->counts[i * it->columns + j] - expected), d = distance - correction;
            out.least_expected = fmin(out.least_expected, expected);
            out.least = fmin(out.least, distance);
            out.squared += d * d / expected;
        }
    }
    return out;
}

dn_status dn_chi_squared_test(const double *counts, size_t rows, size_t columns, dn_result *out)
{
    count_table table = {.counts = counts, .rows = rows, .columns = columns};
    DN_TRY(check_counts(counts, rows * columns));
    DN_TRY(dn_alloc(&table.sums, rows + columns, sizeof *table.sums, "a table of counts"));
    add_up(&table);
    if (table.used_rows < 2 || table.used_columns < 2) {
        free(table.sums);
        DN_FAIL(DN_EDATA, "a comparison of counts needs at least two groups and two categories that have people");
    }
    const bool yates = table.used_rows == 2 && table.used_columns == 2;
    const distances plain = measure_distances(&table, 0.0);
    const distances used = yates ? measure_distances(&table, fmin(0.5, plain.least)) : plain; /* no larger than any distance */
    free(table.sums);
    *out = dn_result_empty();
    out->method = yates ? "chi-squared test with Yates' correction" : "chi-squared test";
    out->statistic_name = "chi squared";
    out->statistic = used.squared;
    out->df1 = (double)((table.used_rows - 1) * (table.used_columns - 1));
    out->p = dn_chi_squared_upper(out->statistic, out->df1);
    out->n = (size_t)table.total;
    out->groups = table.used_rows;
    out->effect_name = "Cramer's V";
    const size_t smaller = table.used_rows < table.used_columns ? table.used_rows : table.used_columns;
    out->effect = sqrt(plain.squared / table.total / (double)(smaller - 1));
    out->note = plain.least_expected < 5.0 ? "an expected count is below 5, the approximation may be poor" : NULL;
    return DN_OK;
}

/* The first cell's distribution given the margins: noncentral hypergeometric with odds ratio exp(log_odds), cells low..high. */
typedef struct margins {
    double low, high, first;
    double *log_density; /* at odds ratio 1 */
    double target;
    int upper; /* tail: P(X >= first), else P(X <= first) */
} margins;

static double weight_of(const margins *m, double x, double log_odds, double largest)
{
    return exp(m->log_density[(size_t)(x - m->low)] + log_odds * (x - m->first) - largest);
}

static double largest_log(const margins *m, double log_odds)
{
    double largest = -INFINITY;
    for (double x = m->low; x <= m->high; ++x) {
        largest = fmax(largest, m->log_density[(size_t)(x - m->low)] + log_odds * (x - m->first));
    }
    return largest;
}

/* Expectation under these odds of a value of the table whose first cell is x. */
static double expected(const margins *m, double log_odds, double (*value)(const margins *m, double x))
{
    const double largest = largest_log(m, log_odds);
    double sum = 0.0;
    double mean = 0.0;
    for (double x = m->low; x <= m->high; ++x) {
        const double w = weight_of(m, x, log_odds, largest);
        sum += w;
        mean += w * value(m, x);
    }
    return mean / sum;
}

static double in_tail(const margins *m, double x)
{
    return (m->upper ? x >= m->first : x <= m->first) ? 1.0 : 0.0;
}

static double beyond_first(const margins *m, double x)
{
    return x - m->first;
}

/* Tail probability, less its target. */
static double tail_gap(double log_odds, const void *user)
{
    const margins *m = user;
    return expected(m, log_odds, in_tail) - m->target;
}

static double mean_gap(double log_odds, const void *user)
{
    return expected(user, log_odds, beyond_first);
}

static double log_choose(double n, double k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

dn_status dn_fisher_test(const double counts[4], double level, dn_result *out)
{
    DN_TRY(check_counts(counts, 4));
    double first_column = counts[0] + counts[2];
    double second_column = counts[1] + counts[3];
    double first_row = counts[0] + counts[1];
    double total = first_column + second_column;
    if (first_column == 0.0 || second_column == 0.0 || first_row == 0.0 || first_row == total) {
        DN_FAIL(DN_EDATA, "a comparison of counts needs at least two groups and two categories that have people");
    }
    margins m = {.low = fmax(0.0, first_row - second_column), .high = fmin(first_row, first_column), .first = counts[0]};
    DN_TRY(dn_alloc(&m.log_density, (size_t)(m.high - m.low) + 1, sizeof *m.log_density, "Fisher's test"));
    double sum = 0.0;
    double p = 0.0;
    double largest = -INFINITY;
    for (double x = m.low; x <= m.high; ++x) {
        double *density = &m.log_density[(size_t)(x - m.low)];
        *density = log_choose(first_column, x) + log_choose(second_column, first_row - x);
        largest = fmax(largest, *density);
    }
    double here = m.log_density[(size_t)(m.first - m.low)];
    for (double x = m.low; x <= m.high; ++x) {
        double density = m.log_density[(size_t)(x - m.low)];
        sum += exp(density - largest);
        /* Tables as likely as this one, but for rounding, count. */
        p += density <= here + 1e-7 ? exp(density - largest) : 0.0;
    }
    *out = dn_result_empty();
    out->method = "Fisher's exact test";
    out->p = fmin(1.0, p / sum);
    out->n = (size_t)total;
    out->groups = 2;
    out->level = level;
    out->estimate_name = "odds ratio";
    out->note = "exact";
    const double reach = 700.0;
    if (m.first > m.low && m.first < m.high) {
        out->estimate = exp(dn_root(mean_gap, &m, -reach, reach));
    } else if (m.first == m.low) {
        out->estimate = 0.0;
    }
    m.target = 0.5 * (1.0 - level);
    if (m.first > m.low) {
        m.upper = 1;
        out->low = exp(dn_root(tail_gap, &m, -reach, reach));
    } else {
        out->low = 0.0;
    }
    if (m.first < m.high) {
        m.upper = 0;
        out->high = exp(dn_root(tail_gap, &m, -reach, reach));
    }
    free(m.log_density);
    return DN_OK;
}
