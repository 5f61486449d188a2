/* What DICOM files there are under a folder, by series. */
#define _GNU_SOURCE
#include "cohort/dicom/study.h"

#include "base/file.h"
#include "base/memory.h"
#include "cohort/dicom/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void dn_dicom_study_release(dn_dicom_study *study)
{
    for (size_t i = 0; i < study->image_count; ++i) {
        free(study->images[i].path);
    }
    for (size_t i = 0; i < study->person_count; ++i) {
        free(study->persons[i]);
    }
    free(study->images);
    free(study->series);
    free(study->persons);
    dn_private_release(&study->hidden);
    *study = (dn_dicom_study){0};
}

static dn_status person_of(dn_dicom_study *study, const dn_dicom_header *header, size_t *out)
{
    char *person = NULL;
    /* The number decides; the name of one person is written in several ways. */
    const char *number = header->text[DN_DICOM_PATIENT_ID];
    DN_TRY(dn_strdup(*number != '\0' ? number : header->text[DN_DICOM_PATIENT_NAME], &person));
    for (size_t i = 0; i < study->person_count; ++i) {
        if (strcmp(study->persons[i], person) == 0) {
            *out = i;
            free(person);
            return DN_OK;
        }
    }
    const dn_status status = dn_realloc(&study->persons, study->person_count + 1, sizeof *study->persons, "the persons of a study");
    if (status != DN_OK) {
        free(person);
        return status;
    }
    *out = study->person_count;
    study->persons[study->person_count++] = person;
    return DN_OK;
}

static bool is_of(const dn_dicom_series *series, const dn_dicom_header *header, bool *other_turn)
{
    const dn_dicom_header *first = &series->first;
    if (strcmp(first->text[DN_DICOM_SERIES_UID], header->text[DN_DICOM_SERIES_UID]) != 0 ||
        strcmp(first->text[DN_DICOM_SERIES_NUMBER], header->text[DN_DICOM_SERIES_NUMBER]) != 0) {
        return false;
    }
    *other_turn = first->has_place && header->has_place && !dn_slices_alike(first->orientation, header->orientation);
    return !*other_turn;
}

static dn_status series_of(dn_dicom_study *study, const dn_dicom_header *header, size_t *out)
{
    bool part = false;
    for (size_t i = study->series_count; i-- > 0;) { /* mostly the last one */
        bool other_turn = false;
        if (is_of(&study->series[i], header, &other_turn)) {
            *out = i;
            return DN_OK;
        }
        if (other_turn) {
            part = study->series[i].part = true;
        }
    }
    DN_TRY(dn_realloc(&study->series, study->series_count + 1, sizeof *study->series, "the series of a study"));
    dn_dicom_series *series = &study->series[study->series_count];
    *series = (dn_dicom_series){.first = *header, .number = strtoll(header->text[DN_DICOM_SERIES_NUMBER], NULL, 10), .part = part};
    DN_TRY(person_of(study, header, &series->person));
    DN_TRY(dn_private_add(&study->hidden, header));
    *out = study->series_count++;
    return DN_OK;
}

static dn_status add_file(dn_dicom_study *study, const char *path)
{
    dn_dicom_header header;
    bool is_one;
    size_t series;
    DN_TRY(dn_dicom_read(path, &header, &is_one));
    if (!is_one || header.rows == 0 || header.columns == 0) { /* DICOMDIR, reports and the like are no images */
        const char *name = dn_path_name(path);
        ++study->others;
        study->scans += dn_path_scan_length(name) < strlen(name);
        study->is_bids = study->is_bids || strcmp(name, "dataset_description.json") == 0;
        return DN_OK;
    }
    DN_TRY(series_of(study, &header, &series));
    if (study->image_count % 256 == 0) {
        DN_TRY(dn_realloc(&study->images, study->image_count + 256, sizeof *study->images, "the files of a study"));
    }
    dn_dicom_image *image = &study->images[study->image_count];
    *image = (dn_dicom_image){.series = series, .has_place = header.has_place};
    memcpy(image->position, header.position, sizeof image->position);
    DN_TRY(dn_strdup(path, &image->path));
    ++study->image_count;
    const long long frames = strtoll(header.text[DN_DICOM_FRAMES], NULL, 10);
    study->series[series].images += frames > 1 && frames < 1000000 ? frames : 1;
    ++study->series[series].files;
    return DN_OK;
}

dn_status dn_dicom_study_places(const dn_dicom_study *study, size_t series, double (**out)[3], size_t *count)
{
    *count = 0;
    DN_TRY(dn_alloc(out, study->series[series].files, sizeof **out, "the positions of slices"));
    for (size_t i = 0; i < study->image_count; ++i) {
        const dn_dicom_image *image = &study->images[i];
        if (image->series == series && image->has_place) {
            memcpy((*out)[(*count)++], image->position, sizeof **out);
        }
    }
    dn_slices_sort(*out, *count, study->series[series].first.orientation);
    return DN_OK;
}

/* Where the slices of each series are. */
static dn_status place_slices(dn_dicom_study *study)
{
    for (size_t s = 0; s < study->series_count; ++s) {
        dn_dicom_series *series = &study->series[s];
        double(*position)[3] = NULL;
        size_t count;
        DN_TRY(dn_dicom_study_places(study, s, &position, &count));
        dn_status status = DN_OK;
        if (count == series->files && series->images == (int64_t)series->files) {
            status = dn_slices_measure((const double(*)[3])position, count, &series->slices);
        }
        free(position);
        DN_TRY(status);
    }
    return DN_OK;
}

static void count_examinations(dn_dicom_study *study)
{
    for (size_t i = 0; i < study->series_count; ++i) {
        const char *it = study->series[i].first.text[DN_DICOM_STUDY_UID];
        size_t k = 0;
        while (k < i && strcmp(study->series[k].first.text[DN_DICOM_STUDY_UID], it) != 0) {
            ++k;
        }
        study->examinations += *it != '\0' && k == i;
    }
}

static dn_status visit(void *user, const char *path, const struct stat *facts, bool *stop)
{
    (void)facts;
    (void)stop;
    return add_file(user, path);
}

dn_status dn_dicom_study_read(const char *folder, dn_dicom_study *out)
{
    dn_dicom_walk walk = {.visit = visit, .user = out};
    DN_TRY(dn_dicom_walk_folder(&walk, folder));
    out->unreadable = walk.unreadable;
    count_examinations(out);
    return place_slices(out);
}

dn_status dn_dicom_study_read_file(const char *path, dn_dicom_study *out)
{
    DN_TRY(add_file(out, path));
    return place_slices(out);
}

dn_status dn_dicom_study_link(const dn_dicom_study *study, size_t series, const char *folder)
{
    size_t number = 0;
    if (mkdir(folder, 0700) != 0) {
        DN_FAIL(DN_EIO, "cannot make %s: %s", folder, strerror(errno));
    }
    for (size_t i = 0; i < study->image_count; ++i) {
        char *path = NULL;
        if (study->images[i].series != series) {
            continue;
        }
        DN_TRY(dn_asprintf(&path, "%s/%07zu", folder, ++number));
        const int error = symlink(study->images[i].path, path) == 0 ? 0 : errno;
        free(path);
        if (error != 0) {
            DN_FAIL(DN_EIO, "cannot make a link in %s: %s", folder, strerror(error));
        }
    }
    return DN_OK;
}
