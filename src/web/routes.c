/* The routes' table, and the search in it. */
#define _GNU_SOURCE
#include "web/routes.h"

#include "web/handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dn_route routes[] = {
    {"GET", "/", DN_BODY_NONE, NULL, dn_get_page},
    {"GET", "/assets/*", DN_BODY_NONE, NULL, dn_get_asset},
    {"GET", "/api/openapi.json", DN_BODY_NONE, NULL, dn_get_openapi},
    {"GET", "/api/about", DN_BODY_NONE, NULL, dn_get_about},
    {"POST", "/api/uploads", DN_BODY_LIST, NULL, dn_post_upload},
    {"GET", "/api/uploads/{id}", DN_BODY_NONE, NULL, dn_get_upload},
    {"DELETE", "/api/uploads/{id}", DN_BODY_NONE, NULL, dn_delete_upload},
    {"PUT", "/api/uploads/{id}/{index}", DN_BODY_FILE, dn_put_upload_begin, dn_put_upload},
    {"POST", "/api/jobs", DN_BODY_JSON, NULL, dn_post_job},
    {"GET", "/api/jobs", DN_BODY_NONE, NULL, dn_get_jobs},
    {"GET", "/api/jobs/{id}", DN_BODY_NONE, NULL, dn_get_job},
    {"DELETE", "/api/jobs/{id}", DN_BODY_NONE, NULL, dn_delete_job},
    {"POST", "/api/jobs/{id}/cancel", DN_BODY_NONE, NULL, dn_post_cancel},
    {"POST", "/api/jobs/{id}/again", DN_BODY_JSON, NULL, dn_post_again},
    {"PUT", "/api/jobs/{id}/person", DN_BODY_JSON, NULL, dn_put_person},
    {"GET", "/api/jobs/{id}/events", DN_BODY_NONE, NULL, dn_get_job_events},
    {"GET", "/api/jobs/{id}/result", DN_BODY_NONE, NULL, dn_get_result},
    {"GET", "/api/jobs/{id}/files/{name}", DN_BODY_NONE, NULL, dn_get_file},
    {"GET", "/api/jobs/{id}/zip", DN_BODY_NONE, NULL, dn_get_zip},
    {"GET", "/api/jobs/{id}/scan", DN_BODY_NONE, NULL, dn_get_scan},
    {"POST", "/api/jobs/{id}/versions", DN_BODY_FILE, dn_post_version_begin, dn_post_version},
    {"PUT", "/api/jobs/{id}/review", DN_BODY_JSON, NULL, dn_put_review},
    {"GET", "/api/events", DN_BODY_NONE, NULL, dn_get_events},
    {"GET", "/api/groups", DN_BODY_NONE, NULL, dn_get_groups},
    {"POST", "/api/groups", DN_BODY_LIST, NULL, dn_post_group},
    {"GET", "/api/groups/{id}", DN_BODY_NONE, NULL, dn_get_group},
    {"DELETE", "/api/groups/{id}", DN_BODY_NONE, NULL, dn_delete_group},
    {"GET", "/api/groups/{id}/table.tsv", DN_BODY_NONE, NULL, dn_get_table},
    {"PUT", "/api/groups/{id}/participants", DN_BODY_JSON, NULL, dn_put_participants},
    {"GET", "/api/groups/{id}/rows/{key}/picture", DN_BODY_NONE, NULL, dn_get_picture},
    {"GET", "/api/groups/{id}/rows/{key}/thumbnail", DN_BODY_NONE, NULL, dn_get_thumbnail},
    {"PUT", "/api/groups/{id}/rows/{key}/review", DN_BODY_JSON, NULL, dn_put_row_review},
    {"POST", "/api/groups/{id}/compare", DN_BODY_JSON, NULL, dn_post_compare},
    {"GET", "/api/groups/{id}/comparisons/{comparison}/{file}", DN_BODY_NONE, NULL, dn_get_comparison_file},
    {"GET", "/api/models", DN_BODY_NONE, NULL, dn_get_models},
    {"POST", "/api/models", DN_BODY_JSON, NULL, dn_post_model},
    {"GET", "/api/trainings", DN_BODY_NONE, NULL, dn_get_trainings},
    {"GET", "/api/trainings/{name}/curves", DN_BODY_NONE, NULL, dn_get_curves},
};

const dn_route *dn_route_at(size_t i)
{
    return i < sizeof routes / sizeof *routes ? &routes[i] : NULL;
}

bool dn_is_id(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

/* The length of the part at text, up to the next slash. */
static size_t part_length(const char *text)
{
    return strcspn(text, "/");
}

/* Whether a part of a request's path may stand for one in braces. */
static bool stands_for(const char *braces, size_t length, const char *text, size_t n)
{
    if (n == 0 || (n == 1 && text[0] == '.') || (n == 2 && text[0] == '.' && text[1] == '.')) {
        return false;
    }
    if (length == 4 && memcmp(braces, "{id}", 4) == 0) {
        return n == 16 && strspn(text, "0123456789abcdef") >= 16;
    }
    return true;
}

/* parts: where the captured parts begin, and their lengths; count of them in *count. */
static bool matches(const char *pattern, const char *path, const char *parts[], size_t lengths[], size_t *count)
{
    *count = 0;
    while (*pattern == '/' && *path == '/') {
        ++pattern;
        ++path;
        const size_t m = part_length(pattern), n = part_length(path);
        if (m == 1 && *pattern == '*') {
            parts[*count] = path;
            lengths[(*count)++] = strlen(path);
            return *path != '\0';
        }
        if (*pattern == '{') {
            if (!stands_for(pattern, m, path, n)) {
                return false;
            }
            parts[*count] = path;
            lengths[(*count)++] = n;
        } else if (m != n || memcmp(pattern, path, n) != 0) {
            return false;
        }
        pattern += m;
        path += n;
    }
    return *pattern == '\0' && *path == '\0';
}

/* The methods of all routes of this path, "GET, POST": a few are all there are. */
static const char *allowed(const char *path)
{
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE"};
    static const char *const texts[16] = {NULL,
                                          "GET",
                                          "POST",
                                          "GET, POST",
                                          "PUT",
                                          "GET, PUT",
                                          "POST, PUT",
                                          "GET, POST, PUT",
                                          "DELETE",
                                          "GET, DELETE",
                                          "POST, DELETE",
                                          "GET, POST, DELETE",
                                          "PUT, DELETE",
                                          "GET, PUT, DELETE",
                                          "POST, PUT, DELETE",
                                          "GET, POST, PUT, DELETE"};
    const char *parts[DN_REQUEST_PARTS];
    size_t lengths[DN_REQUEST_PARTS], count;
    unsigned set = 0;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; ++i) {
        for (unsigned m = 0; m < 4; ++m) {
            if (strcmp(routes[i].method, names[m]) == 0 && matches(routes[i].path, path, parts, lengths, &count)) {
                set |= 1U << m;
            }
        }
    }
    return texts[set];
}

const dn_route *dn_route_find(const char *method, const char *path, char *out[DN_REQUEST_PARTS], const char **allow)
{
    const char *parts[DN_REQUEST_PARTS];
    size_t lengths[DN_REQUEST_PARTS], count;
    *allow = NULL;
    if (strcmp(method, "HEAD") == 0) {
        method = "GET";
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; ++i) {
        if (strcmp(routes[i].method, method) == 0 && matches(routes[i].path, path, parts, lengths, &count)) {
            for (size_t p = 0; p < count; ++p) {
                out[p] = strndup(parts[p], lengths[p]);
                if (out[p] == NULL) {
                    return NULL;
                }
            }
            return &routes[i];
        }
    }
    *allow = allowed(path);
    return NULL;
}
