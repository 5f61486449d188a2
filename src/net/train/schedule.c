/* Learning rates over steps: constant, one-cycle (Smith and Topin 2018), cosine, and plateau. */
#include "net/train/schedule.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static const double pi = 3.14159265358979323846;

dn_schedule dn_schedule_defaults(dn_schedule_kind kind, double peak, int64_t total)
{
    return (dn_schedule){.kind = kind,
                         .peak = peak,
                         .total = total,
                         .warmup = kind == DN_SCHEDULE_ONE_CYCLE ? 0.3 : 0.0,
                         .start_factor = 25.0,
                         .end_factor = kind == DN_SCHEDULE_ONE_CYCLE ? 1e4 : 0.0,
                         .factor = 0.1,
                         .threshold = 1e-4,
                         .patience = 10};
}

dn_status dn_schedule_check(const dn_schedule *s)
{
    if (!(s->peak > 0.0) || !isfinite(s->peak)) {
        DN_FAIL(DN_EUSAGE, "a learning rate of %g; it must be above 0", s->peak);
    }
    if (s->kind == DN_SCHEDULE_CONSTANT) {
        return DN_OK;
    }
    if (s->kind == DN_SCHEDULE_PLATEAU) {
        if (!(s->factor > 0.0 && s->factor < 1.0) || s->patience < 0 || !(s->threshold >= 0.0) || !(s->floor >= 0.0)) {
            DN_FAIL(DN_EUSAGE, "plateau: factor %g must lie between 0 and 1, and patience, threshold and floor must not be below 0",
                    s->factor);
        }
        return DN_OK;
    }
    if (s->total < 1) {
        DN_FAIL(DN_EUSAGE, "a schedule over %lld steps; there must be at least 1", (long long)s->total);
    }
    if (!(s->warmup >= 0.0 && s->warmup < 1.0)) {
        DN_FAIL(DN_EUSAGE, "a warm-up of %g of the run; it must be at least 0 and below 1", s->warmup);
    }
    if (s->kind == DN_SCHEDULE_ONE_CYCLE && (!(s->start_factor >= 1.0) || !(s->end_factor >= 1.0))) {
        DN_FAIL(DN_EUSAGE, "one-cycle: the factors %g and %g must be at least 1", s->start_factor, s->end_factor);
    }
    if (s->kind == DN_SCHEDULE_COSINE && s->end_factor != 0.0 && !(s->end_factor >= 1.0)) {
        DN_FAIL(DN_EUSAGE, "cosine: the factor %g must be at least 1, or 0 to end at a rate of 0", s->end_factor);
    }
    return DN_OK;
}

/* From a (part 0) to b (part 1) along half a cosine. */
static double anneal(double a, double b, double part)
{
    return b + 0.5 * (a - b) * (1.0 + cos(pi * part));
}

static double one_cycle(const dn_schedule *s, double step)
{
    double start = s->peak / s->start_factor;
    double top = s->warmup * (double)s->total - 1.0; /* may lie between steps, or before the first */
    double end = (double)s->total - 1.0;
    if (step <= top && top > 0.0) {
        return anneal(start, s->peak, step / top);
    }
    top = top > 0.0 ? top : 0.0;
    return end > top ? anneal(s->peak, start / s->end_factor, (step - top) / (end - top)) : s->peak;
}

static double cosine(const dn_schedule *s, double step)
{
    double warm = floor(s->warmup * (double)s->total);
    if (step < warm) {
        return s->peak * (step + 1.0) / (warm + 1.0);
    }
    double end = (double)s->total - 1.0;
    double last = s->end_factor > 0.0 ? s->peak / s->end_factor : 0.0;
    return end > warm ? anneal(s->peak, last, (step - warm) / (end - warm)) : s->peak;
}

double dn_schedule_rate(const dn_schedule *s, const dn_schedule_memory *memory, int64_t step)
{
    if (s->kind == DN_SCHEDULE_CONSTANT) {
        return s->peak;
    }
    if (s->kind == DN_SCHEDULE_PLATEAU) {
        double rate = memory == NULL || memory->scale == 0.0 ? s->peak : s->peak * memory->scale;
        return rate > s->floor ? rate : s->floor;
    }
    step = step < 0 ? 0 : step >= s->total ? s->total - 1 : step;
    return s->kind == DN_SCHEDULE_ONE_CYCLE ? one_cycle(s, (double)step) : cosine(s, (double)step);
}

void dn_schedule_report(const dn_schedule *s, dn_schedule_memory *memory, double loss)
{
    if (s->kind != DN_SCHEDULE_PLATEAU) {
        return;
    }
    if (memory->scale == 0.0) {
        memory->scale = 1.0;
    }
    bool better = memory->reports == 0 || loss < memory->best - s->threshold * fabs(memory->best);
    ++memory->reports;
    if (better) {
        memory->best = loss;
        memory->waited = 0;
    } else if (++memory->waited > s->patience) {
        memory->scale *= s->factor;
        memory->waited = 0;
    }
}
