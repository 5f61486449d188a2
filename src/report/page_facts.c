/* The parts of the report about the person and the scan, and about the networks and options. */
#include "report/page_private.h"

#include <math.h>

static dn_status put_person(const dn_report *it)
{
    const dn_scan_about *about = &it->about;
    const char *sex = about->sex == DN_SEX_FEMALE ? "female" : about->sex == DN_SEX_MALE ? "male" : NULL;
    if (about->person_from == NULL) {
        return dn_file_printf(it->w, "<dt>Person</dt><dd>age and sex are not known</dd>\n");
    }
    DN_TRY(dn_file_printf(it->w, "<dt>Person</dt><dd>%s, ", sex != NULL ? sex : "sex not known"));
    if (isnan(about->age)) {
        DN_TRY(dn_file_printf(it->w, "age not known"));
    } else {
        DN_TRY(dn_file_printf(it->w, "%.4g years", about->age));
    }
    return dn_file_printf(it->w, " <span class=\"soft\">(%s)</span></dd>\n", about->person_from);
}

dn_status dn_report_put_facts(const dn_report *it)
{
    const dn_segment_result *r = it->r;
    double spacing[3];
    dn_grid_spacing(&r->conformed.scan_grid, spacing);
    const int64_t *dim = r->conformed.scan_grid.dim;
    DN_TRY(dn_file_printf(it->w, "<dl>\n"));
    DN_TRY(put_person(it));
    DN_TRY(dn_file_printf(it->w, "<dt>Date of the scan</dt><dd>%s</dd>\n", it->about.date[0] != 0 ? it->about.date : "not known"));
    DN_TRY(dn_report_put_escaped(it->w, "<dt>Scan</dt><dd>", dn_path_name(r->path), ""));
    DN_TRY(dn_file_printf(it->w, ": voxels of %.2f \xc3\x97 %.2f \xc3\x97 %.2f mm (%lld \xc3\x97 %lld \xc3\x97 %lld)</dd>\n", spacing[0],
                          spacing[1], spacing[2], (long long)dim[0], (long long)dim[1], (long long)dim[2]));
    DN_TRY(dn_report_put_escaped(it->w, "<dt>Sequence</dt><dd>",
                                 it->about.sequence != NULL ? it->about.sequence
                                                            : "not known (there is no JSON file beside the scan that names it)",
                                 ""));
    if (it->about.contrast != NULL) {
        DN_TRY(dn_report_put_escaped(it->w, "; <strong>with a contrast agent</strong> (", it->about.contrast,
                                     "); the networks were not trained on such scans"));
    }
    return dn_file_printf(it->w, "</dd>\n</dl>\n");
}

/* Where a network that works on slices looked. */
static dn_status put_frame(const dn_report *it)
{
    const dn_frame *f = &it->r->frame->found.frame;
    DN_TRY(dn_report_put_escaped(it->w, "<dt>Hypothalamus</dt><dd>measured by ", it->r->structures.model->name, ""));
    DN_TRY(dn_file_printf(it->w, " on %lld coronal slices, %.2f mm apart, perpendicular to the AC-PC line</dd>\n",
                          (long long)it->r->frame->found.geometry.slices, it->r->frame->found.geometry.thickness));
    return dn_file_printf(it->w,
                          "<dt>AC-PC frame</dt><dd>AC at %.1f, %.1f, %.1f and PC at %.1f, %.1f, %.1f mm of the scan, %.1f mm apart; the "
                          "head is turned by %.1f\xc2\xb0 (pitch), %.1f\xc2\xb0 (roll) and %.1f\xc2\xb0 (yaw); found from %d structures, "
                          "with an expected error of %.1f mm and %.1f\xc2\xb0</dd>\n",
                          f->ac[0], f->ac[1], f->ac[2], f->pc[0], f->pc[1], f->pc[2], f->ac_pc_mm, f->pitch, f->roll, f->yaw, f->structures,
                          f->error_mm, f->error_degrees);
}

static dn_status put_network(const dn_report *it, const dn_model *model)
{
    DN_TRY(dn_report_put_escaped(it->w, "<dt>Network</dt><dd>", model->name, ""));
    if (model->trained_on != NULL && *model->trained_on != 0) {
        DN_TRY(dn_report_put_escaped(it->w, "; trained on ", model->trained_on, ""));
    }
    if (model->licence != NULL && *model->licence != 0) {
        DN_TRY(dn_report_put_escaped(it->w, "; licence ", model->licence, ""));
    }
    if (*model->sha256 != 0) {
        DN_TRY(dn_file_printf(it->w, "; SHA-256 %.16s\xe2\x80\xa6", model->sha256));
    }
    return dn_file_printf(it->w, "</dd>\n");
}

dn_status dn_report_put_provenance(const dn_report *it)
{
    static const char *const found[] = {"by aligning an average head with the scan",
                                        "by aligning an average head, then a second run around the structure that was found",
                                        "by searching the whole head", ""};
    const dn_segment_result *r = it->r;
    DN_TRY(dn_file_printf(it->w, "<section class=\"late\">\n<h2>How it was made</h2>\n<dl>\n"));
    DN_TRY(dn_file_printf(it->w, "<dt>Program</dt><dd>dien %s, networks in %s; the scan's file: %s, %s</dd>\n", DIEN_VERSION,
                          r->precision == DN_PRECISION_BF16 ? "bf16" : "f32", r->info.format_name, r->info.type_name));
    for (size_t i = 0; i < r->model_count; ++i) {
        DN_TRY(put_network(it, r->models[i]));
    }
    if (r->hypothalamus != NULL && r->hypothalamus->fill != NULL) {
        DN_TRY(dn_file_printf(it->w, "<dt>No skull</dt><dd>the network of the hypothalamus ran on the scan with fluid and a bright shell "
                                     "added around the brain</dd>\n"));
    }
    if (r->frame != NULL && r->frame->found.has_frame) {
        DN_TRY(put_frame(it));
    } else if (r->hypothalamus != NULL) {
        const dn_hypothalamus *h = r->hypothalamus;
        DN_TRY(dn_file_printf(it->w, "<dt>Hypothalamus</dt><dd>found %s; its network ran on %.0f %% of the head</dd>\n", found[h->found_by],
                              100.0 * (double)h->network_voxels / (double)h->whole_voxels));
    }
    return dn_file_printf(it->w, "</dl>\n</section>\n");
}
