/* Formats numbers, intervals and p values for sentences. */
#include "study/output/say.h"

#include "stats/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BUFFERS = 16 };

static char *next_buffer(void)
{
    static _Thread_local char buffers[BUFFERS][128];
    static _Thread_local unsigned turn;
    return buffers[turn++ % BUFFERS];
}

const char *dn_say(double value)
{
    char plain[48], *text = next_buffer();
    dn_result_format_number(fabs(value), plain, sizeof plain);
    snprintf(text, 128, "%s%s", value < 0.0 && strcmp(plain, "0") != 0 ? "\xE2\x88\x92" : "", plain);
    return text;
}

const char *dn_say_effect(double value)
{
    return dn_result_format_effect(value, next_buffer(), 128);
}

const char *dn_say_like(double value, double spread)
{
    char *text = next_buffer();
    int decimals = spread > 0.0 && isfinite(spread) ? 2 - (int)floor(log10(spread)) : 4;
    decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    bool negative = value < -0.5 * pow(10.0, -decimals);
    snprintf(text, 128, "%s%.*f", negative ? "\xE2\x88\x92" : "", decimals, negative ? -value : fmax(value, 0.0));
    return text;
}

const char *dn_say_interval(double value, double low, double high, double level)
{
    char *text = next_buffer();
    if (isnan(low) || isnan(high)) {
        snprintf(text, 128, "%s", dn_say(value));
    } else {
        snprintf(text, 128, "%s (%.4g %% CI %s to %s)", dn_say(value), 100.0 * level, dn_say(low), dn_say(high));
    }
    return text;
}

const char *dn_say_p(double p)
{
    return dn_result_format_p(p, next_buffer(), 128);
}
