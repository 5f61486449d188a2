/* Analyses of variance (classical, Welch 1951, Kruskal and Wallis), Levene's test, and the pairs after them (Dunn, Tukey). */
#include "stats/anova.h"

#include "base/job.h"
#include "base/memory.h"
#include "base/random.h"
#include "stats/distribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static dn_status check_groups(const dn_sample *groups, size_t k, size_t least, const char *what, size_t *total)
{
    *total = 0;
    if (k < 2) {
        DN_FAIL(DN_EDATA, "%s needs at least 2 groups, there %s %zu", what, k == 1 ? "is" : "are", k);
    }
    for (size_t g = 0; g < k; ++g) {
        const char *name = groups[g].name != NULL ? groups[g].name : "a group";
        if (groups[g].n < least) {
            DN_FAIL(DN_EDATA, "%s has %zu value%s; %s needs at least %zu per group", name, groups[g].n, groups[g].n == 1 ? "" : "s", what,
                    least);
        }
        for (size_t i = 0; i < groups[g].n; ++i) {
            if (!dn_usable(groups[g].values[i])) {
                DN_FAIL(DN_EDATA, "value %zu of %s is not a number, or too large to compute with", i + 1, name);
            }
        }
        *total += groups[g].n;
    }
    return DN_OK;
}

/* All values in one array, group after group. */
static dn_status pool(const dn_sample *groups, size_t k, size_t n, double **out)
{
    size_t at = 0;
    DN_TRY(dn_alloc(out, n, sizeof **out, "the values of all groups"));
    for (size_t g = 0; g < k; ++g) {
        if (groups[g].n > 0) {
            memcpy(*out + at, groups[g].values, groups[g].n * sizeof **out);
        }
        at += groups[g].n;
    }
    return DN_OK;
}

static double within_squares(const dn_sample *groups, size_t k)
{
    double sum = 0.0;
    for (size_t g = 0; g < k; ++g) {
        sum += groups[g].n > 1 ? dn_variance(groups[g].values, groups[g].n) * (double)(groups[g].n - 1) : 0.0;
    }
    return sum;
}

dn_status dn_anova(const dn_sample *groups, size_t k, double level, dn_result *out)
{
    size_t n;
    double *all = NULL;
    DN_TRY(check_groups(groups, k, 2, "an analysis of variance", &n));
    DN_TRY(pool(groups, k, n, &all));
    /* About the first value: neighbouring doubles subtract exactly, and means of numbers near 1e12 would keep four decimals only. */
    double pivot = all[0];
    double largest = 0.0;
    for (size_t i = 0; i < n; ++i) {
        largest = fmax(largest, fabs(all[i]));
        all[i] -= pivot;
    }
    double grand = dn_mean(all, n);
    double between = 0.0;
    for (size_t g = 0, at = 0; g < k; at += groups[g++].n) {
        double d = dn_mean(all + at, groups[g].n) - grand;
        between += (double)groups[g].n * d * d;
    }
    free(all);
    double within = within_squares(groups, k);
    double df1 = (double)(k - 1);
    double df2 = (double)(n - k);
    if (!(sqrt(within / df2) > 4.0 * 2.2204460492503131e-16 * largest)) {
        DN_FAIL(DN_EDATA, "the values within each group do not vary; an analysis of variance is not possible");
    }
    *out = dn_result_empty();
    out->method = "one-way analysis of variance";
    out->statistic_name = "F";
    out->statistic = between / df1 / (within / df2);
    out->df1 = df1;
    out->df2 = df2;
    out->p = dn_f_upper(out->statistic, df1, df2);
    out->n = n;
    out->groups = k;
    out->effect_name = "eta squared";
    out->effect = between / (between + within);
    double low = dn_noncentral_f_ncp(out->statistic, df1, df2, 0.5 + 0.5 * level);
    double high = dn_noncentral_f_ncp(out->statistic, df1, df2, 0.5 - 0.5 * level);
    out->effect_low = low / (low + (double)n);
    out->effect_high = high / (high + (double)n);
    out->level = level;
    return DN_OK;
}

dn_status dn_anova_welch(const dn_sample *groups, size_t k, double level, dn_result *out)
{
    size_t n;
    DN_TRY(check_groups(groups, k, 2, "Welch's analysis of variance", &n));
    double weights = 0.0;
    double mean = 0.0;
    for (size_t g = 0; g < k; ++g) {
        double variance = dn_variance(groups[g].values, groups[g].n);
        if (!(variance > 0.0)) {
            DN_FAIL(DN_EDATA, "all values of %s are equal; Welch's analysis of variance is not possible",
                    groups[g].name ? groups[g].name : "a group");
        }
        double weight = (double)groups[g].n / variance;
        weights += weight;
        mean += weight * dn_mean(groups[g].values, groups[g].n);
    }
    mean /= weights;
    double between = 0.0;
    double lost = 0.0;
    for (size_t g = 0; g < k; ++g) {
        double weight = (double)groups[g].n / dn_variance(groups[g].values, groups[g].n);
        double d = dn_mean(groups[g].values, groups[g].n) - mean;
        between += weight * d * d;
        lost += (1.0 - weight / weights) * (1.0 - weight / weights) / (double)(groups[g].n - 1);
    }
    double count = (double)k;
    lost /= count * count - 1.0;
    *out = dn_result_empty();
    out->method = "Welch's analysis of variance";
    out->statistic_name = "F";
    out->statistic = between / ((count - 1.0) * (1.0 + 2.0 * (count - 2.0) * lost));
    out->df1 = count - 1.0;
    out->df2 = 1.0 / (3.0 * lost);
    out->p = dn_f_upper(out->statistic, out->df1, out->df2);
    out->n = n;
    out->groups = k;
    out->level = level;
    return DN_OK;
}

/* Mid-ranks over all groups; *sums: a rank sum per group. */
static dn_status rank_sums(const dn_sample *groups, size_t k, size_t n, double *sums, double *ties)
{
    dn_status status = DN_OK;
    double *all = NULL;
    double *ranks = NULL;
    size_t at = 0;
    DN_TRY_GOTO(status, pool(groups, k, n, &all), done);
    DN_TRY_GOTO(status, dn_alloc(&ranks, n, sizeof *ranks, "ranks"), done);
    DN_TRY_GOTO(status, dn_ranks(all, n, ranks, ties), done);
    for (size_t g = 0; g < k; ++g) {
        sums[g] = 0.0;
        for (size_t i = 0; i < groups[g].n; ++i) {
            sums[g] += ranks[at++];
        }
    }
done:
    free(ranks);
    free(all);
    return status;
}

static bool all_tied(double ties, double n)
{
    return ties >= n * n * n - n;
}

dn_status dn_kruskal_wallis(const dn_sample *groups, size_t k, double level, dn_result *out)
{
    size_t total;
    double ties;
    double *sums = NULL;
    DN_TRY(check_groups(groups, k, 1, "the Kruskal-Wallis test", &total));
    DN_TRY(dn_alloc(&sums, k, sizeof *sums, "rank sums"));
    dn_status status = rank_sums(groups, k, total, sums, &ties);
    double n = (double)total;
    double h = 0.0;
    for (size_t g = 0; g < k && status == DN_OK; ++g) {
        h += sums[g] * sums[g] / (double)groups[g].n;
    }
    free(sums);
    DN_TRY(status);
    if (all_tied(ties, n)) {
        DN_FAIL(DN_EDATA, "all %zu values are equal; the Kruskal-Wallis test is not possible", total);
    }
    *out = dn_result_empty();
    out->method = "Kruskal-Wallis test";
    out->statistic_name = "H";
    out->statistic = (12.0 * h / (n * (n + 1.0)) - 3.0 * (n + 1.0)) / (1.0 - ties / (n * n * n - n));
    out->df1 = (double)(k - 1);
    out->p = dn_chi_squared_upper(out->statistic, out->df1);
    out->n = total;
    out->groups = k;
    out->effect_name = "epsilon squared";
    out->effect = out->statistic / (n - 1.0);
    out->level = level;
    return DN_OK;
}

dn_status dn_kruskal_interval(const dn_sample *groups, size_t k, double level, double *low, double *high)
{
    enum { RESAMPLES = 1000 };
    dn_status status = DN_OK;
    size_t n;
    double *drawn = NULL;
    double *effects = NULL;
    dn_sample *samples = NULL;
    dn_random random;
    dn_random_seed(&random, 1);
    DN_TRY(check_groups(groups, k, 1, "the Kruskal-Wallis test", &n));
    DN_TRY_GOTO(status, dn_alloc(&drawn, n, sizeof *drawn, "resamples"), done);
    DN_TRY_GOTO(status, dn_alloc(&effects, RESAMPLES, sizeof *effects, "resamples"), done);
    DN_TRY_GOTO(status, dn_alloc(&samples, k, sizeof *samples, "resamples"), done);
    for (size_t r = 0; r < RESAMPLES; ++r) {
        size_t at = 0;
        bool possible;
        dn_result result;
        for (size_t g = 0; g < k; ++g) {
            samples[g] = (dn_sample){groups[g].name, drawn + at, groups[g].n};
            for (size_t i = 0; i < groups[g].n; ++i) {
                drawn[at++] = groups[g].values[dn_random_below(&random, groups[g].n)];
            }
        }
        DN_TRY_GOTO(status, dn_cancel_check(), done);
        DN_TRY_GOTO(status, dn_error_excuse(dn_kruskal_wallis(samples, k, level, &result), DN_EDATA, &possible), done);
        effects[r] = possible ? result.effect : 0.0; /* all drawn values equal: nothing is explained */
    }
    dn_sort(effects, RESAMPLES);
    *low = dn_quantile_sorted(effects, RESAMPLES, 0.5 - 0.5 * level);
    *high = dn_quantile_sorted(effects, RESAMPLES, 0.5 + 0.5 * level);
done:
    free(samples);
    free(effects);
    free(drawn);
    return status;
}

dn_status dn_levene(const dn_sample *groups, size_t k, dn_levene_centre centre, dn_result *out)
{
    dn_status status = DN_OK;
    dn_sample *distances = NULL;
    double *all = NULL;
    size_t n;
    size_t at = 0;
    DN_TRY(check_groups(groups, k, 2, "a test of equal variances", &n));
    DN_TRY_GOTO(status, pool(groups, k, n, &all), done);
    DN_TRY_GOTO(status, dn_alloc(&distances, k, sizeof *distances, "groups"), done);
    for (size_t g = 0; g < k; ++g) {
        double middle = dn_mean(groups[g].values, groups[g].n);
        if (centre == DN_LEVENE_MEDIAN) {
            DN_TRY_GOTO(status, dn_quantile(groups[g].values, groups[g].n, 0.5, &middle), done);
        }
        distances[g] = (dn_sample){groups[g].name, all + at, groups[g].n};
        for (size_t i = 0; i < groups[g].n; ++i, ++at) {
            all[at] = fabs(all[at] - middle);
        }
    }
    status = dn_anova(distances, k, 0.95, out);
    if (status == DN_EDATA) {
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "the distances from the centre do not vary within the groups; equal variances cannot be tested");
    }
    if (status != DN_OK) {
        goto done;
    }
    out->method = centre == DN_LEVENE_MEAN ? "Levene's test" : "Brown-Forsythe test";
    out->effect_name = NULL;
    out->effect = out->effect_low = out->effect_high = NAN;
done:
    free(distances);
    free(all);
    return status;
}

size_t dn_pair_count(size_t k)
{
    return k * (k - 1) / 2;
}

dn_status dn_dunn(const dn_sample *groups, size_t k, dn_result *results)
{
    size_t total;
    double ties;
    double *sums = NULL;
    DN_TRY(check_groups(groups, k, 1, "Dunn's test", &total));
    DN_TRY(dn_alloc(&sums, k, sizeof *sums, "rank sums"));
    dn_status status = rank_sums(groups, k, total, sums, &ties);
    double n = (double)total;
    if (status == DN_OK && all_tied(ties, n)) {
        status = dn_error_set(DN_EDATA, "all %zu values are equal; Dunn's test is not possible", total);
    }
    double scale = n * (n + 1.0) / 12.0 - ties / (12.0 * (n - 1.0));
    for (size_t i = 0; i < k && status == DN_OK; ++i) {
        for (size_t j = i + 1; j < k; ++j) {
            double a = (double)groups[i].n;
            double b = (double)groups[j].n;
            dn_result *out = results++;
            *out = dn_result_empty();
            out->method = "Dunn's test";
            out->statistic_name = "z";
            out->estimate_name = "difference of mean ranks";
            out->estimate = sums[i] / a - sums[j] / b;
            out->statistic = out->estimate / sqrt(scale * (1.0 / a + 1.0 / b));
            out->p = 2.0 * dn_normal_upper(fabs(out->statistic));
            out->n = groups[i].n + groups[j].n;
            out->groups = 2;
        }
    }
    free(sums);
    return status;
}

dn_status dn_tukey(const dn_sample *groups, size_t k, double level, dn_result *results)
{
    size_t n;
    dn_result anova;
    DN_TRY(check_groups(groups, k, 2, "Tukey's test", &n));
    DN_TRY(dn_anova(groups, k, level, &anova));
    double df = anova.df2;
    double error = within_squares(groups, k) / df;
    double reach = dn_tukey_quantile(level, (double)k, df);
    for (size_t i = 0; i < k; ++i) {
        for (size_t j = i + 1; j < k; ++j) {
            double se = sqrt(0.5 * error * (1.0 / (double)groups[i].n + 1.0 / (double)groups[j].n));
            dn_result *out = results++;
            *out = dn_result_empty();
            out->method = "Tukey's honest significant difference";
            out->statistic_name = "q";
            out->estimate_name = "difference of means";
            out->estimate = dn_mean(groups[i].values, groups[i].n) - dn_mean(groups[j].values, groups[j].n);
            out->statistic = fabs(out->estimate) / se;
            out->df1 = df;
            out->p = dn_tukey_upper(out->statistic, (double)k, df);
            out->low = out->estimate - reach * se;
            out->high = out->estimate + reach * se;
            out->level = level;
            out->n = groups[i].n + groups[j].n;
            out->groups = 2;
        }
    }
    return DN_OK;
}
