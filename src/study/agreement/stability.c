/* The work of `dien stability` (Opfer et al. 2022): tables, paragraph and figure. */
#define _GNU_SOURCE
#include "study/agreement/stability.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"
#include "chart/figure_kinds.h"
#include "stats/normative.h"
#include "stats/stability.h"
#include "study/output/labels.h"
#include "study/output/say.h"
#include "study/tables/cases.h"
#include "study/tables/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct stability_job {
    const dn_stability_options *options;
    const char *folder, *unit;
    double level;
    char **methods;
    size_t k;
    dn_cases cases;
    size_t *person, *scanner; /* one per case; person NULL: one person */
    dn_stability *fits;       /* k */
    double *between_sd;       /* k, NaN: not known */
    size_t *between_n;
    dn_table *summary, *tests;
    dn_remarks remarks;
    FILE *text;
} stability_job;

/* Numbers the different texts of a column from 0, in order of appearance. Cases without one: DN_EDATA. */
static dn_status number_texts(const dn_table *table, const dn_cases *cases, const char *column_name, size_t *out)
{
    size_t column = 0, found = 0;
    DN_TRY(dn_table_column(table, column_name, &column));
    for (size_t i = 0; i < cases->n; ++i) {
        const char *text = dn_table_text(table, cases->row[i], column);
        size_t j = 0;
        if (text == NULL) {
            DN_FAIL(DN_EDATA, "%s: line %zu has no %s", dn_table_name(table), dn_table_line(table, cases->row[i]), column_name);
        }
        while (j < i && strcmp(text, dn_table_text(table, cases->row[j], column)) != 0) {
            ++j;
        }
        out[i] = j < i ? out[j] : found++;
    }
    return DN_OK;
}

static dn_status load(stability_job *job, dn_table **table)
{
    const char *id = job->options->tables.id;
    const dn_table_roles roles = {.id = id,
                                  .scanner = job->options->scanner,
                                  .values = (const char *const *)job->methods,
                                  .value_count = job->k};
    DN_TRY(dn_study_load(&job->options->tables, true, table, &job->remarks));
    DN_TRY(dn_study_check(&job->options->tables, *table, &roles, &job->remarks));
    job->unit = dn_study_unit(&job->options->tables, *table, job->methods[0]);
    DN_TRY(dn_cases_take(*table, (const char *const *)job->methods, job->k, id, 1, &job->cases));
    DN_TRY(dn_alloc(&job->scanner, job->cases.n, sizeof *job->scanner, "the scanners"));
    DN_TRY(number_texts(*table, &job->cases, job->options->scanner, job->scanner));
    if (dn_table_find(*table, id) != DN_TABLE_NONE) {
        DN_TRY(dn_alloc(&job->person, job->cases.n, sizeof *job->person, "the persons"));
        DN_TRY(number_texts(*table, &job->cases, id, job->person));
    } else if (job->options->id_given) {
        size_t ignored;
        return dn_table_column(*table, id, &ignored);
    }
    return DN_OK;
}

static dn_status read_between_sd(stability_job *job)
{
    dn_status status = DN_OK;
    char **items = NULL;
    size_t count = 0;
    bool norms = job->options->norms != NULL;
    if (norms && job->options->between_sd != NULL) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_NORMS_OR_SD, "give the SD between people by norms or as numbers, not by both");
    }
    DN_TRY(dn_split_list(norms ? job->options->norms : job->options->between_sd, &items, &count));
    if (count > 0 && count != job->k) {
        DN_FAIL_OFFER_GOTO(status, done, DN_EUSAGE, norms ? DN_REMEDY_NORMS : DN_REMEDY_BETWEEN_SD, "there are %zu %s for %zu methods",
                           count, norms ? "norms" : "SDs between people", job->k);
    }
    for (size_t m = 0; m < job->k; ++m) {
        job->between_sd[m] = NAN;
        if (count > 0 && norms) {
            dn_norm_model model;
            DN_TRY_GOTO(status, dn_norm_read(items[m], &model), done);
            double there = dn_unit_mm3(model.unit), here = dn_unit_mm3(job->unit);
            job->between_sd[m] = there > 0.0 && here > 0.0 ? model.sd * (there / here) : model.sd;
            job->between_n[m] = model.n;
            dn_norm_model_release(&model);
            if (isnan(job->between_sd[m])) {
                DN_FAIL_GOTO(status, done, DN_EDATA, "%s is a norm by quantiles, which has no SD; make one by least squares", items[m]);
            }
        } else if (count > 0) {
            char *end = NULL;
            job->between_sd[m] = dn_number_parse(items[m], &end);
            if (*end != 0 || !(job->between_sd[m] > 0.0) || !isfinite(job->between_sd[m])) {
                DN_FAIL_OFFER_GOTO(status, done, DN_EUSAGE, DN_REMEDY_BETWEEN_SD, "the SD between people, %s, is not a number above 0",
                                   items[m]);
            }
        }
    }
done:
    free(items);
    return status;
}

static dn_status fit(stability_job *job)
{
    double *values = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_alloc(&values, job->cases.n, sizeof *values, "the volumes"));
    for (size_t m = 0; m < job->k && status == DN_OK; ++m) {
        for (size_t i = 0; i < job->cases.n; ++i) {
            values[i] = job->cases.values[i * job->k + m];
        }
        status = dn_stability_fit(values, job->person, job->scanner, job->cases.n, job->level, &job->fits[m]);
    }
    free(values);
    return status;
}

/* ---- results ------------------------------------------------------------------------------------------------------------------- */

static dn_status put_pool(stability_job *job, size_t m, bool between)
{
    const dn_stability *found = &job->fits[m];
    const dn_pool *pool = between ? &found->between : &found->within;
    size_t row = 0;
    double ratio = NAN, low = NAN, high = NAN;
    if (pool->n < 2) {
        return DN_OK;
    }
    if (between && !isnan(job->between_sd[m])) {
        DN_TRY(dn_sd_ratio(pool->sd, pool->n, job->between_sd[m], job->between_n[m], job->level, &ratio, &low, &high));
    }
    DN_TRY(dn_table_add_row(job->summary, &row));
    DN_TRY(dn_table_put_text(job->summary, "method", job->methods[m]));
    DN_TRY(dn_table_put_text(job->summary, "variability", between ? "inter-scanner" : "intra-scanner"));
    const struct {
        const char *column;
        double value;
    } cells[] = {{"scans", (double)found->n},
                 {"persons", (double)found->persons},
                 {"scanners", (double)found->scanners},
                 {"sessions", (double)found->sessions},
                 {"sessions_with_one_scan", (double)found->single},
                 {"mean", found->mean},
                 {"residuals", (double)pool->n},
                 {"sd", pool->sd},
                 {"p50_absolute", pool->p50},
                 {"p95_absolute", pool->p95},
                 {"component_sd", pool->component},
                 {"component_sd_low", pool->component_low},
                 {"component_sd_high", pool->component_high},
                 {"between_subject_sd", between ? job->between_sd[m] : NAN},
                 {"ratio", ratio},
                 {"ratio_low", low},
                 {"ratio_high", high},
                 {"level", job->level}};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; ++i) {
        DN_TRY(dn_table_put_number(job->summary, cells[i].column, cells[i].value));
    }
    return DN_OK;
}

static void say_pools(stability_job *job, bool between)
{
    const char *space = job->unit != NULL ? " " : "", *unit = job->unit != NULL ? job->unit : "";
    size_t said = 0;
    for (size_t m = 0; m < job->k; ++m) {
        const dn_pool *pool = between ? &job->fits[m].between : &job->fits[m].within;
        if (pool->n < 2) {
            continue;
        }
        if (said++ == 0) {
            fprintf(job->text,
                    between ? " Between scanners (%zu residuals per method): " : " Within scanners (%zu residuals per method): ", pool->n);
        }
        fprintf(job->text, "%s%s SD %s%s%s (50th and 95th percentile of the absolute residuals %s and %s%s%s)", said > 1 ? "; " : "",
                job->methods[m], dn_say(pool->sd), space, unit, dn_say(pool->p50), dn_say(pool->p95), space, unit);
        if (!between) {
            fprintf(job->text, ", unbiased %s", dn_say(pool->component));
        }
        if (between && !isnan(job->between_sd[m])) {
            fprintf(job->text, ", %s of the between-subject SD of %s%s%s", dn_say(pool->sd / job->between_sd[m]),
                    dn_say(job->between_sd[m]), space, unit);
        }
    }
    fprintf(job->text, said > 0 ? "." : between ? " No person was scanned on two scanners." : " No scanner has repeats.");
}

/* The rows and the sentence of one pair: the three tests, of which the text gives Levene's. */
static dn_status tell_pair(stability_job *job, bool between, const char *a, const char *b, dn_result *const tests[3], double ratio)
{
    char *analysis = NULL;
    dn_status status = DN_OK;
    DN_TRY(dn_asprintf(&analysis, "%s: %s vs %s", between ? "inter-scanner" : "intra-scanner", a, b));
    for (int t = 0; t < 3 && status == DN_OK; ++t) {
        tests[t]->estimate_name = "variance ratio";
        tests[t]->estimate = ratio;
        status = dn_result_append(job->tests, analysis, tests[t]);
    }
    free(analysis);
    DN_TRY(status);
    const double p = isnan(tests[0]->p_adjusted) ? tests[0]->p : tests[0]->p_adjusted;
    fprintf(job->text, "%s vs %s %s", a, b, isnan(p) ? "not testable" : dn_say_p(p));
    return DN_OK;
}

/* All pairs of methods for one pool, each of the three tests adjusted over the pairs. */
static dn_status compare(stability_job *job, bool between)
{
    dn_status status = DN_OK;
    size_t pairs = dn_pair_count(job->k), pair = 0;
    dn_result *rows[3] = {NULL, NULL, NULL};
    double *ratios = NULL;
    dn_adjustment adjustment = job->options->adjustment;
    const dn_pool *first = between ? &job->fits[0].between : &job->fits[0].within;
    if (job->k < 2 || first->n < 2) {
        return DN_OK;
    }
    for (int t = 0; t < 3; ++t) {
        DN_TRY_GOTO(status, dn_alloc(&rows[t], pairs, sizeof **rows, "the tests"), done);
    }
    DN_TRY_GOTO(status, dn_alloc(&ratios, pairs, sizeof *ratios, "the tests"), done);
    for (size_t a = 0; a < job->k; ++a) {
        for (size_t b = a + 1; b < job->k; ++b, ++pair) {
            dn_pool_comparison found;
            DN_TRY_GOTO(status,
                        dn_pool_compare(between ? &job->fits[a].between : &job->fits[a].within, job->methods[a],
                                        between ? &job->fits[b].between : &job->fits[b].within, job->methods[b], &found),
                        done);
            rows[0][pair] = found.levene;
            rows[1][pair] = found.brown_forsythe;
            rows[2][pair] = found.pitman_morgan;
            ratios[pair] = found.variance_ratio;
        }
    }
    for (int t = 0; t < 3; ++t) {
        DN_TRY_GOTO(status, dn_adjust_results(rows[t], pairs, adjustment), done);
    }
    fprintf(job->text, " Equal variances %s scanners (Levene's test%s%s): ", between ? "between" : "within",
            adjustment != DN_ADJUST_NONE ? ", p after " : "", adjustment != DN_ADJUST_NONE ? dn_adjustment_name(adjustment) : "");
    pair = 0;
    for (size_t a = 0; a < job->k; ++a) {
        for (size_t b = a + 1; b < job->k; ++b, ++pair) {
            dn_result *const tests[3] = {&rows[0][pair], &rows[1][pair], &rows[2][pair]};
            fprintf(job->text, "%s", pair > 0 ? "; " : "");
            DN_TRY_GOTO(status, tell_pair(job, between, job->methods[a], job->methods[b], tests, ratios[pair]), done);
        }
    }
    fputc('.', job->text);
done:
    for (int t = 0; t < 3; ++t) {
        free(rows[t]);
    }
    free(ratios);
    return status;
}

static dn_status draw(const stability_job *job)
{
    dn_status status = DN_OK;
    dn_figure *figure = NULL;
    dn_figure_group *groups = NULL;
    char *label = NULL, **names = NULL;
    const char *note = job->options->output.note, *unit = job->unit;
    int panels = (job->fits[0].within.n > 1) + (job->fits[0].between.n > 1);
    DN_TRY_GOTO(status, dn_alloc(&groups, job->k, sizeof *groups, "a figure"), done);
    DN_TRY_GOTO(status, dn_alloc(&names, job->k, sizeof *names, "a figure"), done);
    DN_TRY_GOTO(status, dn_asprintf(&label, "Residual%s%s%s", unit != NULL ? " (" : "", unit != NULL ? unit : "", unit != NULL ? ")" : ""),
                done);
    DN_TRY_GOTO(status, dn_figure_create(panels == 1 ? 85 : 174, 75, 1, panels, &figure), done);
    double reach = 0.0;
    for (size_t m = 0; m < job->k; ++m) { /* one ordinate for both panels */
        DN_TRY_GOTO(status, dn_label_of(job->methods[m], &names[m]), done);
        for (int between = 0; between < 2; ++between) {
            const dn_pool *pool = between ? &job->fits[m].between : &job->fits[m].within;
            for (size_t i = 0; i < pool->n; ++i) {
                reach = fmax(reach, fabs(pool->residuals[i]));
            }
        }
    }
    for (int between = 0; between < 2; ++between) {
        if ((between ? job->fits[0].between.n : job->fits[0].within.n) < 2) {
            continue;
        }
        for (size_t m = 0; m < job->k; ++m) {
            const dn_pool *pool = between ? &job->fits[m].between : &job->fits[m].within;
            groups[m] = (dn_figure_group){.name = names[m], .n = pool->n, .values = pool->residuals};
        }
        dn_panel panel = {.title = between ? "Between scanners" : "Within scanners",
                          .y_label = label,
                          .y_low = -1.08 * reach,
                          .y_high = 1.08 * reach};
        DN_TRY_GOTO(status, dn_figure_box_plot(figure, &panel, groups, job->k, NULL, 0), done);
    }
    status = dn_study_write_figure(job->folder, "stability_residuals", note, figure);
done:
    dn_figure_destroy(figure);
    for (size_t m = 0; names != NULL && m < job->k; ++m) {
        free(names[m]);
    }
    free(names);
    free(groups);
    free(label);
    return status;
}

static dn_status report(stability_job *job)
{
    const dn_stability *first = &job->fits[0];
    fprintf(job->text, "Stability of %zu method%s in %zu scans of %zu person%s on %zu scanner%s.", job->k, job->k == 1 ? "" : "s", first->n,
            first->persons, first->persons == 1 ? "" : "s", first->scanners, first->scanners == 1 ? "" : "s");
    for (int between = 0; between < 2; ++between) {
        for (size_t m = 0; m < job->k; ++m) {
            DN_TRY(put_pool(job, m, between));
        }
        say_pools(job, between);
        DN_TRY(compare(job, between));
    }
    dn_cases_say_omitted(job->text, &job->cases);
    fputc('\n', job->text);
    return DN_OK;
}

static void release(stability_job *job)
{
    for (size_t m = 0; job->fits != NULL && m < job->k; ++m) {
        dn_stability_release(&job->fits[m]);
    }
    free(job->fits);
    free(job->between_sd);
    free(job->between_n);
    free(job->person);
    free(job->scanner);
    free(job->methods);
    dn_cases_release(&job->cases);
    dn_table_destroy(job->summary);
    dn_table_destroy(job->tests);
}

dn_status dn_study_stability(const dn_stability_options *options, dn_study_result *result)
{
    dn_status status = DN_OK;
    dn_table *table = NULL;
    char *paragraph = NULL;
    dn_text text = {0};
    stability_job job = {.options = options, .folder = options->output.folder, .unit = options->tables.unit, .level = options->level};
    DN_TRY_GOTO(status, dn_split_list(options->values, &job.methods, &job.k), done);
    if (job.k == 0) {
        DN_FAIL_OFFER_GOTO(status, done, DN_EUSAGE, DN_REMEDY_VALUES, "name a column per method");
    }
    DN_TRY_GOTO(status, dn_alloc(&job.fits, job.k, sizeof *job.fits, "the methods"), done);
    DN_TRY_GOTO(status, dn_alloc(&job.between_sd, job.k, sizeof *job.between_sd, "the methods"), done);
    DN_TRY_GOTO(status, dn_alloc(&job.between_n, job.k, sizeof *job.between_n, "the methods"), done);
    DN_TRY_GOTO(status, dn_table_create("stability", &job.summary), done);
    DN_TRY_GOTO(status, dn_table_create("stability_tests", &job.tests), done);
    DN_TRY_GOTO(status, load(&job, &table), done);
    DN_TRY_GOTO(status, read_between_sd(&job), done);
    DN_TRY_GOTO(status, fit(&job), done);
    DN_TRY_GOTO(status, dn_text_open(&text), done);
    job.text = text.stream;
    DN_TRY_GOTO(status, report(&job), done);
    DN_TRY_GOTO(status, dn_text_take(&text, &paragraph), done);
    DN_TRY_GOTO(status, dn_study_write_table(job.folder, "stability", job.summary), done);
    if (dn_table_rows(job.tests) > 0) {
        DN_TRY_GOTO(status, dn_study_write_table(job.folder, "stability_tests", job.tests), done);
    }
    DN_TRY_GOTO(status, dn_study_emit(job.folder, "stability", paragraph, &job.remarks, result), done);
    dn_study_figures figures = {.folder = job.folder};
    if (dn_study_draw_next(&figures)) {
        dn_study_drawn(&figures, draw(&job));
    }
    status = dn_study_figures_end(&figures);
done:
    dn_text_discard(&text);
    free(paragraph);
    status = dn_study_end(status, &job.remarks);
    release(&job);
    dn_table_destroy(table);
    return status;
}
