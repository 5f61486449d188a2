/* The list of scans and remarks that the walk through a data set fills, and scans that are in it twice. */
#define _GNU_SOURCE
#include "cohort/bids/layout_private.h"

#include "base/memory.h"

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

dn_status dn_layout_find_twins(dn_bids_layout *layout)
{
    dn_bids_scan **sorted = NULL;
    bool *twins = NULL;
    dn_status status = dn_alloc(&twins, layout->count, sizeof *twins, "the list of scans");
    if (status == DN_OK) {
        status = dn_alloc(&sorted, layout->count, sizeof *sorted, "the list of scans");
    }
    if (status != DN_OK) {
        free(twins);
        return status;
    }
    for (size_t i = 0; i < layout->count; ++i) {
        sorted[i] = &layout->scan[i];
    }
    if (layout->count > 0) {
        qsort(sorted, layout->count, sizeof *sorted, by_key);
    }
    for (size_t i = 1; i < layout->count && status == DN_OK; ++i) {
        if (strcmp(sorted[i]->key, sorted[i - 1]->key) == 0) {
            status = say_twice(sorted[i], sorted[i - 1]);
            status = status == DN_OK ? say_twice(sorted[i - 1], sorted[i]) : status;
            twins[i] = twins[i - 1] = true;
        }
    }
    for (size_t i = 0; i < layout->count && status == DN_OK; ++i) { /* a record for each */
        if (twins[i]) {
            free(sorted[i]->key);
            sorted[i]->key = NULL;
            status = dn_strdup(sorted[i]->stem, &sorted[i]->key);
        }
    }
    free(sorted);
    free(twins);
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
