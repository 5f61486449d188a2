/* The volumes that can be made of a study, judged, and the one that is measured. */
#define _GNU_SOURCE
#include "cohort/dicom/candidates.h"

#include "base/job.h"
#include "base/memory.h"
#include "base/text.h"
#include "cohort/dicom/convert.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void dn_dicom_candidates_release(dn_dicom_candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; ++i) {
        free(candidates->list[i].name);
        json_decref(candidates->list[i].sidecar);
    }
    free(candidates->list);
    *candidates = (dn_dicom_candidates){0};
}

/* ---- what there is ------------------------------------------------------------------------------------------------ */

/* What people write into the field for the agent when there was none. */
static const char *agent_of(const dn_dicom_header *header)
{
    static const char *const none[] = {"none", "no", "n", "0", "without", "keine", "ohne", "n/a", "na"};
    const char *agent = header->text[DN_DICOM_CONTRAST_AGENT];
    for (size_t i = 0; i < sizeof none / sizeof *none; ++i) {
        if (strcasecmp(agent, none[i]) == 0) {
            return "";
        }
    }
    return *agent == '\0' && header->agent_in_sequence ? "named in a sequence" : agent;
}

static void copy_text(const json_t *sidecar, const char *key, char out[128])
{
    const char *text = json_string_value(json_object_get(sidecar, key));
    snprintf(out, 128, "%s", text != NULL ? text : "");
}

static void judge(const dn_dicom_study *study, dn_dicom_candidate *it)
{
    const dn_dicom_series *series = &study->series[it->series];
    copy_text(it->sidecar, "SeriesDescription", it->description);
    copy_text(it->sidecar, "ProtocolName", it->protocol);
    if (it->description[0] == '\0') {
        snprintf(it->description, sizeof it->description, "%s", series->first.text[DN_DICOM_SERIES_DESCRIPTION]);
    }
    dn_private_show(&study->hidden, it->description[0] != '\0' ? it->description : it->protocol, it->shown, sizeof it->shown);
    const dn_series_facts facts = {.description = it->description,
                                   .protocol = it->protocol,
                                   .sidecar = it->sidecar,
                                   .agent = agent_of(&series->first),
                                   .images = series->images,
                                   .slices = (long long)series->slices.places,
                                   .spacing = series->slices.spacing,
                                   .mixed = series->part};
    dn_series_judge(&facts, &it->verdict);
}

/* conversion: its names and sidecars are taken. */
static dn_status add(const dn_dicom_study *study, size_t series, dn_conversion *conversion, dn_dicom_candidates *out)
{
    const size_t more = conversion->count > 0 ? conversion->count : 1;
    DN_TRY(dn_realloc(&out->list, out->count + more, sizeof *out->list, "the series of a study"));
    for (size_t i = 0; i < more; ++i) {
        dn_dicom_candidate *it = &out->list[out->count++];
        *it = (dn_dicom_candidate){.series = series};
        if (i < conversion->count) {
            it->name = conversion->volumes[i].name;
            it->sidecar = conversion->volumes[i].sidecar;
            conversion->volumes[i] = (dn_converted){0};
        }
        judge(study, it);
    }
    return DN_OK;
}

static bool comes_before(const dn_dicom_study *study, const dn_dicom_candidate *a, const dn_dicom_candidate *b)
{
    const int64_t p = study->series[a->series].number, q = study->series[b->series].number;
    return p != q ? p < q : a->series < b->series;
}

/* By number; of equal ones as they were found. */
static void sort_all(const dn_dicom_study *study, dn_dicom_candidates *out)
{
    for (size_t i = 1; i < out->count; ++i) {
        const dn_dicom_candidate one = out->list[i];
        size_t at = i;
        for (; at > 0 && comes_before(study, &one, &out->list[at - 1]); --at) {
            out->list[at] = out->list[at - 1];
        }
        out->list[at] = one;
    }
}

static void name_all(const dn_dicom_study *study, dn_dicom_candidates *out)
{
    int64_t before = -1;
    int same = 0;
    for (size_t i = 0; i < out->count; ++i) {
        const int64_t number = study->series[out->list[i].series].number;
        same = i > 0 && number == before ? same + 1 : 1;
        before = number;
        if (same > 1) {
            snprintf(out->list[i].id, sizeof out->list[i].id, "%lld.%d", (long long)number, same);
        } else {
            snprintf(out->list[i].id, sizeof out->list[i].id, "%lld", (long long)number);
        }
    }
}

dn_status dn_dicom_candidates_find(const dn_dicom_study *study, const char *scratch, dn_dicom_candidates *out)
{
    for (size_t s = 0; s < study->series_count; ++s) {
        dn_conversion conversion = {0};
        char *in = NULL, *described = NULL;
        dn_status status = dn_asprintf(&in, "%s/in-%zu", scratch, s);
        status = status == DN_OK ? dn_asprintf(&described, "%s/described-%zu", scratch, s) : status;
        status = status == DN_OK ? dn_dicom_study_link(study, s, in) : status;
        status = status == DN_OK ? dn_convert(in, described, DN_CONVERT_DESCRIBE, study->series[s].files, &conversion) : status;
        status = status == DN_OK ? add(study, s, &conversion, out) : status;
        dn_conversion_release(&conversion);
        free(described);
        free(in);
        DN_TRY(status);
        dn_progress("series", (int64_t)s + 1, (int64_t)study->series_count);
    }
    sort_all(study, out);
    name_all(study, out);
    return DN_OK;
}

/* ---- which one ---------------------------------------------------------------------------------------------------- */

/* "1 localizer (a localizer); 2 ..." for a message. */
static dn_status list_all(const dn_dicom_candidates *candidates, bool with_reasons, char **out)
{
    enum { MOST = 12 };
    dn_text text = {0};
    DN_TRY(dn_text_open(&text));
    for (size_t i = 0; i < candidates->count && i < MOST; ++i) {
        const dn_dicom_candidate *it = &candidates->list[i];
        fprintf(text.stream, "%s%s %s", i > 0 ? "; " : "", it->id, it->shown);
        if (with_reasons) {
            fprintf(text.stream, " (%.*s)", 90, it->verdict.text);
        }
    }
    if (candidates->count > MOST) {
        fprintf(text.stream, "; and %zu more", candidates->count - MOST);
    }
    return dn_text_take(&text, out);
}

/* code with "sentence: list of what is there". */
static dn_status fail_with_list(const dn_dicom_candidates *candidates, dn_status code, bool with_reasons, const char *sentence)
{
    char *list = NULL;
    DN_TRY(list_all(candidates, with_reasons, &list));
    dn_error_set(code, "%s; the series are: %s", sentence, list);
    free(list);
    return code;
}

static dn_status fail_wanted(const dn_dicom_candidates *candidates, const char *path, const char *wanted, size_t found)
{
    char *sentence = NULL;
    DN_TRY(found == 0 ? dn_asprintf(&sentence, "%s holds no series '%s'", path, wanted)
                      : dn_asprintf(&sentence, "'%s' fits %zu series of %s: give the number of one", wanted, found, path));
    const dn_status status = fail_with_list(candidates, DN_EUSAGE, false, sentence);
    free(sentence);
    return status;
}

/* By number first, then by the whole description, then by a part of it. */
static dn_status find_wanted(const dn_dicom_candidates *candidates, const char *path, const char *wanted, const dn_dicom_candidate **out)
{
    for (int how = 0; how < 3; ++how) {
        size_t found = 0;
        for (size_t i = 0; i < candidates->count; ++i) {
            const dn_dicom_candidate *it = &candidates->list[i];
            const bool fits = how == 0   ? strcmp(it->id, wanted) == 0
                              : how == 1 ? strcasecmp(it->description, wanted) == 0 || strcasecmp(it->protocol, wanted) == 0
                                         : strcasestr(it->description, wanted) != NULL || strcasestr(it->protocol, wanted) != NULL;
            if (fits) {
                ++found;
                *out = it;
            }
        }
        if (found > 1) {
            return fail_wanted(candidates, path, wanted, found);
        }
        if (found == 1) {
            return DN_OK;
        }
    }
    return fail_wanted(candidates, path, wanted, 0);
}

/* Seconds; NaN: not known. */
static double echo_of(const dn_dicom_candidate *it)
{
    const json_t *value = json_object_get(it->sidecar, "EchoTime");
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Of equal ones the last, because a scan is repeated when it was bad; but of the echoes of one series the first, which is the most
 * T1-weighted. */
static bool is_better(const dn_dicom_candidate *it, const dn_dicom_candidate *than)
{
    if (it->verdict.score != than->verdict.score) {
        return it->verdict.score > than->verdict.score;
    }
    return it->series != than->series || !(echo_of(it) > echo_of(than));
}

static dn_status find_best(const dn_dicom_candidates *candidates, const char *path, const dn_dicom_candidate **out)
{
    *out = NULL;
    for (size_t i = 0; i < candidates->count; ++i) {
        const dn_dicom_candidate *it = &candidates->list[i];
        if (it->verdict.taken && (*out == NULL || is_better(it, *out))) {
            *out = it;
        }
    }
    if (*out != NULL) {
        return DN_OK;
    }
    char *sentence = NULL;
    DN_TRY(dn_asprintf(&sentence, "%s holds no T1-weighted series", path));
    const dn_status status = fail_with_list(candidates, DN_EDATA, true, sentence);
    free(sentence);
    return dn_error_offer(status, DN_REMEDY_SERIES);
}

void dn_dicom_reasons_release(dn_dicom_reasons *reasons)
{
    for (size_t i = 0; i < reasons->count; ++i) {
        free(reasons->text[i]);
    }
    free(reasons->text);
    *reasons = (dn_dicom_reasons){.text = NULL};
}

static dn_status note(dn_dicom_reasons *said, const char *who, dn_log_level level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static dn_status note(dn_dicom_reasons *said, const char *who, dn_log_level level, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    dn_status status = dn_vasprintf(&text, format, arguments);
    va_end(arguments);
    DN_TRY(status);
    dn_log(level, "%s%s", who, text);
    status = dn_realloc(&said->text, said->count + 1, sizeof *said->text, "the reasons of a choice");
    if (status != DN_OK) {
        free(text);
        return status;
    }
    said->text[said->count++] = text;
    return DN_OK;
}

static dn_status say_chosen(const dn_dicom_candidates *candidates, const dn_dicom_candidate *it, bool by_hand, const char *who,
                            dn_dicom_reasons *said)
{
    size_t t1 = 0;
    for (size_t i = 0; i < candidates->count; ++i) {
        t1 += candidates->list[i].verdict.taken;
    }
    if (by_hand) {
        return note(said, who, it->verdict.taken ? DN_LOG_NOTE : DN_LOG_WARNING,
                    "series %s, %s, is measured, because it was asked for (%s)", it->id, it->shown, it->verdict.text);
    }
    if (t1 > 1) {
        return note(said, who, DN_LOG_NOTE, "series %s, %s, is measured; of %zu T1-weighted series it has the highest score, %.0f: %s",
                    it->id, it->shown, t1, it->verdict.score, it->verdict.text);
    }
    return note(said, who, DN_LOG_NOTE, "series %s, %s, is measured: %s", it->id, it->shown, it->verdict.text);
}

static dn_status say(const dn_dicom_candidates *candidates, const dn_dicom_candidate *chosen, bool by_hand, const char *who,
                     dn_dicom_reasons *said)
{
    DN_TRY(say_chosen(candidates, chosen, by_hand, who, said));
    for (size_t i = 0; i < candidates->count; ++i) {
        const dn_dicom_candidate *it = &candidates->list[i];
        if (it == chosen) {
            continue;
        }
        if (it->verdict.taken) {
            DN_TRY(note(said, who, DN_LOG_NOTE, "series %s, %s, is not measured: score %.0f%s; %s", it->id, it->shown, it->verdict.score,
                        it->verdict.score != chosen->verdict.score || by_hand ? ""
                        : it->series == chosen->series                        ? ", and it is a later echo"
                                                                              : ", and it is the earlier one",
                        it->verdict.text));
        } else {
            DN_TRY(note(said, who, DN_LOG_NOTE, "series %s, %s, is not measured: %s", it->id, it->shown, it->verdict.text));
        }
    }
    return DN_OK;
}

dn_status dn_dicom_choose(const dn_dicom_candidates *candidates, const char *wanted, const char *path, const char *who,
                          const dn_dicom_candidate **out, dn_dicom_reasons *said)
{
    DN_TRY(wanted != NULL ? find_wanted(candidates, path, wanted, out) : find_best(candidates, path, out));
    return say(candidates, *out, wanted != NULL, who, said);
}
