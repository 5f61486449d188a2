#include "segment/report.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "segment/label_color.h"
#include "segment/records.h"

#include <math.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURE_LIMIT = 64 << 20 };

static const char style[] =
    "<style>\n"
    ":root{--ink:#1c2024;--soft:#5b6470;--line:#dfe3e8;--back:#ffffff;--card:#f6f7f9;--ok:#1a7f43;--warn:#9a6200;--bad:#b3261e}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a4acb6;--line:#333a42;--back:#15181c;--card:#1d2126;--ok:#6fcf8f;"
    "--warn:#f2b84b;--bad:#ff8a80}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.55 system-ui,\"Segoe UI\",Roboto,"
    "\"DejaVu Sans\",sans-serif}\n"
    "main{max-width:72rem;margin:0 auto;padding:2rem 1.25rem 4rem}h1{font-size:1.6rem;line-height:1.25;margin:0;overflow-wrap:anywhere}"
    "h2{font-size:1.1rem;margin:2.2rem 0 .6rem}\n"
    "p{max-width:46rem}.soft{color:var(--soft)}.verdict{border-left:.35rem solid;background:var(--card);padding:.8rem 1.1rem;margin:1.4rem "
    "0}"
    ".verdict strong{display:block}.verdict p{margin:.15rem 0 0}\n"
    ".ok{border-color:var(--ok)}.ok strong{color:var(--ok)}.warn{border-color:var(--warn)}.warn strong{color:var(--warn)}"
    ".bad{border-color:var(--bad)}.bad strong{color:var(--bad)}\n"
    ".numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.8rem;margin:1.2rem 0}"
    ".numbers div{background:var(--card);padding:.7rem .9rem;display:flex;flex-direction:column;justify-content:space-between}"
    ".numbers b{white-space:nowrap;font-size:1.5rem;font-variant-numeric:tabular-nums}\n"
    "figure{margin:1rem 0}img{width:100%;height:auto;display:block}figcaption{color:var(--soft);font-size:.9rem;margin-top:.4rem}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding:.38rem .7rem;"
    "border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}th{color:var(--soft);font-weight:600;font-size:.9rem}"
    "th:first-child,td:first-child{text-align:left}tr.whole td{font-weight:650}\n"
    ".chip{display:inline-block;width:.8rem;height:.8rem;margin-right:.5rem;vertical-align:-.05rem;border:1px solid rgba(0,0,0,.25)}\n"
    "ul{padding-left:1.2rem}li{margin:.25rem 0;max-width:46rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;"
    "font-size:.92rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
    /* A phone: the picture stays readable and is moved sideways, the volumes stand beside the names. */
    "@media(max-width:40rem){main{padding:1.2rem .9rem 3rem}figure{overflow-x:auto}figure img{width:60rem;max-width:none}"
    "figcaption{position:sticky;left:0}table{font-size:.85rem}th,td{padding:.38rem .3rem}th{white-space:normal}"
    "th:first-child,td:first-child{white-space:normal;min-width:7rem}}\n"
    "@media print{body{font-size:11pt}main{padding:0}}\n"
    "</style>\n";

dn_status dn_report_escape(const char *text, char **out)
{
    /* No character grows to more than "&quot;". */
    DN_TRY(dn_alloc(out, 6 * strlen(text) + 1, 1, "a text of the report"));
    char *to = *out;
    for (const unsigned char *p = (const unsigned char *)text; *p != 0;) {
        size_t n = dn_text_character((const char *)p, SIZE_MAX);
        const char *entity = *p == '<'    ? "&lt;"
                             : *p == '>'  ? "&gt;"
                             : *p == '&'  ? "&amp;"
                             : *p == '"'  ? "&quot;"
                             : *p == '\'' ? "&#39;"
                                          : NULL;
        if (entity != NULL) {
            to += sprintf(to, "%s", entity);
            ++p;
        } else if (n == 0 || *p < 0x20 || *p == 0x7f) {
            *to++ = '?';
            ++p;
        } else {
            memcpy(to, p, n);
            to += n;
            p += n;
        }
    }
    *to = 0;
    return DN_OK;
}

/* printf of format with text escaped in the place of its one %s. */
static dn_status put_escaped(dn_file_writer *w, const char *before, const char *text, const char *after)
{
    char *safe = NULL;
    DN_TRY(dn_report_escape(text, &safe));
    dn_status status = dn_file_printf(w, "%s%s%s", before, safe, after);
    free(safe);
    return status;
}

static dn_status put_base64(dn_file_writer *w, const unsigned char *bytes, size_t size)
{
    const size_t length = BASE64_ENCODE_RAW_LENGTH(size);
    char *text = NULL;
    DN_TRY(dn_alloc(&text, length, 1, "the picture in the report"));
    base64_encode_raw(text, size, bytes);
    dn_status status = dn_file_write(w, text, length);
    free(text);
    return status;
}

static dn_status put_verdict(dn_file_writer *w, const dn_quality *q)
{
    size_t warnings = 0;
    for (size_t i = 0; i < q->count; ++i) {
        warnings += q->flag[i].level == DN_FLAG_WARNING;
    }
    if (q->failed) {
        return dn_file_printf(w,
                              "<div class=\"verdict bad\"><strong>Failed quality control</strong><p>At least one measure cannot be right. "
                              "The files were written so that you can see why; do not use the numbers.</p></div>\n");
    }
    if (warnings > 0) {
        return dn_file_printf(w,
                              "<div class=\"verdict warn\"><strong>Please check</strong><p>%s below. Look at the outlines before using the "
                              "numbers.</p></div>\n",
                              warnings == 1 ? "There is one remark" : "There are remarks");
    }
    return dn_file_printf(
        w, "<div class=\"verdict ok\"><strong>Passed the automatic checks</strong><p>Nothing unusual was found. The checks do "
           "not replace a look at the outlines.</p></div>\n");
}

static dn_status put_number(dn_file_writer *w, const char *name, const dn_volume_row *row)
{
    return row == NULL ? dn_file_printf(w, "<div>%s<b>n/a</b></div>", name)
                       : dn_file_printf(w, "<div>%s<b>%.0f mm\xc2\xb3</b></div>", name, row->volume_mm3);
}

static dn_status put_litres(dn_file_writer *w, const char *name, const dn_volume_row *row)
{
    return row == NULL ? dn_file_printf(w, "<div>%s<b>n/a</b></div>", name)
                       : dn_file_printf(w, "<div>%s<b>%.3f l</b></div>", name, 1e-6 * row->volume_mm3);
}

static dn_status put_numbers(dn_file_writer *w, const dn_segment_result *r)
{
    const dn_volume_rows *rows = &r->volumes;
    const dn_volume_row *left = dn_volume_rows_find(rows, "hypothalamus", 'L');
    const dn_volume_row *right = dn_volume_rows_find(rows, "hypothalamus", 'R');
    const dn_volume_row *both = dn_volume_rows_find(rows, "hypothalamus", 'B');
    const dn_volume_row *icv = dn_volume_rows_find(rows, "icv", 'B');
    DN_TRY(dn_file_printf(w, "<div class=\"numbers\">"));
    if (r->structures.group_count > 0) {
        DN_TRY(put_number(w, "Hypothalamus, both sides", both));
        DN_TRY(put_number(w, "Left", left));
        DN_TRY(put_number(w, "Right", right));
    }
    if (left != NULL && right != NULL && left->volume_mm3 + right->volume_mm3 > 0) {
        double difference = 200 * (left->volume_mm3 - right->volume_mm3) / (left->volume_mm3 + right->volume_mm3);
        DN_TRY(dn_file_printf(w, "<div>Left \xe2\x88\x92 right, of their mean<b>%s%.1f %%</b></div>", difference < 0 ? "\xe2\x88\x92" : "+",
                              fabs(difference)));
    }
    if (r->has_head) {
        const dn_volume_row *thalamus = dn_volume_rows_find(rows, "thalamus", 'B');
        DN_TRY(thalamus == NULL ? put_number(w, "Thalamus, both sides", NULL)
                                : dn_file_printf(w, "<div>Thalamus, both sides<b>%.2f cm\xc2\xb3</b></div>", 1e-3 * thalamus->volume_mm3));
    }
    if (r->icv_wanted) {
        DN_TRY(put_litres(w, "Inside the skull (ICV)", icv));
    }
    if (both != NULL && icv != NULL && icv->volume_mm3 > 0) {
        DN_TRY(dn_file_printf(w, "<div>Hypothalamus, of ICV<b>%.3f \xe2\x80\xb0</b></div>", 1000 * both->volume_mm3 / icv->volume_mm3));
    }
    return dn_file_printf(w, "</div>\n");
}

static dn_status put_chip(dn_file_writer *w, const uint8_t color[3])
{
    return dn_file_printf(w, "<span class=\"chip\" style=\"background:#%02x%02x%02x\"></span>", color[0], color[1], color[2]);
}

static dn_status put_row(dn_file_writer *w, const dn_volume_row *row, const dn_segment_result *r)
{
    char name[64];
    dn_volume_row_name(row, name);
    DN_TRY(dn_file_printf(w, "<tr%s><td>", row->whole ? " class=\"whole\"" : ""));
    for (int64_t c = 1; c < r->structures.channels; ++c) {
        const dn_model_label *label = r->structures.label_of[c];
        if (!row->whole && label != NULL && label->index == row->index) {
            DN_TRY(put_chip(w, label->color));
        }
    }
    for (int64_t c = 1; r->has_head && c < r->head.structures.channels; ++c) {
        const dn_model_label *label = r->head.structures.label_of[c];
        if (row->whole && row->index > 0 && label != NULL && label->index == row->index) {
            DN_TRY(put_chip(w, dn_label_color(label)));
        }
    }
    DN_TRY(put_escaped(w, "", name, "</td>"));
    DN_TRY(dn_file_printf(w, "<td>%s</td><td>%.1f</td><td>%.1f</td>",
                          row->hemi == 'L'   ? "left"
                          : row->hemi == 'R' ? "right"
                                             : "both",
                          row->volume_mm3, row->hard_volume_mm3));
    DN_TRY(isnan(row->mean_posterior) ? dn_file_printf(w, "<td>n/a</td>") : dn_file_printf(w, "<td>%.2f</td>", row->mean_posterior));
    if (row->index > 0) {
        return dn_file_printf(w, "<td>%lld</td></tr>\n", (long long)row->index);
    }
    return dn_file_printf(w, "<td></td></tr>\n");
}

/* Measured beside true, where the true labels are known. */
static dn_status put_truth(dn_file_writer *w, const dn_segment_result *r)
{
    if (r->true_mm3 == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_file_printf(w, "<h2>Measured and true</h2>\n<p>The true volumes of this head are known: they were counted in the label map "
                             "that was given with it.</p>\n<div class=\"wide\"><table><thead><tr><th>Structure</th><th>Side</th>"
                             "<th>Measured, mm\xc2\xb3</th><th>True, mm\xc2\xb3</th><th>Difference</th></tr></thead><tbody>\n"));
    for (size_t i = 0; i < r->volumes.count; ++i) {
        const dn_volume_row *row = &r->volumes.row[i];
        char name[64];
        double difference = 100.0 * (row->volume_mm3 / r->true_mm3[i] - 1.0);
        if (isnan(r->true_mm3[i])) {
            continue;
        }
        dn_volume_row_name(row, name);
        DN_TRY(put_escaped(w, row->hemi == 'B' ? "<tr class=\"whole\"><td>" : "<tr><td>", name, "</td>"));
        DN_TRY(dn_file_printf(w, "<td>%s</td><td>%.0f</td><td>%.0f</td><td>%s%.1f %%</td></tr>\n",
                              row->hemi == 'L'   ? "left"
                              : row->hemi == 'R' ? "right"
                                                 : "both",
                              row->volume_mm3, r->true_mm3[i], difference < 0 ? "\xe2\x88\x92" : "+", fabs(difference)));
    }
    return dn_file_printf(w, "</tbody></table></div>\n");
}

static dn_status put_flags(dn_file_writer *w, const dn_quality *q)
{
    if (q->count == 0) {
        return DN_OK;
    }
    DN_TRY(dn_file_printf(w, "<h2>Remarks</h2>\n<ul>\n"));
    for (int level = DN_FLAG_FAILED; level >= DN_FLAG_NOTE; --level) {
        for (size_t i = 0; i < q->count; ++i) {
            if ((int)q->flag[i].level == level) {
                DN_TRY(put_escaped(w,
                                   level == DN_FLAG_FAILED    ? "<li><strong>Failed:</strong> "
                                   : level == DN_FLAG_WARNING ? "<li><strong>Check:</strong> "
                                                              : "<li class=\"soft\">",
                                   q->flag[i].text, "</li>\n"));
            }
        }
    }
    return dn_file_printf(w, "</ul>\n");
}

/* Where a network that sees slices looked. */
static dn_status put_frame(dn_file_writer *w, const dn_segment_result *r)
{
    const dn_frame *f = &r->acpc.frame;
    DN_TRY(put_escaped(w, "<dt>Hypothalamus</dt><dd>measured by ", r->structures.model->name, ""));
    DN_TRY(dn_file_printf(w, " on %lld coronal slices, %.2f mm apart, perpendicular to the AC-PC line</dd>\n",
                          (long long)r->acpc.geometry.slices, r->acpc.geometry.thickness));
    return dn_file_printf(
        w,
        "<dt>AC-PC frame</dt><dd>AC at %.1f, %.1f, %.1f and PC at %.1f, %.1f, %.1f mm of the scan, %.1f mm apart; the head "
        "lies turned by %.1f\xc2\xb0 (pitch), %.1f\xc2\xb0 (roll) and %.1f\xc2\xb0 (yaw); found from %d structures, "
        "expected error %.1f mm and %.1f\xc2\xb0</dd>\n",
        f->ac[0], f->ac[1], f->ac[2], f->pc[0], f->pc[1], f->pc[2], f->ac_pc_mm, f->pitch, f->roll, f->yaw, f->structures, f->error_mm,
        f->error_degrees);
}

static dn_status put_provenance(dn_file_writer *w, const dn_segment_result *r)
{
    static const char *const found[] = {"by aligning an average head with the scan",
                                        "by aligning an average head, then centring on the find", "by searching the whole head", ""};
    double spacing[3];
    dn_grid_spacing(&r->conformed.scan_grid, spacing);
    const int64_t *dim = r->conformed.scan_grid.dim;
    DN_TRY(dn_file_printf(w, "<h2>How it was made</h2>\n<dl>\n"));
    DN_TRY(put_escaped(w, "<dt>Scan</dt><dd>", dn_path_name(r->path), ""));
    DN_TRY(dn_file_printf(w, ", %lld \xc3\x97 %lld \xc3\x97 %lld voxels of %.2f \xc3\x97 %.2f \xc3\x97 %.2f mm, %s %s</dd>\n",
                          (long long)dim[0], (long long)dim[1], (long long)dim[2], spacing[0], spacing[1], spacing[2], r->info.format_name,
                          r->info.type_name));
    DN_TRY(dn_file_printf(w, "<dt>Program</dt><dd>dien %s, network in %s</dd>\n", DIEN_VERSION,
                          r->precision == DN_PRECISION_BF16 ? "bf16" : "f32"));
    for (size_t i = 0; i < r->model_count; ++i) {
        const dn_model *model = r->models[i];
        DN_TRY(put_escaped(w, "<dt>Network</dt><dd>", model->name, "</dd>\n"));
        if (model->trained_on != NULL && *model->trained_on != 0) {
            DN_TRY(put_escaped(w, "<dt>Trained on</dt><dd>", model->trained_on, "</dd>\n"));
        }
        if (model->licence != NULL && *model->licence != 0) {
            DN_TRY(put_escaped(w, "<dt>Its licence</dt><dd>", model->licence, "</dd>\n"));
        }
        if (*model->sha256 != 0) {
            DN_TRY(dn_file_printf(w, "<dt>Its SHA-256</dt><dd>%s</dd>\n", model->sha256));
        }
    }
    if (r->fill.done) {
        DN_TRY(dn_file_printf(w,
                              "<dt>No skull</dt><dd>the network of the hypothalamus was shown the scan with fluid and a bright shell put "
                              "around the brain</dd>\n"));
    }
    if (r->acpc.has_frame) {
        DN_TRY(put_frame(w, r));
    } else if (r->has_parts) {
        DN_TRY(dn_file_printf(w, "<dt>Hypothalamus</dt><dd>found %s; its network ran on %.0f %% of the head</dd>\n", found[r->found_by],
                              100.0 * (double)r->network_voxels / (double)r->whole_voxels));
    }
    return dn_file_printf(w, "</dl>\n");
}

static dn_status put_page(dn_file_writer *w, const dn_segment_result *r, const unsigned char *picture, size_t size)
{
    DN_TRY(put_escaped(w,
                       "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                       "content=\"width=device-width,initial-scale=1\">\n<title>",
                       r->stem, " \xe2\x80\x93 dien</title>\n"));
    DN_TRY(dn_file_write(w, style, sizeof style - 1));
    DN_TRY(put_escaped(w, "</head>\n<body>\n<main>\n<h1>", r->stem, "</h1>\n"));
    DN_TRY(
        dn_file_printf(w, "<p class=\"soft\">Volumes of brain structures from a T1-weighted scan. For research; not for diagnosis.</p>\n"));
    DN_TRY(put_verdict(w, &r->quality));
    DN_TRY(put_numbers(w, r));
    DN_TRY(put_flags(w, &r->quality));
    DN_TRY(put_truth(w, r));
    DN_TRY(put_escaped(w, "<figure><img alt=\"Slices of ", r->stem, " with the outlines of the labels\" src=\"data:image/png;base64,"));
    DN_TRY(put_base64(w, picture, size));
    DN_TRY(dn_file_printf(w, "\"><figcaption>Radiological view: the patient's left is on the right of coronal and axial slices. The yellow "
                             "frame in the whole-head pictures marks the part that is enlarged below; millimetres count from the middle of "
                             "the structure.</figcaption></figure>\n"));
    DN_TRY(
        dn_file_printf(w,
                       "<h2>Volumes</h2>\n<div class=\"wide\"><table><thead><tr><th>Structure</th><th>Side</th><th>Volume, mm\xc2\xb3</th>"
                       "<th>By voxels, mm\xc2\xb3</th><th>Mean probability</th><th>Label</th></tr></thead><tbody>\n"));
    for (size_t i = 0; i < r->volumes.count; ++i) {
        DN_TRY(put_row(w, &r->volumes.row[i], r));
    }
    DN_TRY(dn_file_printf(
        w,
        "</tbody></table></div>\n<h2>How to read this</h2>\n<ul>\n"
        "<li>Look at the outlines first. They should follow the walls of the third ventricle from the optic chiasm to the mammillary "
        "bodies, "
        "on both sides, and nothing else.</li>\n"
        "<li><strong>Volume</strong> is the sum of the network's probabilities inside the structure: a voxel that is half hypothalamus "
        "counts "
        "half. Use it for statistics. <strong>By voxels</strong> counts the voxels of the label map.</li>\n"
        "<li><strong>Mean probability</strong> says how sure the network is of the voxels it labelled, from 0 to 1; whole structures "
        "usually "
        "reach more than 0.8, small subunits less.</li>\n"
        "<li>By hand, both sides with the mammillary bodies measure about 750 to 1000 mm\xc2\xb3 in adults. Methods differ: compare only "
        "numbers made with the same model, and scans of the same kind.</li>\n</ul>\n"));
    DN_TRY(put_provenance(w, r));
    return dn_file_printf(w, "</main>\n</body>\n</html>\n");
}

dn_status dn_report_write(const dn_segment_result *result, const char *folder, const char *path)
{
    char *picture_path = NULL;
    unsigned char *picture = NULL;
    size_t size = 0;
    DN_TRY(dn_output_path(folder, result->stem, "_qc.png", &picture_path));
    dn_status status = dn_file_read(picture_path, PICTURE_LIMIT, &picture, &size);
    free(picture_path);
    DN_TRY(status);
    dn_file_writer writer = {0};
    status = dn_file_create(&writer, path);
    if (status == DN_OK) {
        status = put_page(&writer, result, picture, size);
        if (status == DN_OK) {
            status = dn_file_commit(&writer);
        } else {
            dn_file_discard(&writer);
        }
    }
    free(picture);
    return status;
}
