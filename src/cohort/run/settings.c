/* The settings of a run as JSON, and what differs between two of them. */
#include "cohort/run/settings.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/words.h"
#include "models/sha256.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Gigabytes for one run of a network, as `dien segment` has it. */
static const double usual_memory_gb = 2.0;

static const char *const trusts[] = {"header", "sform", "qform", NULL};

dn_segmenter_options dn_run_settings_segmenter(const dn_run_settings *settings, const dn_consensus_options *consensus)
{
    return (dn_segmenter_options){.model = settings->model,
                                  .structures = settings->structures,
                                  .precision = settings->precision,
                                  .memory_limit = (int64_t)(settings->memory_gb * 1e9),
                                  .trust = settings->trust,
                                  .whole_head = settings->whole_head,
                                  .white_matter = settings->white_matter,
                                  .consensus = settings->consensus ? consensus : NULL};
}

static int set(json_t *root, const char *key, json_t *value)
{
    return json_object_set_new(root, key, value);
}

dn_status dn_run_settings_write(const dn_run_settings *s, json_t **out)
{
    json_t *root = json_object();
    int failed = root == NULL;
    if (s->model != NULL) {
        failed |= set(root, "model", json_string(s->model));
    }
    if (s->structures != NULL) {
        failed |= set(root, "structures", json_string(s->structures));
    }
    if (s->norms != NULL) {
        char sha256[65];
        failed |= set(root, "norms", json_string(s->norms));
        const dn_status status = dn_sha256_file(s->norms, sha256);
        if (status == DN_OK) {
            failed |= set(root, "norms_sha256", json_string(sha256));
        } else { /* whoever reads it says why */
            dn_error_clear();
        }
    }
    if (s->precision == DN_PRECISION_BF16) {
        failed |= set(root, "precision", json_string("bf16"));
    }
    if (s->trust != DN_TRUST_HEADER) {
        failed |= set(root, "trust", json_string(trusts[s->trust]));
    }
    if (s->memory_gb > 0.0 && s->memory_gb != usual_memory_gb) {
        failed |= set(root, "memory_gb", json_real(s->memory_gb));
    }
    if (s->white_matter > 0.0) {
        failed |= set(root, "white_matter", json_real(s->white_matter));
    }
    if (s->whole_head) {
        failed |= set(root, "whole_head", json_true());
    }
    if (s->consensus) {
        failed |= set(root, "consensus", json_true());
    }
    if (s->posteriors) {
        failed |= set(root, "posteriors", json_true());
    }
    if (failed) {
        json_decref(root);
        DN_FAIL(DN_ENOMEM, "not enough memory for the settings of a run");
    }
    *out = root;
    return DN_OK;
}

static double number_of(const json_t *json, const char *key, double otherwise)
{
    const json_t *value = json_object_get(json, key);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

dn_status dn_run_settings_read(const json_t *json, dn_run_settings *out)
{
    const char *trust = json_string_value(json_object_get(json, "trust"));
    const char *precision = json_string_value(json_object_get(json, "precision"));
    int place = DN_TRUST_HEADER;
    if (!json_is_object(json)) {
        DN_FAIL(DN_EFORMAT, "the settings of a run are no JSON object");
    }
    if (trust != NULL) {
        DN_TRY(dn_choice_of("the setting \"trust\"", trust, trusts, &place));
    }
    *out = (dn_run_settings){
        .model = json_string_value(json_object_get(json, "model")),
        .structures = json_string_value(json_object_get(json, "structures")),
        .norms = json_string_value(json_object_get(json, "norms")),
        .precision = precision != NULL && strcmp(precision, "bf16") == 0 ? DN_PRECISION_BF16 : DN_PRECISION_F32,
        .trust = (dn_trust)place,
        .memory_gb = number_of(json, "memory_gb", usual_memory_gb),
        .white_matter = number_of(json, "white_matter", 0.0),
        .whole_head = json_is_true(json_object_get(json, "whole_head")),
        .consensus = json_is_true(json_object_get(json, "consensus")),
        .posteriors = json_is_true(json_object_get(json, "posteriors")),
    };
    return DN_OK;
}

static void say_value(FILE *to, const json_t *value)
{
    if (value == NULL) {
        fputs("as usual", to);
    } else if (json_is_string(value)) {
        fputs(json_string_value(value), to);
    } else if (json_is_number(value)) {
        fprintf(to, "%g", json_number_value(value));
    } else {
        fputs(json_is_true(value) ? "yes" : "no", to);
    }
}

dn_status dn_run_settings_difference(const json_t *now, const json_t *before, char **out)
{
    static const char *const keys[] = {"model",     "structures",   "norms",      "norms_sha256", "precision",  "trust",
                                       "memory_gb", "white_matter", "whole_head", "consensus",    "posteriors", "series"};
    dn_text text = {0};
    size_t found = 0;
    *out = NULL;
    DN_TRY(dn_text_open(&text));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
        const json_t *a = json_object_get(now, keys[i]), *b = json_object_get(before, keys[i]);
        if (json_equal(a, b) || (a == NULL && b == NULL)) {
            continue;
        }
        fputs(found++ > 0 ? ", " : "", text.stream);
        if (strcmp(keys[i], "norms_sha256") == 0) {
            fputs("the norm's file was changed", text.stream);
            continue;
        }
        fprintf(text.stream, "%s (", keys[i]);
        say_value(text.stream, a);
        fputs(", was ", text.stream);
        say_value(text.stream, b);
        fputc(')', text.stream);
    }
    char *words = NULL;
    DN_TRY(dn_text_take(&text, &words));
    if (found == 0) {
        free(words);
        words = NULL;
    }
    *out = words;
    return DN_OK;
}
