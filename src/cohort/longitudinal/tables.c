/* The tables of a person's course, and the JSON file with what they mean and how they were made. */
#include "cohort/longitudinal/tables.h"

#include "base/file.h"
#include "base/job.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/table.h"
#include "cohort/longitudinal/course.h"
#include "cohort/longitudinal/longitudinal.h"
#include "register/rigid.h"
#include "report/sidecars.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits that a volume and a change are given with: 0.001 mm3 and 0.001 %. */
static double rounded(double value)
{
    return isfinite(value) ? round(value * 1e3) / 1e3 : (double)NAN;
}

static double volume_of(const dn_volume_rows *rows, const dn_volume_row *like)
{
    const dn_volume_row *row = dn_volume_rows_find(rows, like->structure, like->hemi);
    return row != NULL ? row->volume_mm3 : (double)NAN;
}

static void say_course(const dn_person *p, const dn_volume_row *row, const dn_course *course)
{
    if (row->hemi != 'B' || (strcmp(row->structure, "hypothalamus") != 0 && strcmp(row->structure, "thalamus") != 0)) {
        return;
    }
    if (isfinite(course->low)) {
        dn_log(DN_LOG_NOTE, "%s: %s %.0f mm3, change %+.2f %% per %s (95 %% interval %+.2f to %+.2f)", p->name, row->structure,
               course->mean, course->change, p->sessions->unit, course->low, course->high);
    } else if (isfinite(course->change)) {
        dn_log(DN_LOG_NOTE, "%s: %s %.0f mm3, change %+.2f %% per %s", p->name, row->structure, course->mean, course->change,
               p->sessions->unit);
    } else {
        dn_log(DN_LOG_NOTE, "%s: %s %.0f mm3; all sessions have one time, so there is no change", p->name, row->structure, course->mean);
    }
}

/* row: of the mean. */
static bool by_growth(const dn_person *p, const dn_volume_row *row)
{
    return p->ratios != NULL && isfinite(p->ratios[row - p->mean->row]);
}

/* One row of changes; the mean picture's row names the structure. */
static dn_status put_course(const dn_person *p, const dn_volume_row *row, dn_table *changes)
{
    double *numbers = NULL;
    dn_course course;
    size_t at;
    const size_t count = p->sessions->count;
    DN_TRY(dn_alloc(&numbers, 2 * count, sizeof *numbers, "a person's volumes"));
    for (size_t n = 0; n < count; ++n) {
        numbers[n] = p->sessions->at[p->order[n]].time;
        numbers[count + n] = volume_of(&p->volumes[p->order[n]], row);
    }
    dn_status status = dn_course_fit(numbers, numbers + count, count, dn_course_sd(row->structure, row->hemi, by_growth(p, row)), &course);
    free(numbers);
    DN_TRY(status);
    say_course(p, row, &course);
    const bool two = course.sessions == 2;
    DN_TRY(dn_table_add_row(changes, &at));
    DN_TRY(dn_table_put_text(changes, "structure", row->structure));
    DN_TRY(dn_table_put_text(changes, "hemi", (const char[2]){row->hemi, 0}));
    DN_TRY(dn_table_put_number(changes, "sessions", (double)course.sessions));
    DN_TRY(dn_table_put_number(changes, "mean_mm3", rounded(course.mean)));
    DN_TRY(dn_table_put_number(changes, "change_percent", rounded(course.change)));
    DN_TRY(dn_table_put_number(changes, "low_percent", rounded(course.low)));
    DN_TRY(dn_table_put_number(changes, "high_percent", rounded(course.high)));
    DN_TRY(dn_table_put_text(changes, "per", p->sessions->unit));
    DN_TRY(dn_table_put_text(changes, "interval", !isfinite(course.low) ? NULL : two ? "scanner SD" : "slope"));
    return dn_table_put_text(changes, "method", by_growth(p, row) ? "registration" : "networks");
}

static dn_status put_volumes(const dn_person *p, const dn_volume_row *row, dn_table *volumes)
{
    for (size_t n = 0; n < p->sessions->count; ++n) {
        const size_t s = p->order[n];
        const dn_session *session = &p->sessions->at[s];
        size_t at;
        DN_TRY(dn_table_add_row(volumes, &at));
        DN_TRY(dn_table_put_text(volumes, "scan", session->stem));
        DN_TRY(dn_table_put_number(volumes, "time", round(session->time * 1e6) / 1e6));
        DN_TRY(dn_table_put_text(volumes, "structure", row->structure));
        DN_TRY(dn_table_put_text(volumes, "hemi", (const char[2]){row->hemi, 0}));
        DN_TRY(dn_table_put_number(volumes, "volume_mm3", rounded(volume_of(&p->volumes[s], row))));
        DN_TRY(dn_table_put_text(volumes, "accepted", p->accepted[s] ? "yes" : "no"));
    }
    return DN_OK;
}

static dn_status write_table(const dn_person *p, dn_table *table, const char *suffix)
{
    char *path = NULL;
    DN_TRY(dn_output_path(p->folder, p->name, suffix, &path));
    dn_status status = dn_table_write(table, path);
    free(path);
    return status;
}

static json_t *columns_json(void)
{
    static const char *const about[][2] = {
        {"change_percent", "slope of the volume over time by least squares, in percent of the mean volume, per unit of time (column per)"},
        {"low_percent", "lower end of the 95 % interval of the change"},
        {"high_percent", "upper end of it"},
        {"interval", "slope: Student's t of the slope, of three and more sessions. scanner SD: of two sessions, from the SD of repeated "
                     "measurements of an unchanged head"},
        {"method",
         "networks: the volume of each session is that of the networks on it. registration: of sessions of one protocol, the volume of "
         "the mean of all sessions, times how much a deformation of the mean to the session enlarges the structure"},
        {"per", "unit of time: year, or session where no times are known"},
    };
    json_t *columns = json_object();
    for (size_t i = 0; i < sizeof about / sizeof about[0]; ++i) {
        dn_record_set(columns, about[i][0], json_string(about[i][1]));
    }
    return columns;
}

static json_t *sessions_json(const dn_person *p)
{
    json_t *list = json_array();
    for (size_t n = 0; n < p->sessions->count; ++n) {
        const size_t s = p->order[n];
        const dn_affine *to_scan = &p->midpoint->to_scan[s];
        json_t *one = json_object();
        json_t *matrix = json_array();
        for (int i = 0; i < 3; ++i) {
            for (int j = 0; j < 4; ++j) {
                json_array_append_new(matrix, json_real(to_scan->m[i][j]));
            }
        }
        const char *source = p->sources != NULL ? p->sources[p->sessions->at[s].given] : NULL;
        dn_record_set(one, "Source", json_string(source != NULL ? source : dn_path_name(p->sessions->at[s].path)));
        dn_record_set(one, "Time", json_real(p->sessions->at[s].time));
        if (p->sessions->at[s].date[0] != 0) {
            dn_record_set(one, "Date", json_string(p->sessions->at[s].date));
        }
        dn_record_set(one, "FrameToScan", matrix);
        json_t *blur = json_array();
        for (int c = 0; c < 3; ++c) {
            json_array_append_new(blur, json_real(sqrt(fmax(0.0, p->added[s].v[c]))));
        }
        dn_record_set(one, "AddedBlurSD_mm", blur);
        dn_record_set(one, "CorrelationWithOthers", json_real(p->midpoint->correlation[s]));
        json_array_append_new(list, one);
    }
    return list;
}

static dn_status write_json(const dn_person *p)
{
    char *path = NULL;
    DN_TRY(dn_output_path(p->folder, p->name, "_longitudinal.json", &path));
    json_t *root = json_object();
    dn_record_set(root, "GeneratedBy", dn_record_program(p->models, p->model_count, p->precision, NULL));
    dn_record_set(root, "Limits", json_string(p->ratios != NULL ? DN_LONGITUDINAL_LIMITS_ALIKE : DN_LONGITUDINAL_LIMITS));
    size_t pair[2];
    dn_record_set(root, "SlicesThickAlongDifferentDirections", json_boolean(dn_blur_crosses(p->added, p->sessions->count, pair)));
    dn_record_set(root, "TimeUnit", json_string(p->sessions->unit));
    dn_record_set(root, "TimeFrom", json_string(p->sessions->time_from));
    dn_record_set(root, "Columns", columns_json());
    dn_record_set(root, "Sessions", sessions_json(p));
    dn_status status = dn_json_write(root, 10, path);
    free(path);
    return status;
}

dn_status dn_person_write(const dn_person *person)
{
    dn_table *changes = NULL;
    dn_table *volumes = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_table_create("changes", &changes), done);
    DN_TRY_GOTO(status, dn_table_create("volumes", &volumes), done);
    for (size_t i = 0; i < person->mean->count; ++i) {
        DN_TRY_GOTO(status, put_course(person, &person->mean->row[i], changes), done);
        DN_TRY_GOTO(status, put_volumes(person, &person->mean->row[i], volumes), done);
    }
    DN_TRY_GOTO(status, write_table(person, changes, "_longitudinal.tsv"), done);
    DN_TRY_GOTO(status, write_table(person, volumes, "_longitudinal_volumes.tsv"), done);
    status = write_json(person);
done:
    dn_table_destroy(volumes);
    dn_table_destroy(changes);
    return status;
}
