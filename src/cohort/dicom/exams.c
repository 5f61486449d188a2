/* Persons and sessions of a folder of DICOM exports. */
#define _GNU_SOURCE
#include "cohort/dicom/exams.h"

#include "base/archive.h"
#include "base/bids_name.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cohort/dicom/peek.h"
#include "cohort/dicom/privacy.h"
#include "models/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dn_dicom_exams_release(dn_dicom_exams *exams)
{
    for (size_t i = 0; i < exams->count; ++i) {
        dn_dicom_exam *it = &exams->list[i];
        free(it->path);
        free(it->subject);
        free(it->session);
        free(it->origin);
        free(it->unusable);
    }
    free(exams->list);
    *exams = (dn_dicom_exams){.list = NULL};
}

/* ---- parts of a folder -------------------------------------------------------------------------------------------- */

/* A folder or an archive in which there is a DICOM image. */
typedef struct part {
    char *name, *path; /* owned */
    bool archive;
    dn_dicom_header first;
} part;

typedef struct parts {
    part *list;
    size_t count;
    bool loose; /* DICOM files lie beside them */
} parts;

static void parts_release(parts *it)
{
    for (size_t i = 0; i < it->count; ++i) {
        free(it->list[i].name);
        free(it->list[i].path);
    }
    free(it->list);
    *it = (parts){.list = NULL};
}

static dn_status look(const char *folder, const char *name, parts *out)
{
    bool found = false;
    dn_status status;
    dn_dicom_header header;
    DN_TRY(dn_realloc(&out->list, out->count + 1, sizeof *out->list, "the folders of DICOM files"));
    part *it = &out->list[out->count];
    *it = (part){.name = NULL};
    DN_TRY(dn_path_join(folder, name, &it->path));
    const bool inner = dn_path_is_folder(it->path);
    it->archive = !inner && dn_archive_is_one(it->path);
    if (inner || it->archive) {
        status = dn_dicom_peek(it->path, &it->first, &found);
        status = status == DN_OK && found ? dn_strdup(name, &it->name) : status;
    } else {
        status = out->loose ? DN_OK : dn_dicom_read(it->path, &header, &found);
        out->loose = out->loose || (found && header.rows > 0);
        found = false;
    }
    if (status != DN_OK || !found) {
        free(it->path);
        return status;
    }
    ++out->count;
    return DN_OK;
}

static bool is_no_person(const char *name)
{
    static const char *const names[] = {"code", "derivatives", "phenotype", "sourcedata", "stimuli"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return *name == '.';
}

static dn_status parts_read(const char *folder, bool of_people, parts *out)
{
    struct dirent **names = NULL;
    dn_status status = DN_OK;
    const int count = scandir(folder, &names, NULL, dn_path_by_name);
    if (count < 0) {
        DN_FAIL(dn_error_of(errno, DN_EINPUT), "cannot read the folder %s: %s", folder, strerror(errno));
    }
    for (int i = 0; i < count; ++i) {
        const char *name = names[i]->d_name;
        if (status == DN_OK && *name != '.' && !(of_people && is_no_person(name))) {
            status = look(folder, name, out);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

/* ---- labels ------------------------------------------------------------------------------------------------------- */

/* name without the extension of an archive; owned. */
static dn_status bare_name(const part *it, char **out)
{
    static const char *const ends[] = {".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"};
    DN_TRY(dn_strdup(it->name, out));
    for (size_t i = 0; it->archive && i < sizeof ends / sizeof *ends; ++i) {
        const size_t n = strlen(*out), m = strlen(ends[i]);
        if (n > m && strcasecmp(*out + n - m, ends[i]) == 0) {
            (*out)[n - m] = '\0';
            return DN_OK;
        }
    }
    return DN_OK;
}

/* A label of a folder's name that is none by BIDS. *hidden: the name says who the person is, or may: letters that headers write in several
 * ways ("Mueller", "Müller" in two character sets) cannot be compared with a header. */
static dn_status make_label(const char *name, const dn_dicom_header *first, char **out, bool *hidden)
{
    dn_private_values values = {0};
    dn_status status = dn_private_add(&values, first);
    *hidden = status == DN_OK && (!dn_text_is_ascii(name) || dn_private_in_name(&values, name));
    dn_private_release(&values);
    DN_TRY(status);
    DN_TRY(dn_strdup(name, out));
    size_t n = 0;
    for (const char *at = name; *at != '\0'; ++at) {
        const char one[2] = {*at, '\0'};
        if (dn_bids_is_label(one)) {
            (*out)[n++] = *at;
        }
    }
    (*out)[n] = '\0';
    if (*hidden || n == 0) {
        char hash[65];
        free(*out);
        *out = NULL;
        dn_sha256((const unsigned char *)name, strlen(name), hash);
        return dn_asprintf(out, "x%.8s", hash);
    }
    return DN_OK;
}

/* ---- adding ------------------------------------------------------------------------------------------------------- */

static dn_status add(const char *path, const char *origin, const char *subject, const char *session, const dn_dicom_header *first,
                     dn_dicom_exams *out, dn_dicom_exam **added)
{
    DN_TRY(dn_realloc(&out->list, out->count + 1, sizeof *out->list, "the list of examinations"));
    dn_dicom_exam *it = &out->list[out->count++];
    *it = (dn_dicom_exam){.path = NULL};
    DN_TRY(dn_strdup(path, &it->path));
    DN_TRY(dn_strdup(subject, &it->subject));
    if (session != NULL) {
        DN_TRY(dn_strdup(session, &it->session));
    }
    if (origin != NULL) {
        DN_TRY(dn_strdup(origin, &it->origin));
    }
    const char *number = first->text[DN_DICOM_PATIENT_ID];
    if (*number != '\0') {
        dn_sha256((const unsigned char *)number, strlen(number), it->person);
    }
    snprintf(it->study, sizeof it->study, "%.64s", first->text[DN_DICOM_STUDY_UID]);
    dn_dicom_day(first, it->day);
    *added = it;
    return DN_OK;
}

static dn_status join_origin(const char *origin, const char *name, char **out)
{
    *out = NULL;
    return origin == NULL ? DN_OK : *origin == '\0' ? dn_strdup(name, out) : dn_path_join(origin, name, out);
}

/* ---- sessions of a person ----------------------------------------------------------------------------------------- */

/* How the examinations of a person's parts relate: by the StudyInstanceUID of an image of each. */
typedef enum { ONE_STUDY, ALL_DIFFERENT, MIXED } studies;

static studies compare_studies(const parts *of)
{
    size_t same = 0, pairs = 0;
    for (size_t i = 0; i < of->count; ++i) {
        for (size_t k = 0; k < i; ++k) {
            ++pairs;
            same += strcmp(of->list[i].first.text[DN_DICOM_STUDY_UID], of->list[k].first.text[DN_DICOM_STUDY_UID]) == 0;
        }
    }
    return same == pairs ? ONE_STUDY : same == 0 ? ALL_DIFFERENT : MIXED;
}

static dn_status add_session(const part *it, const char *origin, const char *subject, dn_dicom_exams *out)
{
    char *bare = NULL, *label = NULL, *below = NULL;
    bool hidden = false;
    dn_dicom_exam *exam;
    dn_status status = bare_name(it, &bare);
    DN_TRY_GOTO(status, status, done);
    const char *given = dn_bids_bare(DN_BIDS_SES, bare);
    if (given != bare && dn_bids_is_label(given)) {
        DN_TRY_GOTO(status, dn_strdup(given, &label), done);
    } else {
        DN_TRY_GOTO(status, make_label(bare, &it->first, &label, &hidden), done);
    }
    DN_TRY_GOTO(status, join_origin(hidden ? NULL : origin, it->name, &below), done);
    status = add(it->path, below, subject, label, &it->first, out, &exam);
done:
    free(below);
    free(label);
    free(bare);
    return status;
}

static bool has_sessions(const parts *of)
{
    for (size_t i = 0; i < of->count; ++i) {
        if (dn_bids_has_key(DN_BIDS_SES, of->list[i].name)) {
            return true;
        }
    }
    return false;
}

static dn_status add_unusable(const char *path, const char *origin, const char *subject, const dn_dicom_header *first, const char *reason,
                              dn_dicom_exams *out)
{
    dn_dicom_exam *exam;
    DN_TRY(add(path, origin, subject, NULL, first, out, &exam));
    return dn_asprintf(&exam->unusable, "sub-%s: %s", subject, reason);
}

static dn_status split(const char *path, const char *origin, const char *subject, int depth, dn_dicom_exams *out);

static dn_status sort_out(const parts *of, const char *path, const char *origin, const char *subject, int depth, dn_dicom_exams *out)
{
    dn_dicom_exam *exam;
    dn_dicom_header first;
    bool found = false, archives = false;
    const bool named = has_sessions(of);
    for (size_t i = 0; i < of->count; ++i) {
        archives = archives || of->list[i].archive;
    }
    if (!named && of->loose) { /* files of one examination, perhaps with folders beside them */
        DN_TRY(dn_dicom_peek(path, &first, &found));
        return found ? add(path, origin, subject, NULL, &first, out, &exam) : DN_OK;
    }
    if (of->count == 0) {
        return DN_OK;
    }
    const part *one = &of->list[0];
    if (!named && of->count == 1) {
        return one->archive ? add(one->path, origin, subject, NULL, &one->first, out, &exam)
                            : split(one->path, origin, subject, depth + 1, out);
    }
    const studies kind = compare_studies(of);
    if (!named && kind == ONE_STUDY) {
        return archives ? add_unusable(path, origin, subject, &one->first,
                                       "several archives hold images of one examination: unpack them into one folder", out)
                        : add(path, origin, subject, NULL, &one->first, out, &exam);
    }
    if (!named && kind == MIXED) {
        return add_unusable(path, origin, subject, &one->first,
                            "images of several examinations lie in more folders than there are examinations: put those of each into a "
                            "folder ses-1, ses-2, ...",
                            out);
    }
    for (size_t i = 0; i < of->count; ++i) {
        if (!named || dn_bids_has_key(DN_BIDS_SES, of->list[i].name)) {
            DN_TRY(add_session(&of->list[i], origin, subject, out));
        }
    }
    return DN_OK;
}

static dn_status split(const char *path, const char *origin, const char *subject, int depth, dn_dicom_exams *out)
{
    enum { DEEPEST = 8 };
    parts of = {.list = NULL};
    dn_dicom_header first;
    dn_dicom_exam *exam;
    bool found = false;
    if (depth > DEEPEST) {
        DN_TRY(dn_dicom_peek(path, &first, &found));
        return found ? add(path, origin, subject, NULL, &first, out, &exam) : DN_OK;
    }
    dn_status status = parts_read(path, false, &of);
    status = status == DN_OK ? sort_out(&of, path, origin, subject, depth, out) : status;
    parts_release(&of);
    return status;
}

dn_status dn_dicom_exams_of(const char *path, const char *origin, const char *subject, const char *session, dn_dicom_exams *out)
{
    dn_dicom_header first;
    dn_dicom_exam *exam;
    bool found = false;
    if (session == NULL && dn_path_is_folder(path)) {
        return split(path, origin, subject, 0, out);
    }
    DN_TRY(dn_dicom_peek(path, &first, &found));
    return found ? add(path, origin, subject, session, &first, out, &exam) : DN_OK;
}

/* ---- persons ------------------------------------------------------------------------------------------------------ */

static dn_status take_person(const part *it, dn_dicom_exams *out)
{
    char *bare = NULL, *label = NULL;
    bool hidden = false;
    dn_bids_name name = {0};
    dn_status status = bare_name(it, &bare);
    DN_TRY_GOTO(status, status, done);
    DN_TRY_GOTO(status, dn_bids_parse(bare, &name), done);
    const char *subject = name.value[DN_BIDS_SUB], *session = name.value[DN_BIDS_SES];
    if (subject == NULL || !dn_bids_is_label(subject) || (session != NULL && !dn_bids_is_label(session))) {
        DN_TRY_GOTO(status, make_label(bare, &it->first, &label, &hidden), done);
        subject = label;
        session = NULL;
    }
    status = dn_dicom_exams_of(it->path, hidden ? NULL : it->name, subject, session, out);
done:
    dn_bids_name_release(&name);
    free(label);
    free(bare);
    return status;
}

/* A folder of people is not the folder of one person: two persons never have one examination. */
static dn_status check_people(const char *folder, const parts *of)
{
    if (of->loose) {
        DN_FAIL(DN_EDATA, "%s holds DICOM files itself, so it is one examination: name the folder above it, which has a folder per person",
                folder);
    }
    for (size_t i = 1; i < of->count; ++i) {
        const char *study = of->list[i].first.text[DN_DICOM_STUDY_UID];
        if (*study != '\0' && strcmp(study, of->list[i - 1].first.text[DN_DICOM_STUDY_UID]) == 0) {
            DN_FAIL(DN_EDATA,
                    "two folders in %s hold images of one examination (by their StudyInstanceUID): name the folder above it, which has a "
                    "folder per person",
                    folder);
        }
    }
    return DN_OK;
}

dn_status dn_dicom_exams_find(const char *folder, dn_dicom_exams *out)
{
    parts of = {.list = NULL};
    dn_status status = parts_read(folder, true, &of);
    status = status == DN_OK ? check_people(folder, &of) : status;
    for (size_t i = 0; i < of.count && status == DN_OK; ++i) {
        status = take_person(&of.list[i], out);
    }
    parts_release(&of);
    return status;
}
