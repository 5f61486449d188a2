/* Writes an AC-PC frame as JSON and as a table row, and reads the JSON again with checks. */
#include "prepare/frame_record.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/table.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *vector(const double v[3])
{
    return json_pack("[f,f,f]", v[0], v[1], v[2]);
}

static json_t *matrix(const dn_affine *a)
{
    json_t *rows = json_array();
    for (int r = 0; r < 3; ++r) {
        json_array_append_new(rows, json_pack("[f,f,f,f]", a->m[r][0], a->m[r][1], a->m[r][2], a->m[r][3]));
    }
    json_array_append_new(rows, json_pack("[i,i,i,i]", 0, 0, 0, 1));
    return rows;
}

json_t *dn_frame_json(const dn_frame *f)
{
    return json_pack("{s:o,s:o,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:i}", "AC_mm", vector(f->ac), "PC_mm", vector(f->pc), "ACPCDistance_mm",
                     f->ac_pc_mm, "Pitch_degrees", f->pitch, "Roll_degrees", f->roll, "Yaw_degrees", f->yaw, "Residual_mm", f->residual_mm,
                     "ExpectedError_mm", f->error_mm, "ExpectedError_degrees", f->error_degrees, "Structures", f->structures);
}

json_t *dn_stack_json(const dn_stack_geometry *g)
{
    return json_pack("{s:I,s:f,s:I,s:f}", "Slices", (json_int_t)g->slices, "SliceDistance_mm", g->thickness, "Pixels",
                     (json_int_t)g->pixels, "Pixel_mm", g->pixel);
}

static json_t *stacks_json(const dn_stack_record *stacks, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; ++i) {
        const dn_stack_record *s = &stacks[i];
        json_t *item = json_pack("{s:s,s:s}", "Name", s->name, "File", s->file);
        json_object_update_new(item, dn_stack_json(&s->geometry));
        json_object_update_new(item, json_pack("{s:o,s:s,s:f,s:f}", "Centre_mm", vector(s->geometry.centre), "Orientation", "LIP",
                                               "IntensityMean", s->mean, "IntensitySD", s->sd));
        json_array_append_new(list, item);
    }
    return list;
}

dn_status dn_frame_write_json(const dn_frame *frame, const char *scan, const char *by, const dn_stack_record *stacks, size_t count,
                              const char *path)
{
    json_t *root = json_pack("{s:[s],s:s,s:s}", "Sources", scan, "LabelledBy", by, "Coordinates",
                             "RAS mm; frame: origin AC, x right, y from PC to AC, z up");
    json_object_update_new(root, dn_frame_json(frame));
    json_object_update_new(root,
                           json_pack("{s:o,s:o,s:o,s:o}", "FrameToScan", matrix(&frame->to_scan), "ScanToFrame", matrix(&frame->from_scan),
                                     "ScaleToTemplate", vector(frame->scale), "Stacks", stacks_json(stacks, count)));
    return dn_json_write(root, 12, path);
}

dn_status dn_frame_write_tsv(const dn_frame *frame, const char *scan, const char *path)
{
    const struct {
        const char *name;
        double value;
    } cells[] = {{"ac_x_mm", frame->ac[0]},
                 {"ac_y_mm", frame->ac[1]},
                 {"ac_z_mm", frame->ac[2]},
                 {"pc_x_mm", frame->pc[0]},
                 {"pc_y_mm", frame->pc[1]},
                 {"pc_z_mm", frame->pc[2]},
                 {"ac_pc_mm", frame->ac_pc_mm},
                 {"pitch_degrees", frame->pitch},
                 {"roll_degrees", frame->roll},
                 {"yaw_degrees", frame->yaw},
                 {"scale_x", frame->scale[0]},
                 {"scale_y", frame->scale[1]},
                 {"scale_z", frame->scale[2]},
                 {"residual_mm", frame->residual_mm},
                 {"expected_error_mm", frame->error_mm},
                 {"expected_error_degrees", frame->error_degrees}};
    dn_status status = DN_OK;
    dn_table *table = NULL;
    size_t row;
    DN_TRY(dn_table_create("frame", &table));
    DN_TRY_GOTO(status, dn_table_add_row(table, &row), done);
    DN_TRY_GOTO(status, dn_table_put_text(table, "scan", scan), done);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; ++i) {
        DN_TRY_GOTO(status, dn_table_put_number(table, cells[i].name, round(cells[i].value * 1e4) / 1e4), done);
    }
    status = dn_table_write(table, path);
done:
    dn_table_destroy(table);
    return status;
}

static bool read_vector(const json_t *list, double *out, size_t n)
{
    bool good = json_array_size(list) == n;
    for (size_t i = 0; i < n && good; ++i) {
        const json_t *number = json_array_get(list, i);
        good = json_is_number(number);
        out[i] = json_number_value(number);
    }
    return good;
}

static bool read_frame(const json_t *root, dn_frame *out)
{
    const json_t *rows = json_object_get(root, "FrameToScan");
    double rotation[3][3], ac[3], pc[3], worst = 0.0;
    bool good = read_vector(json_object_get(root, "AC_mm"), ac, 3) && read_vector(json_object_get(root, "PC_mm"), pc, 3);
    for (size_t r = 0; r < 3 && good; ++r) {
        double row[4];
        good = read_vector(json_array_get(rows, r), row, 4);
        memcpy(rotation[r], row, sizeof rotation[r]);
        worst = fmax(worst, fabs(row[3] - ac[r]));
    }
    for (int a = 0; a < 3 && good; ++a) {
        for (int b = 0; b < 3; ++b) {
            double sum = a == b ? -1.0 : 0.0;
            for (int r = 0; r < 3; ++r) {
                sum += rotation[r][a] * rotation[r][b];
            }
            worst = fmax(worst, fabs(sum));
        }
    }
    if (!good || !(worst < 1e-3)) {
        return false;
    }
    dn_frame_set(out, (const double(*)[3])rotation, ac, pc);
    out->residual_mm = json_number_value(json_object_get(root, "Residual_mm"));
    out->error_mm = json_number_value(json_object_get(root, "ExpectedError_mm"));
    out->error_degrees = json_number_value(json_object_get(root, "ExpectedError_degrees"));
    out->structures = (int)json_integer_value(json_object_get(root, "Structures"));
    return true;
}

dn_status dn_frame_read_json(const char *path, dn_frame *out)
{
    json_t *root = NULL;
    bool is_json, good;
    DN_TRY(dn_error_excuse(dn_json_read(path, DN_JSON_OBJECT | DN_JSON_UNIQUE, &root), DN_EFORMAT, &is_json));
    memset(out, 0, sizeof *out);
    good = is_json && read_frame(root, out) && read_vector(json_object_get(root, "ScaleToTemplate"), out->scale, 3);
    json_decref(root);
    if (!good) {
        DN_FAIL_OFFER(DN_EFORMAT, DN_REMEDY_WRITE_FRAME,
                      "%s is not an AC-PC frame of dien (a rigid FrameToScan, AC_mm and PC_mm are needed)", path);
    }
    return DN_OK;
}
