/* Examinations in DICOM files as scans of a data set. */
#define _GNU_SOURCE
#include "cohort/bids/layout_private.h"

#include "base/archive.h"
#include "base/file.h"
#include "base/memory.h"
#include "cohort/bids/filter.h"
#include "cohort/dicom/exams.h"

#include <stdlib.h>
#include <string.h>

static bool participant_wanted(const dn_bids_wanted *wanted, const char *subject)
{
    for (size_t i = 0; i < wanted->participant_count; ++i) {
        if (dn_bids_same(DN_BIDS_SUB, wanted->participants[i], subject)) {
            return true;
        }
    }
    return wanted->participant_count == 0;
}

/* Whether a filter takes the scan as the one T1w image of its session. */
static dn_status passes(const dn_layout_walk *it, const char *stem, bool *out)
{
    dn_bids_name name;
    DN_TRY(dn_bids_parse(stem, &name));
    *out = dn_bids_filter_takes(it->wanted->filter, &name);
    dn_bids_name_release(&name);
    return DN_OK;
}

static dn_status fill(dn_bids_scan *scan, const dn_dicom_exam *exam, const char *above, const char *stem)
{
    const char *session = exam->session;
    DN_TRY(dn_alloc(&scan->dicom, 1, sizeof *scan->dicom, "an examination"));
    DN_TRY(dn_strdup(exam->path, &scan->path));
    DN_TRY(dn_strdup(stem, &scan->stem));
    DN_TRY(dn_bids_scan_key(stem, &scan->key));
    DN_TRY(dn_strdup(exam->subject, &scan->subject));
    if (session != NULL) {
        DN_TRY(dn_strdup(session, &scan->session));
    }
    const char *mark = session != NULL ? "/ses-" : "";
    session = session != NULL ? session : "";
    DN_TRY(dn_asprintf(&scan->inside, "sub-%s%s%s/DICOM", exam->subject, mark, session));
    DN_TRY(dn_asprintf(&scan->folder, "sub-%s%s%s/anat", exam->subject, mark, session));
    if (exam->unusable != NULL) {
        DN_TRY(dn_strdup(exam->unusable, &scan->unusable));
    }
    if (exam->origin != NULL) {
        DN_TRY(*above != '\0' ? dn_path_join(above, exam->origin, &scan->dicom->origin) : dn_strdup(exam->origin, &scan->dicom->origin));
    }
    memcpy(scan->dicom->day, exam->day, sizeof scan->dicom->day);
    memcpy(scan->dicom->person, exam->person, sizeof scan->dicom->person);
    return DN_OK;
}

/* above: the folder of origins below the data set, "" or "sourcedata". */
static dn_status add_exam(dn_layout_walk *it, const dn_dicom_exam *exam, const char *above)
{
    bool wanted = true, taken = true;
    char *stem = NULL;
    dn_bids_scan *scan;
    if (!participant_wanted(it->wanted, exam->subject)) {
        return DN_OK;
    }
    if (exam->session != NULL) {
        DN_TRY(dn_layout_see_session(it, exam->session, &wanted));
    } else if (it->wanted->session_count > 0) {
        return dn_layout_remark(it, "sub-%s: has no sessions, and some were asked for", exam->subject);
    }
    if (!wanted) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&stem, "sub-%s%s%s_T1w", exam->subject, exam->session != NULL ? "_ses-" : "",
                       exam->session != NULL ? exam->session : ""));
    dn_status status = passes(it, stem, &taken);
    if (status == DN_OK && taken) {
        stem[strlen(stem) - strlen("_T1w")] = '\0';
        status = dn_layout_new_scan(it, &scan);
        status = status == DN_OK ? fill(scan, exam, above, stem) : status;
        ++it->out->dicom;
    }
    free(stem);
    return status;
}

static dn_status add_exams(dn_layout_walk *it, const dn_dicom_exams *exams, const char *above)
{
    for (size_t i = 0; i < exams->count; ++i) {
        DN_TRY(add_exam(it, &exams->list[i], above));
    }
    return DN_OK;
}

/* Person and session in a name by BIDS, "01_ses-2"; *name: to be released. */
static dn_status read_labels(const char *subject, dn_bids_name *name, bool *legal)
{
    char *text = NULL;
    DN_TRY(dn_asprintf(&text, "sub-%s", subject));
    const dn_status status = dn_bids_parse(text, name);
    free(text);
    DN_TRY(status);
    const char *session = name->value[DN_BIDS_SES];
    *legal =
        name->value[DN_BIDS_SUB] != NULL && dn_bids_is_label(name->value[DN_BIDS_SUB]) && (session == NULL || dn_bids_is_label(session));
    return DN_OK;
}

dn_status dn_layout_dicom_session(dn_layout_walk *it, const char *subject, const char *session, const char *where)
{
    char *path = NULL;
    bool legal = false;
    dn_bids_name name = {0};
    dn_dicom_exams exams = {.list = NULL};
    dn_status status = read_labels(subject, &name, &legal);
    if (status == DN_OK && legal) {
        DN_TRY_GOTO(status, dn_path_join(it->dataset, where, &path), done);
        DN_TRY_GOTO(status,
                    dn_dicom_exams_of(path, where, name.value[DN_BIDS_SUB], session != NULL ? session : name.value[DN_BIDS_SES], &exams),
                    done);
        status = add_exams(it, &exams, "");
    }
done:
    dn_dicom_exams_release(&exams);
    dn_bids_name_release(&name);
    free(path);
    return status;
}

dn_status dn_layout_dicom_archive(dn_layout_walk *it, const char *subject, const char *where, bool *is_one)
{
    char *path = NULL;
    dn_bids_name name = {0};
    dn_dicom_exams exams = {.list = NULL};
    dn_status status;
    DN_TRY(dn_path_join(it->dataset, where, &path));
    *is_one = dn_archive_is_one(path);
    if (!*is_one) {
        free(path);
        return DN_OK;
    }
    DN_TRY_GOTO(status, dn_bids_parse(path, &name), done);
    const char *label = subject != NULL ? subject : name.value[DN_BIDS_SUB], *session = name.value[DN_BIDS_SES];
    if (label == NULL || !dn_bids_is_label(label) || (session != NULL && !dn_bids_is_label(session))) {
        status = dn_layout_remark(it, "%s: an archive whose name is none by BIDS; it is not measured", where);
        goto done;
    }
    DN_TRY_GOTO(status, dn_dicom_exams_of(path, where, label, session, &exams), done);
    status = exams.count > 0 ? add_exams(it, &exams, "") : dn_layout_remark(it, "%s: an archive without DICOM images", where);
done:
    dn_dicom_exams_release(&exams);
    dn_bids_name_release(&name);
    free(path);
    return status;
}

/* ---- persons with other names ------------------------------------------------------------------------------------- */

static dn_status check_participants(const dn_layout_walk *it, const dn_dicom_exams *exams)
{
    const dn_bids_wanted *wanted = it->wanted;
    dn_layout_names there = {.name = NULL};
    dn_status status = DN_OK;
    for (size_t i = 0; i < exams->count && status == DN_OK; ++i) {
        char *label = NULL;
        status = dn_asprintf(&label, "sub-%s", exams->list[i].subject);
        status = status == DN_OK ? dn_layout_names_add(&there, label) : status;
        free(label);
    }
    for (size_t k = 0; k < wanted->participant_count && status == DN_OK; ++k) {
        size_t i = 0;
        while (i < there.count && !dn_bids_same(DN_BIDS_SUB, wanted->participants[k], there.name[i])) {
            ++i;
        }
        if (i == there.count) {
            status = dn_layout_fail_label(it->dataset, DN_BIDS_SUB, dn_bids_bare(DN_BIDS_SUB, wanted->participants[k]), &there);
        }
    }
    dn_layout_names_release(&there);
    return status;
}

static dn_status take_people(dn_layout_walk *it, const char *folder, const char *above, size_t *found)
{
    dn_dicom_exams exams = {.list = NULL};
    dn_status status = dn_dicom_exams_find(folder, &exams);
    *found = exams.count;
    if (status == DN_OK && exams.count > 0) {
        status = check_participants(it, &exams);
        status = status == DN_OK ? add_exams(it, &exams, above) : status;
    }
    dn_dicom_exams_release(&exams);
    return status;
}

dn_status dn_layout_dicom_people(dn_layout_walk *it)
{
    char *source = NULL;
    size_t found = 0;
    DN_TRY(take_people(it, it->dataset, "", &found));
    if (found > 0) {
        return DN_OK;
    }
    DN_TRY(dn_path_join(it->dataset, "sourcedata", &source));
    dn_status status = dn_path_is_folder(source) ? take_people(it, source, "sourcedata", &found) : DN_OK;
    free(source);
    if (status == DN_OK && found > 0) {
        status = dn_layout_remark(it, "the data set has no T1w images; the DICOM files of its folder sourcedata are taken");
    }
    return status;
}

dn_status dn_layout_dicom_doubts(dn_layout_walk *it)
{
    const dn_bids_scan *shared[2] = {NULL}, *changed = NULL;
    for (size_t i = 0; i < it->out->count; ++i) {
        const dn_bids_scan *a = &it->out->scan[i];
        for (size_t k = 0; a->dicom != NULL && *a->dicom->person != '\0' && k < i; ++k) {
            const dn_bids_scan *b = &it->out->scan[k];
            if (b->dicom == NULL || *b->dicom->person == '\0') {
                continue;
            }
            const bool alike = strcmp(a->dicom->person, b->dicom->person) == 0, same = strcmp(a->subject, b->subject) == 0;
            if (alike && !same && shared[0] == NULL) {
                shared[0] = b;
                shared[1] = a;
            }
            changed = !alike && same && changed == NULL ? a : changed;
        }
    }
    if (shared[0] != NULL) {
        DN_TRY(dn_layout_remark(it,
                                "sub-%s and sub-%s have the same PatientID (there may be more such): if they are one person, name their "
                                "folders sub-LABEL_ses-1 and sub-LABEL_ses-2",
                                shared[0]->subject, shared[1]->subject));
    }
    return changed == NULL ? DN_OK
                           : dn_layout_remark(it,
                                              "the sessions of sub-%s have different PatientIDs (there may be more such): make sure that "
                                              "they are of one person",
                                              changed->subject);
}
