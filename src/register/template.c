/* Reads the installed average head and its two commissures, and checks them. */
#include "register/template.h"

#include "base/file.h"
#include "base/install.h"
#include "base/memory.h"
#include "base/table.h"
#include "image/io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const labels_name = "head.nii.gz";
static const char *const landmarks_name = "landmarks.tsv";

static dn_status read_landmark(const dn_table *table, const char *name, dn_landmark *out)
{
    static const char *const columns[4] = {"x_mm", "y_mm", "z_mm", "error_mm"};
    size_t name_column;
    DN_TRY(dn_table_column(table, "name", &name_column));
    for (size_t row = 0; row < dn_table_rows(table); ++row) {
        const char *text = dn_table_text(table, row, name_column);
        if (text == NULL || strcmp(text, name) != 0) {
            continue;
        }
        for (int c = 0; c < 4; ++c) {
            size_t column;
            double value;
            DN_TRY(dn_table_column(table, columns[c], &column));
            DN_TRY(dn_table_number(table, row, column, &value));
            if (!isfinite(value)) {
                DN_FAIL(DN_EFORMAT, "%s, line %zu, column %s: a number in mm is missing", dn_table_name(table), dn_table_line(table, row),
                        columns[c]);
            }
            *(c < 3 ? &out->at[c] : &out->error_mm) = value;
        }
        return DN_OK;
    }
    DN_FAIL(DN_EFORMAT, "%s: there is no row %s", dn_table_name(table), name);
}

/* AC at the origin, PC behind it, both in the plane x = 0: what every reader of a template builds on. */
static dn_status check_frame(const dn_template *head, const char *path)
{
    const double near = 1e-3;
    const double *ac = head->ac.at;
    const double *pc = head->pc.at;
    if (fabs(ac[0]) > near || fabs(ac[1]) > near || fabs(ac[2]) > near || fabs(pc[0]) > near || fabs(pc[2]) > near || pc[1] >= 0.0) {
        DN_FAIL(DN_EGEOMETRY,
                "%s: AC must be at 0, 0, 0 and PC on the negative y axis; AC is at %.3f, %.3f, %.3f and PC at %.3f, %.3f, %.3f", path,
                ac[0], ac[1], ac[2], pc[0], pc[1], pc[2]);
    }
    return DN_OK;
}

static dn_status installed(void)
{
    const char *const names[] = {labels_name, landmarks_name};
    dn_status status = DN_OK;
    char *folder = NULL;
    DN_TRY(dn_install_path("template", &folder));
    for (size_t i = 0; i < sizeof names / sizeof *names && status == DN_OK; ++i) {
        char *path = NULL;
        DN_TRY_GOTO(status, dn_path_join(folder, names[i], &path), done);
        if (!dn_path_exists(path)) {
            status = dn_error_set(DN_EINPUT, "'%s', a file of dien, is missing: install dien again, with its folder share", path);
        }
        free(path);
    }
done:
    free(folder);
    return status;
}

dn_status dn_template_read(const char *folder, dn_template **out)
{
    dn_status status = DN_OK;
    char *shipped = NULL;
    char *labels_path = NULL;
    char *landmarks_path = NULL;
    dn_table *table = NULL;
    dn_template *head = NULL;
    if (folder == NULL) {
        DN_TRY(installed());
        DN_TRY_GOTO(status, dn_install_path("template", &shipped), done);
        folder = shipped;
    }
    DN_TRY_GOTO(status, dn_path_join(folder, labels_name, &labels_path), done);
    DN_TRY_GOTO(status, dn_path_join(folder, landmarks_name, &landmarks_path), done);
    DN_TRY_GOTO(status, dn_alloc(&head, 1, sizeof *head, "a template"), done);
    DN_TRY_GOTO(status, dn_table_read(landmarks_path, &table), done);
    DN_TRY_GOTO(status, read_landmark(table, "AC", &head->ac), done);
    DN_TRY_GOTO(status, read_landmark(table, "PC", &head->pc), done);
    DN_TRY_GOTO(status, check_frame(head, landmarks_path), done);
    DN_TRY_GOTO(status, dn_labels_read(labels_path, NULL, &head->labels, NULL), done);
    *out = head;
    head = NULL;
done:
    dn_template_destroy(head);
    dn_table_destroy(table);
    free(landmarks_path);
    free(labels_path);
    free(shipped);
    return status;
}

void dn_template_destroy(dn_template *head)
{
    if (head != NULL) {
        dn_labels_destroy(head->labels);
        free(head);
    }
}
