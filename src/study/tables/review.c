/* Reads and writes a person's word about a scan. */
#include "study/tables/review.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "models/sha256.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_END "_volumes.tsv"

void dn_review_release(dn_review *review)
{
    free(review->reason);
    free(review->who);
    free(review->when);
    *review = (dn_review){.accepted = false};
}

static dn_status path_of(const char *table, char **out)
{
    const size_t n = strlen(table), end = strlen(TABLE_END);
    if (!dn_path_has_extension(table, TABLE_END)) {
        DN_FAIL(DN_EUSAGE, "%s is no table of volumes (its name does not end in " TABLE_END "), so it cannot be reviewed", table);
    }
    return dn_asprintf(out, "%.*s_review.json", (int)(n - end), table);
}

static dn_status copy(const json_t *root, const char *key, char **out)
{
    const char *text = json_string_value(json_object_get(root, key));
    return dn_strdup(text != NULL ? text : "", out);
}

static dn_status take(const json_t *root, const char *table, dn_review *out, bool *there)
{
    char hash[65];
    const char *reviewed = json_string_value(json_object_get(root, "SHA256"));
    const json_t *accepted = json_object_get(root, "Accepted");
    if (!json_is_boolean(accepted) || reviewed == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_sha256_file(table, hash));
    if (strcmp(hash, reviewed) != 0) {
        return DN_OK;
    }
    out->accepted = json_is_true(accepted);
    DN_TRY(copy(root, "Reason", &out->reason));
    DN_TRY(copy(root, "Who", &out->who));
    DN_TRY(copy(root, "When", &out->when));
    *there = true;
    return DN_OK;
}

dn_status dn_review_read(const char *table, dn_review *out, bool *there)
{
    char *path = NULL;
    json_t *root = NULL;
    *out = (dn_review){.accepted = false};
    *there = false;
    if (!dn_path_has_extension(table, TABLE_END)) {
        return DN_OK;
    }
    DN_TRY(path_of(table, &path));
    dn_status status = dn_json_read_if_there(path, DN_JSON_OBJECT, &root);
    free(path);
    if (root != NULL) {
        status = take(root, table, out, there);
    }
    json_decref(root);
    if (status != DN_OK && status != DN_ENOMEM && status != DN_ECANCELLED) {
        dn_error_clear();
        status = DN_OK;
    }
    return status;
}

dn_status dn_review_write(const char *table, const dn_review *review)
{
    char *path = NULL, hash[65];
    DN_TRY(dn_sha256_file(table, hash));
    DN_TRY(path_of(table, &path));
    dn_status status = dn_json_write(json_pack("{s:b, s:s, s:s, s:s, s:s}", "Accepted", review->accepted, "Reason", review->reason, "Who",
                                               review->who, "When", review->when, "SHA256", hash),
                                     17, path);
    free(path);
    return status;
}
