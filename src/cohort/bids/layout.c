/* Walks the folders of a BIDS data set and lists the scans that are wanted. */
#define _GNU_SOURCE
#include "cohort/bids/layout_private.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/words.h"
#include "cohort/bids/dataset.h"
#include "cohort/bids/filter.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- folders ------------------------------------------------------------------------------------------------------ */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is in a folder, sorted, without what begins with a point. */
static dn_status names_read(const char *folder, dn_layout_names *out)
{
    DIR *open = opendir(folder);
    if (open == NULL) {
        const int error = errno;
        return dn_error_set(dn_error_of(error, DN_EINPUT), "cannot read the folder %s: %s", folder, strerror(error));
    }
    dn_status status = DN_OK;
    const struct dirent *entry;
    while (status == DN_OK && (entry = readdir(open)) != NULL) {
        if (entry->d_name[0] != '.') {
            status = dn_layout_names_add(out, entry->d_name);
        }
    }
    closedir(open);
    if (status == DN_OK && out->count > 0) {
        qsort(out->name, out->count, sizeof *out->name, by_text);
    }
    return status;
}

/* ---- the walk ----------------------------------------------------------------------------------------------------- */

/* Why a file whose name is known cannot be measured as what it is called. */
static dn_status doubt(const dn_bids_scan *scan, const dn_bids_name *name, char **out)
{
    const char *subject = name->value[DN_BIDS_SUB], *session = name->value[DN_BIDS_SES];
    if (subject == NULL || strcmp(subject, scan->subject) != 0) {
        return dn_asprintf(out, "%s: its name says sub-%s, its folder sub-%s: rename one of them", scan->inside,
                           subject != NULL ? subject : "?", scan->subject);
    }
    if ((session == NULL) != (scan->session == NULL) || (session != NULL && strcmp(session, scan->session) != 0)) {
        return dn_asprintf(out, "%s: its name says %s%s, its folder %s%s: rename one of them", scan->inside, session != NULL ? "ses-" : "",
                           session != NULL ? session : "no session", scan->session != NULL ? "ses-" : "",
                           scan->session != NULL ? scan->session : "no session");
    }
    if (!name->valid) {
        dn_status status = dn_bids_check(scan->path); /* for its sentence */
        if (status == DN_EFORMAT) {
            status = dn_asprintf(out, "%s", dn_error_message());
            dn_error_clear();
        }
        return status;
    }
    return DN_OK;
}

/* where: "sub-01/ses-2/anat". */
static dn_status add_scan(dn_layout_walk *it, const char *subject, const char *session, const char *where, const char *file,
                          const dn_bids_name *name)
{
    dn_bids_scan *scan;
    DN_TRY(dn_layout_new_scan(it, &scan));
    DN_TRY(dn_asprintf(&scan->path, "%s/%s/%s", it->dataset, where, file));
    DN_TRY(dn_strdup(scan->path + strlen(it->dataset) + 1, &scan->inside));
    DN_TRY(dn_strdup(where, &scan->folder));
    DN_TRY(dn_strdup(subject, &scan->subject));
    if (session != NULL) {
        DN_TRY(dn_strdup(session, &scan->session));
    }
    DN_TRY(dn_bids_scan_key(file, &scan->key));
    DN_TRY(dn_path_scan_stem(file, &scan->stem));
    DN_TRY(doubt(scan, name, &scan->unusable));
    /* sub-01_T1w.nii beside sub-01_T1w.nii.gz */
    dn_bids_scan *before = it->out->count > 1 ? scan - 1 : NULL;
    if (before != NULL && scan->unusable == NULL && strcmp(before->folder, where) == 0 && strcmp(before->stem, scan->stem) == 0) {
        DN_TRY(dn_asprintf(&scan->unusable, "%s: %s beside it has the same name: remove one of them", scan->inside,
                           dn_path_name(before->path)));
        if (before->unusable == NULL) {
            DN_TRY(dn_asprintf(&before->unusable, "%s: %s beside it has the same name: remove one of them", before->inside, file));
        }
    }
    return DN_OK;
}

static bool is_image(const char *extension)
{
    return strcmp(extension, ".nii") == 0 || strcmp(extension, ".nii.gz") == 0;
}

/* "T1w, T2w" of the images of a folder that are not taken. */
static void list_suffix(char *list, size_t size, const char *suffix)
{
    const size_t used = strlen(list);
    if (strstr(list, suffix) == NULL) {
        snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", suffix);
    }
}

/* The names in the folder `where` below the data set. *readable: false: it may not be read, which is the fault of a scan and stops no
 * other. */
static dn_status names_or_reason(dn_layout_walk *it, const char *subject, const char *session, const char *where, dn_layout_names *names,
                                 bool *readable)
{
    char *folder = NULL;
    DN_TRY(dn_path_join(it->dataset, where, &folder));
    dn_status status = names_read(folder, names);
    free(folder);
    *readable = status == DN_OK;
    if (status == DN_EINPUT) {
        char *why = NULL;
        DN_TRY(dn_strdup(dn_error_message(), &why));
        dn_error_clear();
        status = dn_layout_add_unreadable(it, subject, session, where, why);
        free(why);
    }
    return status;
}

/* Scans of one session, or of a person without sessions. where: "sub-01/ses-2". */
static dn_status walk_session(dn_layout_walk *it, const char *subject, const char *session, const char *where)
{
    char *inside = NULL, *folder = NULL;
    char others[160] = "";
    dn_layout_names files = {.name = NULL};
    const size_t before = it->out->count, remarks = it->out->remark_count;
    dn_status status = dn_asprintf(&inside, "%s/anat", where);
    DN_TRY_GOTO(status, status, done);
    DN_TRY_GOTO(status, dn_path_join(it->dataset, inside, &folder), done);
    if (dn_path_is_folder(folder)) {
        bool readable;
        DN_TRY_GOTO(status, names_or_reason(it, subject, session, inside, &files, &readable), done);
        if (!readable) {
            goto done;
        }
    }
    for (size_t i = 0; i < files.count && status == DN_OK; ++i) {
        dn_bids_name name;
        DN_TRY_GOTO(status, dn_bids_parse(files.name[i], &name), done);
        if (is_image(name.extension) && dn_bids_filter_takes(it->wanted->filter, &name)) {
            status = add_scan(it, subject, session, inside, files.name[i], &name);
        } else if (is_image(name.extension)) {
            list_suffix(others, sizeof others, *name.suffix != '\0' ? name.suffix : files.name[i]);
        }
        dn_bids_name_release(&name);
    }
    if (status == DN_OK && it->out->count == before && *others == '\0') {
        status = dn_layout_dicom_session(it, subject, session, where);
    }
    if (status == DN_OK && it->out->count == before && it->out->remark_count == remarks) {
        const char *wanted = dn_bids_filter_suffix(it->wanted->filter);
        const char *of_filter = it->wanted->filter != NULL ? " that the filter takes" : "";
        status = files.count == 0  ? dn_layout_remark(it, "%s: no folder anat, or nothing in it", where)
                 : *others == '\0' ? dn_layout_remark(it, "%s: no %s image%s", where, wanted, of_filter)
                                   : dn_layout_remark(it, "%s: no %s image%s (there is %s)", where, wanted, of_filter, others);
    }
done:
    dn_layout_names_release(&files);
    free(folder);
    free(inside);
    return status;
}

/* The place of label among the wanted ones; count: not there. */
static size_t place_of(dn_bids_entity entity, const char *label, const char *const *wanted, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(dn_bids_bare(entity, wanted[i]), label) != 0) {
        ++i;
    }
    return i;
}

static dn_status note_session(dn_layout_walk *it, const char *session)
{
    for (size_t i = 0; i < it->sessions.count; ++i) {
        if (strcmp(it->sessions.name[i], session) == 0) {
            return DN_OK;
        }
    }
    return dn_layout_names_add(&it->sessions, session);
}

dn_status dn_layout_see_session(dn_layout_walk *it, const char *session, bool *wanted)
{
    const size_t count = it->wanted->session_count, place = place_of(DN_BIDS_SES, session, it->wanted->sessions, count);
    *wanted = count == 0 || place < count;
    if (place < count) {
        it->session_seen[place] = true;
    }
    return note_session(it, session);
}

/* A folder or an archive "ses-2" of a person. where: "sub-01/ses-2". */
static dn_status take_session(dn_layout_walk *it, const char *subject, const char *where)
{
    const char *session = dn_bids_bare(DN_BIDS_SES, dn_path_name(where));
    bool wanted, archive;
    char *path = NULL;
    DN_TRY(dn_path_join(it->dataset, where, &path));
    const bool folder = dn_path_is_folder(path);
    free(path);
    if (!folder) {
        return dn_layout_dicom_archive(it, subject, where, &archive);
    }
    DN_TRY(dn_layout_see_session(it, session, &wanted));
    return wanted ? walk_session(it, subject, session, where) : DN_OK;
}

static bool has_name(const dn_layout_names *list, const char *name)
{
    size_t i = 0;
    while (i < list->count && strcmp(list->name[i], name) != 0) {
        ++i;
    }
    return i < list->count;
}

static dn_status walk_subject(dn_layout_walk *it, const char *folder_name)
{
    const char *subject = dn_bids_bare(DN_BIDS_SUB, folder_name);
    const dn_bids_wanted *wanted = it->wanted;
    const size_t before = it->out->count, remarks = it->out->remark_count;
    char *where = NULL;
    dn_layout_names inside = {.name = NULL};
    size_t sessions = 0;
    dn_status status = DN_OK;
    bool readable;
    DN_TRY(names_or_reason(it, subject, NULL, folder_name, &inside, &readable));
    if (!readable) {
        return DN_OK;
    }
    for (size_t i = 0; i < inside.count && status == DN_OK; ++i) {
        if (dn_bids_has_key(DN_BIDS_SES, inside.name[i])) {
            ++sessions;
            free(where);
            DN_TRY_GOTO(status, dn_path_join(folder_name, inside.name[i], &where), done);
            status = take_session(it, subject, where);
        }
    }
    if (status == DN_OK && sessions == 0 && wanted->session_count == 0) {
        status = walk_session(it, subject, NULL, folder_name);
    } else if (status == DN_OK && sessions == 0) { /* DICOM files of several examinations may be several sessions */
        status = dn_layout_dicom_session(it, subject, NULL, folder_name);
        if (status == DN_OK && it->out->count == before && it->out->remark_count == remarks) {
            status = dn_layout_remark(it, "%s: has no sessions, and some were asked for", folder_name);
        }
    }
    if (status == DN_OK && sessions > 0 && has_name(&inside, "anat")) {
        status = dn_layout_remark(it, "%s/anat: not taken, as BIDS has scans of a person with sessions in these", folder_name);
    }
done:
    dn_layout_names_release(&inside);
    free(where);
    return status;
}

/* ---- the whole data set ------------------------------------------------------------------------------------------- */

/* label was asked for, and is not there; there: all labels or folders' names that are. */
dn_status dn_layout_fail_label(const char *dataset, dn_bids_entity entity, const char *label, const dn_layout_names *there)
{
    const char *key = dn_bids_key(entity);
    const char *bare = dn_bids_bare(entity, label);
    const char **list = NULL;
    size_t n = 0;
    DN_TRY(dn_alloc(&list, there->count + 1, sizeof *list, "the list of labels"));
    for (size_t i = 0; i < there->count; ++i) {
        if (entity != DN_BIDS_SUB || dn_bids_has_key(DN_BIDS_SUB, there->name[i])) {
            list[n++] = dn_bids_bare(entity, there->name[i]);
        }
    }
    const char *near = NULL;
    for (size_t i = 0; i < n && near == NULL; ++i) { /* 1 for 01 */
        near = strcmp(list[i] + strspn(list[i], "0"), bare + strspn(bare, "0")) == 0 ? list[i] : NULL;
    }
    near = near != NULL ? near : dn_nearest_name(bare, list);
    if (near != NULL) {
        dn_error_set(DN_EUSAGE, "%s has no %s-%s; is %s-%s meant?", dataset, key, bare, key, near);
    } else {
        dn_error_set(DN_EUSAGE, "%s has no %s-%s; it has %zu, the first is %s-%s", dataset, key, bare, n, key, n > 0 ? list[0] : "?");
    }
    free(list);
    return DN_EUSAGE;
}

/* "sub-01", and of "sub-01_ses-2" and "sub-01.zip" as well, is the person 01. */
static dn_status is_person(const char *name, const char *label, bool *out)
{
    dn_bids_name parsed;
    *out = dn_bids_has_key(DN_BIDS_SUB, name) && strcmp(dn_bids_bare(DN_BIDS_SUB, name), label) == 0;
    if (*out || !dn_bids_has_key(DN_BIDS_SUB, name)) {
        return DN_OK;
    }
    DN_TRY(dn_bids_parse(name, &parsed));
    *out = parsed.value[DN_BIDS_SUB] != NULL && strcmp(parsed.value[DN_BIDS_SUB], label) == 0;
    dn_bids_name_release(&parsed);
    return DN_OK;
}

static dn_status check_participants(const char *dataset, const dn_bids_wanted *wanted, const dn_layout_names *folders)
{
    for (size_t i = 0; i < wanted->participant_count; ++i) {
        bool found = false;
        const char *label = dn_bids_bare(DN_BIDS_SUB, wanted->participants[i]);
        for (size_t k = 0; k < folders->count && !found; ++k) {
            DN_TRY(is_person(folders->name[k], label, &found));
        }
        if (!found) {
            return dn_layout_fail_label(dataset, DN_BIDS_SUB, label, folders);
        }
    }
    return DN_OK;
}

static dn_status participant_wanted(const dn_bids_wanted *wanted, const char *name, bool *out)
{
    *out = wanted->participant_count == 0;
    for (size_t i = 0; i < wanted->participant_count && !*out; ++i) {
        DN_TRY(is_person(name, dn_bids_bare(DN_BIDS_SUB, wanted->participants[i]), out));
    }
    return DN_OK;
}

/* An entry "sub-..." of the data set; *is_one: it is a person's folder or archive. */
static dn_status walk_person(dn_layout_walk *it, const char *name, bool *is_one)
{
    bool wanted = false;
    char *path = NULL;
    DN_TRY(participant_wanted(it->wanted, name, &wanted));
    DN_TRY(dn_path_join(it->dataset, name, &path));
    *is_one = dn_path_is_folder(path);
    const bool there = dn_path_exists(path);
    free(path);
    if (!there) {
        return wanted ? dn_layout_remark(it, "%s: a link to a folder that is not there", name) : DN_OK;
    }
    if (!*is_one) {
        return wanted ? dn_layout_dicom_archive(it, NULL, name, is_one) : DN_OK;
    }
    return wanted ? walk_subject(it, name) : DN_OK;
}

static bool any_person(const dn_layout_names *folders)
{
    for (size_t i = 0; i < folders->count; ++i) {
        if (dn_bids_has_key(DN_BIDS_SUB, folders->name[i])) {
            return true;
        }
    }
    return false;
}

/* What a folder may be in which nobody was found. */
static dn_status fail_without_people(const dn_layout_walk *it, const dn_layout_names *entries)
{
    char *whole = realpath(it->dataset, NULL);
    const bool person = whole != NULL && dn_bids_has_key(DN_BIDS_SUB, dn_path_name(whole));
    size_t scans = 0;
    free(whole);
    if (person) {
        DN_FAIL(DN_EINPUT, "%s is the folder of one person, not a data set: name the folder that it is in", it->dataset);
    }
    for (size_t i = 0; i < entries->count; ++i) {
        scans += dn_path_scan_length(entries->name[i]) < strlen(entries->name[i]);
    }
    if (scans > 0) {
        DN_FAIL(DN_EINPUT,
                "%s is no BIDS data set: it has no folder sub-..., but %zu file%s named like %s in it: name these files instead, as single "
                "scans",
                it->dataset, scans, scans == 1 ? "" : "s", scans == 1 ? "a scan" : "scans");
    }
    DN_FAIL(DN_EINPUT,
            "%s has no folder sub-..., and no folders or archives of DICOM files: it is not a BIDS data set, or not its top folder",
            it->dataset);
}

/* There are people, and no scan of theirs. */
static dn_status fail_without_scans(const dn_layout_walk *it)
{
    bool results = false;
    DN_TRY(dn_derivative_is_one(it->dataset, &results));
    if (results) {
        DN_FAIL(DN_EINPUT, "%s holds results (a BIDS derivative), not scans: name the data set that they were made from", it->dataset);
    }
    DN_FAIL(DN_EDATA, "no scan in %s is to be measured%s%s", it->dataset, it->out->remark_count > 0 ? "; the first reason: " : "",
            it->out->remark_count > 0 ? it->out->remark[0] : "");
}

static dn_status walk_all(dn_layout_walk *it, const dn_layout_names *folders)
{
    const dn_bids_wanted *wanted = it->wanted;
    size_t subjects = 0;
    if (any_person(folders)) {
        DN_TRY(check_participants(it->dataset, wanted, folders));
    }
    for (size_t i = 0; i < folders->count; ++i) {
        bool is_one = false;
        if (dn_bids_has_key(DN_BIDS_SUB, folders->name[i])) {
            DN_TRY(dn_cancel_check());
            DN_TRY(walk_person(it, folders->name[i], &is_one));
            subjects += is_one;
        }
    }
    if (it->out->count == 0 && (subjects == 0 || wanted->participant_count == 0)) {
        DN_TRY(dn_layout_dicom_people(it));
    }
    if (subjects == 0 && it->out->count == 0 && it->sessions.count == 0) {
        return fail_without_people(it, folders);
    }
    for (size_t i = 0; i < wanted->session_count; ++i) {
        if (!it->session_seen[i] && wanted->participant_count > 0 && it->out->count == 0) {
            DN_FAIL(DN_EUSAGE, "none of the participants that were asked for has ses-%s", dn_bids_bare(DN_BIDS_SES, wanted->sessions[i]));
        }
        if (!it->session_seen[i] && wanted->participant_count == 0) {
            return dn_layout_fail_label(it->dataset, DN_BIDS_SES, wanted->sessions[i], &it->sessions);
        }
    }
    if (it->out->count == 0) {
        return fail_without_scans(it);
    }
    DN_TRY(dn_layout_dicom_doubts(it));
    DN_TRY(dn_layout_check_text(it->out));
    return dn_layout_find_twins(it->out);
}

dn_status dn_bids_find_scans(const char *dataset, const dn_bids_wanted *wanted, dn_bids_layout *out)
{
    static const dn_bids_wanted all = {.participants = NULL};
    dn_layout_walk it = {.dataset = dataset, .wanted = wanted != NULL ? wanted : &all, .out = out};
    dn_layout_names folders = {.name = NULL};
    dn_status status = DN_OK;
    *out = (dn_bids_layout){.scan = NULL};
    if (!dn_path_is_folder(dataset)) {
        DN_FAIL(DN_EINPUT, "%s is not a folder: a BIDS data set is one, with folders sub-...", dataset);
    }
    DN_TRY(dn_alloc(&it.session_seen, it.wanted->session_count, sizeof *it.session_seen, "the sessions"));
    DN_TRY_GOTO(status, names_read(dataset, &folders), done);
    status = walk_all(&it, &folders);
done:
    dn_layout_names_release(&folders);
    dn_layout_names_release(&it.sessions);
    free(it.session_seen);
    if (status != DN_OK) {
        dn_bids_layout_release(out);
    }
    return status;
}
