/* Reads the JSON file beside a table of volumes, and remarks on scans that were measured differently. */
#define _GNU_SOURCE
#include "study/tables/provenance.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "study/tables/review.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends ", text" (", " only behind something). */
static dn_status append(char **list, const char *text)
{
    char *longer = NULL;
    DN_TRY(dn_asprintf(&longer, "%s%s%s", *list != NULL ? *list : "", *list != NULL ? ", " : "", text));
    free(*list);
    *list = longer;
    return DN_OK;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "hypothalamus (38e28b23), whole-head (...)" by the alphabet: in which order they ran does not matter. */
static dn_status read_networks(const json_t *models, char **out)
{
    dn_status status = DN_OK;
    char **names = NULL;
    const size_t count = json_array_size(models);
    DN_TRY(dn_alloc(&names, count, sizeof *names, "names of networks"));
    for (size_t i = 0; i < count; ++i) {
        const char *name = json_string_value(json_object_get(json_array_get(models, i), "Name"));
        const char *hash = json_string_value(json_object_get(json_array_get(models, i), "SHA256"));
        DN_TRY_GOTO(status, dn_asprintf(&names[i], "%s (%.8s)", name != NULL ? name : "?", hash != NULL ? hash : "?"), done);
    }
    qsort(names, count, sizeof *names, compare_texts);
    for (size_t i = 0; i < count; ++i) {
        DN_TRY_GOTO(status, append(out, names[i]), done);
    }
done:
    for (size_t i = 0; i < count; ++i) {
        free(names[i]);
    }
    free(names);
    return status;
}

static dn_status read_options(const json_t *root, const json_t *by, char **out)
{
    const char *precision = json_string_value(json_object_get(by, "Precision"));
    const json_t *consensus = json_object_get(root, "Consensus");
    char text[64];
    DN_TRY(append(out, precision != NULL ? precision : "precision not said"));
    if (json_is_object(consensus)) {
        snprintf(text, sizeof text, "consensus of %lld runs", (long long)json_integer_value(json_object_get(consensus, "Members")));
        DN_TRY(append(out, text));
    } else if (json_object_get(root, "WhiteMatterPeak") != NULL) {
        DN_TRY(append(out, "intensities scaled by the white matter"));
    }
    return DN_OK;
}

/* To a tenth of a millimetre: 0.9375 and 0.94 are the same protocol. */
static dn_status read_resolution(const json_t *root, char **out)
{
    const json_t *size = json_object_get(root, "VoxelSize_mm");
    if (json_array_size(size) != 3) {
        return DN_OK;
    }
    return dn_asprintf(out, "%.1f x %.1f x %.1f mm", json_number_value(json_array_get(size, 0)), json_number_value(json_array_get(size, 1)),
                       json_number_value(json_array_get(size, 2)));
}

/* Texts of what failed, codes of what warns; without either the marks that are 0. */
static dn_status read_flags(const json_t *root, dn_scan_record *record)
{
    const json_t *flags = json_object_get(root, "Flags");
    const json_t *quality = json_object_get(root, "Quality");
    json_t *marks = json_object_get(quality, "Marks");
    const char *name;
    json_t *mark;
    for (size_t i = 0; i < json_array_size(flags); ++i) {
        const json_t *flag = json_array_get(flags, i);
        const char *level = json_string_value(json_object_get(flag, "Level"));
        const char *code = json_string_value(json_object_get(flag, "Code"));
        const char *text = json_string_value(json_object_get(flag, "Text"));
        if (level != NULL && strcmp(level, "failed") == 0 && (text != NULL || code != NULL)) {
            DN_TRY(append(&record->reason, text != NULL ? text : code));
        } else if (level != NULL && strcmp(level, "warning") == 0 && (code != NULL || text != NULL)) {
            DN_TRY(append(&record->warnings, code != NULL ? code : text));
        }
    }
    if (record->reason != NULL || record->verdict != DN_SCAN_REJECTED) {
        return DN_OK;
    }
    json_object_foreach(marks, name, mark)
    {
        if (json_is_number(mark) && !(json_number_value(mark) > 0.0)) {
            char text[96];
            snprintf(text, sizeof text, "%.60s has the mark 0", name);
            DN_TRY(append(&record->reason, text));
        }
    }
    return DN_OK;
}

/* "AB: thalamus_L, thalamus_R". */
static dn_status read_correction(const json_t *root, dn_scan_record *record)
{
    const json_t *corrected = json_object_get(root, "Corrected"), *structures = json_object_get(corrected, "Structures");
    const char *who = json_string_value(json_object_get(corrected, "Who"));
    char *names = NULL;
    dn_status status = DN_OK;
    if (!json_is_object(corrected)) {
        return DN_OK;
    }
    for (size_t i = 0; i < json_array_size(structures) && status == DN_OK; ++i) {
        const char *name = json_string_value(json_array_get(structures, i));
        status = append(&names, name != NULL ? name : "?");
    }
    if (status == DN_OK) {
        status = dn_asprintf(&record->corrected, "%s: %s", who != NULL ? who : "?", names != NULL ? names : "nothing");
    }
    free(names);
    return status;
}

/* A person's word stands above quality control's. */
dn_status dn_scan_record_review(dn_scan_record *record)
{
    dn_review review;
    bool there;
    dn_status status = dn_review_read(record->path, &review, &there);
    if (status == DN_OK && there) {
        record->verdict = !review.accepted ? DN_SCAN_REJECTED : record->verdict == DN_SCAN_REJECTED ? DN_SCAN_BY_HAND : record->verdict;
        if (!review.accepted) {
            free(record->reason);
            record->reason = NULL;
            status = dn_asprintf(&record->reason, "rejected by %s: %s", review.who, review.reason);
        }
    }
    dn_review_release(&review);
    return status;
}

static dn_status describe(const json_t *root, dn_scan_record *record)
{
    const json_t *by = json_array_get(json_object_get(root, "GeneratedBy"), 0);
    const char *version = json_string_value(json_object_get(by, "Version"));
    if (!json_is_object(by)) {
        return DN_OK;
    }
    const char *quality = json_string_value(json_object_get(root, "QualityControl"));
    if (record->verdict == DN_SCAN_UNJUDGED && quality != NULL) {
        record->verdict = strcmp(quality, "passed") == 0                     ? DN_SCAN_ACCEPTED
                          : strncmp(quality, "failed, accepted by", 19) == 0 ? DN_SCAN_BY_HAND
                          : strncmp(quality, "failed", 6) == 0               ? DN_SCAN_REJECTED
                                                                             : DN_SCAN_UNJUDGED;
    }
    if (version != NULL) {
        DN_TRY(dn_strdup(version, &record->version));
    }
    DN_TRY(read_networks(json_object_get(by, "Models"), &record->networks));
    DN_TRY(read_options(root, by, &record->options));
    DN_TRY(read_resolution(root, &record->resolution));
    DN_TRY(read_correction(root, record));
    return read_flags(root, record);
}

static dn_status read_json(dn_scan_record *record)
{
    char *path = NULL;
    json_t *root = NULL;
    const size_t stem = strlen(record->path) > 4 ? strlen(record->path) - 4 : 0;
    DN_TRY(dn_asprintf(&path, "%.*s.json", (int)stem, record->path));
    dn_status status = dn_json_read_if_there(path, DN_JSON_OBJECT, &root);
    free(path);
    if (root == NULL) { /* the table says enough by itself */
        dn_error_clear();
        return status == DN_ENOMEM ? status : DN_OK;
    }
    status = describe(root, record);
    json_decref(root);
    return status;
}

dn_status dn_scan_record_describe(dn_scan_record *record)
{
    DN_TRY(read_json(record));
    return dn_scan_record_review(record);
}

void dn_scan_record_release(dn_scan_record *record)
{
    free(record->path);
    free(record->participant);
    free(record->session);
    free(record->reason);
    free(record->warnings);
    free(record->corrected);
    free(record->networks);
    free(record->version);
    free(record->options);
    free(record->resolution);
    *record = (dn_scan_record){0};
}

/* ---- remarks ---- */

typedef const char *(*aspect)(const dn_scan_record *scan);

static const char *networks_of(const dn_scan_record *scan)
{
    return scan->networks;
}

static const char *version_of(const dn_scan_record *scan)
{
    return scan->version;
}

static const char *options_of(const dn_scan_record *scan)
{
    return scan->options;
}

static const char *resolution_of(const dn_scan_record *scan)
{
    return scan->resolution;
}

/* "A in 12 scans (sub-01_volumes.tsv), B in 3 (sub-09_volumes.tsv)": kinds of one aspect, the first four of them. *kinds: how many. */
static dn_status say_kinds(const dn_scan_record *const *scans, size_t count, aspect of, FILE *stream, size_t *kinds)
{
    enum { SAID = 4 };
    unsigned char *seen = NULL;
    *kinds = 0;
    DN_TRY(dn_alloc(&seen, count, 1, "a list"));
    for (size_t i = 0; i < count; ++i) {
        const char *kind = of(scans[i]);
        size_t n = 0;
        if (seen[i] || kind == NULL) {
            continue;
        }
        for (size_t j = i; j < count; ++j) {
            if (of(scans[j]) != NULL && strcmp(of(scans[j]), kind) == 0) {
                seen[j] = 1;
                ++n;
            }
        }
        if ((*kinds)++ < SAID) {
            fprintf(stream, "%s%s in %zu scan%s (%s)", *kinds > 1 ? "; " : "", kind, n, n == 1 ? "" : "s", dn_path_name(scans[i]->path));
        }
    }
    if (*kinds > SAID) {
        fprintf(stream, "; and %zu more", *kinds - SAID);
    }
    free(seen);
    return DN_OK;
}

static dn_status remark_mixture(const dn_scan_record *const *scans, size_t count, dn_remarks *remarks)
{
    static const struct {
        const char *code, *what;
        aspect of;
    } aspects[] = {{"networks", "by different networks", networks_of},
                   {"versions", "by different versions of dien", version_of},
                   {"options", "with different options", options_of},
                   {"resolutions", "in voxels of different sizes", resolution_of}};
    for (size_t a = 0; a < sizeof aspects / sizeof *aspects; ++a) {
        dn_text text = {0};
        char *kinds_text = NULL;
        size_t kinds = 0;
        DN_TRY(dn_text_open(&text));
        dn_status status = say_kinds(scans, count, aspects[a].of, text.stream, &kinds);
        if (status != DN_OK) {
            dn_text_discard(&text);
            return status;
        }
        DN_TRY(dn_text_take(&text, &kinds_text));
        if (kinds > 1) {
            status = dn_remarks_add(remarks, DN_REMARK_DOUBT, aspects[a].code,
                                    "The volumes were measured %s; this can make larger differences than there are between people: %s.",
                                    aspects[a].what, kinds_text);
        }
        free(kinds_text);
        DN_TRY(status);
        if (kinds == 1 && aspects[a].of == networks_of && remarks->networks == NULL && networks_of(scans[0]) != NULL) {
            DN_TRY(dn_strdup(networks_of(scans[0]), &remarks->networks));
        }
    }
    return DN_OK;
}

/* Volumes of corrected label maps are counted; whoever reads the numbers should know. */
static dn_status remark_corrected(const dn_scan_record *const *scans, size_t count, dn_remarks *remarks)
{
    dn_list names = {0};
    const char *text;
    dn_status status = DN_OK;
    for (size_t i = 0; i < count && status == DN_OK; ++i) {
        if (scans[i]->corrected != NULL) {
            status = dn_list_add(&names, dn_path_name(scans[i]->path), scans[i]->corrected);
            status = status == DN_OK ? dn_remarks_name(remarks, "corrected", scans[i]->participant, scans[i]->path, scans[i]->corrected)
                                     : status;
        }
    }
    const size_t found = names.count;
    status = status == DN_OK && found > 0 ? dn_list_close(&names, &text) : status;
    if (status == DN_OK && found > 0) {
        status =
            dn_remarks_add(remarks, DN_REMARK_NOTE, "corrected",
                           "%zu of %zu scans have a label map that was corrected by hand; of the structures that were changed, the volume "
                           "is that of the voxels: %s.",
                           found, count, text);
    }
    dn_list_release(&names);
    return status;
}

/* One remark that names the scans for which detail is not NULL. */
static dn_status remark_names(const dn_scan_record *const *scans, size_t count, bool by_hand, dn_remarks *remarks)
{
    dn_list names = {0};
    const char *text;
    dn_status status = DN_OK;
    for (size_t i = 0; i < count && status == DN_OK; ++i) {
        if (by_hand ? scans[i]->verdict == DN_SCAN_BY_HAND : scans[i]->warnings != NULL) {
            const char *why = by_hand ? scans[i]->reason : scans[i]->warnings;
            status = dn_list_add(&names, dn_path_name(scans[i]->path), why);
            if (status == DN_OK) {
                status = dn_remarks_name(remarks, by_hand ? "by_hand" : "warnings", scans[i]->participant, scans[i]->path, why);
            }
        }
    }
    const size_t found = names.count;
    if (status == DN_OK && found > 0) {
        status = dn_list_close(&names, &text);
    }
    if (status == DN_OK && found > 0) {
        status = by_hand ? dn_remarks_add(remarks, DN_REMARK_NOTE, "by_hand",
                                          "%zu scan%s quality control rejected %s accepted by a person and counted: %s.", found,
                                          found == 1 ? " that" : "s that", found == 1 ? "was" : "were", text)
                         : dn_remarks_add(remarks, DN_REMARK_NOTE, "warnings", "%zu of %zu scans have warnings of quality control: %s.",
                                          found, count, text);
    }
    dn_list_release(&names);
    return status;
}

dn_status dn_scan_records_remark(const dn_scan_record *const *scans, size_t count, dn_remarks *remarks)
{
    DN_TRY(remark_mixture(scans, count, remarks));
    DN_TRY(remark_corrected(scans, count, remarks));
    DN_TRY(remark_names(scans, count, true, remarks));
    return remark_names(scans, count, false, remarks);
}
