/* The list of scans and remarks that the walk through a data set fills, and scans that are in it twice. */
#define _GNU_SOURCE
#include "cohort/bids/layout_private.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dn_layout_names_release(dn_layout_names *list)
{
    for (size_t i = 0; i < list->count; ++i) {
        free(list->name[i]);
    }
    free(list->name);
    *list = (dn_layout_names){.name = NULL};
}

dn_status dn_layout_names_add(dn_layout_names *list, const char *text)
{
    if (list->count == list->room) {
        const size_t room = list->room == 0 ? 16 : 2 * list->room;
        DN_TRY(dn_realloc(&list->name, room, sizeof *list->name, "the names in a folder"));
        list->room = room;
    }
    DN_TRY(dn_strdup(text, &list->name[list->count]));
    ++list->count;
    return DN_OK;
}

dn_status dn_layout_remark(dn_layout_walk *it, const char *format, ...)
{
    dn_bids_layout *out = it->out;
    char *text = NULL;
    va_list arguments;
    if (out->remark_count == it->remark_room) {
        const size_t room = it->remark_room == 0 ? 16 : 2 * it->remark_room;
        DN_TRY(dn_realloc(&out->remark, room, sizeof *out->remark, "remarks on the data set"));
        it->remark_room = room;
    }
    va_start(arguments, format);
    const dn_status status = dn_vasprintf(&text, format, arguments);
    va_end(arguments);
    DN_TRY(status);
    out->remark[out->remark_count++] = text;
    return DN_OK;
}

dn_status dn_layout_new_scan(dn_layout_walk *it, dn_bids_scan **out)
{
    dn_bids_layout *layout = it->out;
    if (layout->count == it->room) {
        const size_t room = it->room == 0 ? 64 : 2 * it->room;
        DN_TRY(dn_realloc(&layout->scan, room, sizeof *layout->scan, "the list of scans"));
        it->room = room;
    }
    *out = &layout->scan[layout->count++];
    **out = (dn_bids_scan){.path = NULL};
    return DN_OK;
}

dn_status dn_layout_add_unreadable(dn_layout_walk *it, const char *subject, const char *session, const char *where, const char *why)
{
    dn_bids_scan *scan;
    DN_TRY(dn_layout_new_scan(it, &scan));
    DN_TRY(dn_asprintf(&scan->path, "%s/%s", it->dataset, where));
    DN_TRY(dn_strdup(where, &scan->inside));
    DN_TRY(dn_strdup(where, &scan->folder));
    DN_TRY(dn_strdup(subject, &scan->subject));
    if (session != NULL) {
        DN_TRY(dn_strdup(session, &scan->session));
    }
    DN_TRY(dn_asprintf(&scan->key, "sub-%s%s%s", subject, session != NULL ? "_ses-" : "", session != NULL ? session : ""));
    DN_TRY(dn_strdup(scan->key, &scan->stem));
    return dn_strdup(why, &scan->unusable);
}

static bool is_utf8(const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        const size_t n = dn_text_character(text, left);
        if (n == 0) {
            return false;
        }
        text += n;
        left -= n;
    }
    return true;
}

dn_status dn_layout_check_text(dn_bids_layout *layout)
{
    for (size_t i = 0; i < layout->count; ++i) {
        dn_bids_scan *scan = &layout->scan[i];
        if (is_utf8(scan->path)) {
            continue;
        }
        char *const texts[] = {scan->inside,  scan->key,     scan->stem,     scan->folder,
                               scan->subject, scan->session, scan->unusable, scan->dicom != NULL ? scan->dicom->origin : NULL};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; ++k) {
            if (texts[k] != NULL) {
                dn_text_make_ascii(texts[k]);
            }
        }
        if (scan->unusable == NULL) {
            DN_TRY(dn_asprintf(&scan->unusable, "%s: its name, or that of a folder that it is in, is not written in UTF-8: rename it",
                               scan->inside));
        }
    }
    return DN_OK;
}

static int by_key(const void *a, const void *b)
{
    const dn_bids_scan *x = *(dn_bids_scan *const *)a, *y = *(dn_bids_scan *const *)b;
    const int order = strcmp(x->key, y->key);
    return order != 0 ? order : (x > y) - (x < y);
}

static dn_status say_twice(dn_bids_scan *scan, const dn_bids_scan *other)
{
    const char *where = other->dicom == NULL           ? other->inside
                        : other->dicom->origin != NULL ? other->dicom->origin
                                                       : "a folder whose name says who the person is";
    return scan->unusable != NULL ? DN_OK
                                  : dn_asprintf(&scan->unusable,
                                                "%s: another scan has the same person, session and run by its name (%s): "
                                                "rename one of them",
                                                scan->inside, where);
}

/* scans: those of one key. Those that are to get keys of their own are unusable then. */
static dn_status part_twins(dn_bids_scan **scans, size_t count)
{
    size_t usable = 0, first = count, second = count;
    for (size_t i = 0; i < count; ++i) {
        usable += scans[i]->unusable == NULL;
        second = scans[i]->unusable == NULL && first < count && second == count ? i : second;
        first = scans[i]->unusable == NULL && first == count ? i : first;
    }
    for (size_t i = 0; i < count && usable > 1; ++i) {
        DN_TRY(say_twice(scans[i], scans[i == first ? second : first]));
    }
    for (size_t i = 0; i < count; ++i) {
        if (scans[i]->unusable != NULL) {
            free(scans[i]->key);
            scans[i]->key = NULL;
            DN_TRY(dn_strdup(scans[i]->stem, &scans[i]->key));
        }
    }
    return DN_OK;
}

dn_status dn_layout_find_twins(dn_bids_layout *layout)
{
    dn_bids_scan **sorted = NULL;
    DN_TRY(dn_alloc(&sorted, layout->count, sizeof *sorted, "the list of scans"));
    dn_status status = DN_OK;
    for (size_t i = 0; i < layout->count; ++i) {
        sorted[i] = &layout->scan[i];
    }
    if (layout->count > 0) {
        qsort(sorted, layout->count, sizeof *sorted, by_key);
    }
    for (size_t i = 0, end; i < layout->count && status == DN_OK; i = end) {
        for (end = i + 1; end < layout->count && strcmp(sorted[end]->key, sorted[i]->key) == 0; ++end) {
        }
        status = end > i + 1 ? part_twins(sorted + i, end - i) : DN_OK;
    }
    free(sorted);
    return status;
}

void dn_bids_layout_release(dn_bids_layout *layout)
{
    for (size_t i = 0; i < layout->count; ++i) {
        dn_bids_scan *scan = &layout->scan[i];
        if (scan->dicom != NULL) {
            free(scan->dicom->origin);
            free(scan->dicom->series);
        }
        free(scan->dicom);
        free(scan->path);
        free(scan->inside);
        free(scan->key);
        free(scan->stem);
        free(scan->folder);
        free(scan->subject);
        free(scan->session);
        free(scan->unusable);
    }
    for (size_t i = 0; i < layout->remark_count; ++i) {
        free(layout->remark[i]);
    }
    free(layout->scan);
    free(layout->remark);
    *layout = (dn_bids_layout){.scan = NULL};
}
