/* Rules for what the scan itself shows: contrast, cut structures, unlike sides, air, size and ventricles. */
#include "quality/judge_picture.h"

#include "segment/head/clean.h"
#include "segment/head/contrast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void dn_quality_group_name(const dn_group *group, char out[80])
{
    snprintf(out, 80, "%s%s", dn_quality_side_name(group->hemi), group->structure);
    for (char *c = out; *c != 0; ++c) {
        *c = *c == '_' ? ' ' : *c;
    }
}

bool dn_quality_wants(const dn_quality_evidence *evidence, size_t group)
{
    for (int64_t c = 1; c < evidence->head->structures.channels; ++c) {
        if (evidence->head->structures.group_of[c] == (int)group && evidence->head_wanted[c]) {
            return true;
        }
    }
    return false;
}

/* ---- the file ----------------------------------------------------------------------------------------------------- */

void dn_quality_judge_file(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_affine_source source = e->info->affine_source;
    const dn_outliers *outliers = &e->conformed->outliers;
    if (!e->is_stack && (source == DN_AFFINE_SPACING || source == DN_AFFINE_MGH_DEFAULT)) {
        dn_quality_add(
            out, DN_FLAG_WARNING, "sides_unknown",
            "The scan's header has no orientation, so it does not say which side is left. It was assumed that the axes run %s; left and "
            "right may be exchanged in every number and picture. Convert the original files again (dcm2niix), or check with a marker.",
            source == DN_AFFINE_SPACING ? "right, front and up" : "as FreeSurfer's coronal slices");
    }
    if (e->conformed->skew > 0) {
        dn_quality_add(
            out, DN_FLAG_WARNING, "sheared",
            "The scan's axes differ from right angles by %.1f degrees (a sheared sform). It was resampled onto axes at right angles; "
            "labels and pictures are of that copy. If the shear came from a registration, measure the scan from before the registration.",
            e->conformed->skew);
    }
    if (outliers->wrapped_share > 0) {
        dn_quality_add(out, DN_FLAG_WARNING, "wrapped",
                       "%.1f %% of the scan's voxels are bright voxels that became negative because 16 bits were too few (down to %.0f); "
                       "this was corrected. Convert the original files again.",
                       100 * outliers->wrapped_share, outliers->low_value);
    }
    if (outliers->low_share > 0) {
        dn_quality_add(out, DN_FLAG_NOTE, "padding",
                       "%.1f %% of the scan's voxels are padding, far below all others (%.0f); they were treated as air.",
                       100 * outliers->low_share, outliers->low_value);
    }
    if (outliers->high_share > 0) {
        dn_quality_add(out, DN_FLAG_WARNING, "outliers",
                       "%.1f %% of the scan's voxels are far brighter than all others (%.4g); they were limited to the brightest of the "
                       "rest. Check whether they are in the head.",
                       100 * outliers->high_share, outliers->high_value);
    }
}

/* ---- the contrast ------------------------------------------------------------------------------------------------- */

static const char *weighting(double fluid, double grey, double white)
{
    return fluid > grey && grey > white ? "fluid is brightest and white matter darkest, as in T2- or PD-weighted or inverted scans"
           : grey > white               ? "grey matter is brighter than white matter, as in FLAIR, PD or CT, or in infants"
                                        : "fluid, grey and white matter do not differ as they should";
}

/* What the numbers of another contrast are worth: which networks were made for it. */
static const char *worth(const dn_quality_evidence *e)
{
    const bool box = e->structures != NULL && e->structures->group_count > 0; /* the hypothalamus was looked for */
    const bool box_fits = e->any_contrast || !box;
    const bool head_fits = e->any_contrast_head || e->head == NULL;
    if (!box_fits && !head_fits) {
        return "The networks were trained for T1-weighted scans only: do not use these numbers.";
    }
    if (!box_fits) {
        return e->any_contrast_head
                   ? "The whole head was measured by networks for scans of any contrast, which are less exact: do not compare its numbers "
                     "with "
                     "those of another contrast. The hypothalamus was measured by a network for T1-weighted scans: do not use its numbers."
                   : "The network was trained for T1-weighted scans only: do not use these numbers.";
    }
    if (!head_fits) {
        return e->any_contrast
                   ? "The hypothalamus was measured by the network for scans of any contrast, which is less exact; the other structures by "
                     "networks for T1-weighted scans: do not compare these numbers with those of another contrast."
                   : "The networks were trained for T1-weighted scans only: do not use these numbers.";
    }
    return "It was measured by networks for scans of any contrast, which are less exact: do not compare these numbers with those of "
           "another "
           "contrast.";
}

void dn_quality_judge_contrast(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_contrast_seen *c = &e->contrast;
    const double inside = dn_picture_limits_get()->inside;
    if (c->contrast == DN_CONTRAST_TISSUES) {
        dn_quality_add(out, DN_FLAG_FAILED, "not_t1",
                       "This is not a T1-weighted scan, or not one of an adult: %s (fluid %.4g, grey %.4g, white matter %.4g). %s",
                       weighting(c->fluid, c->grey, c->white), c->fluid, c->grey, c->white, worth(e));
        return;
    }
    if (c->contrast == DN_CONTRAST_UNEVEN) {
        dn_quality_add(
            out, DN_FLAG_WARNING, "contrast",
            "Fluid, grey and white matter do not differ as they usually do in T1-weighted scans (fluid %.4g, grey %.4g, white "
            "matter %.4g), although the brain as a whole is like a T1-weighted scan: an uneven coil, motion or a lesion; look at "
            "the outlines.",
            c->fluid, c->grey, c->white);
    }
    if (c->contrast == DN_CONTRAST_INSIDE_OTHER) {
        dn_quality_add(out, DN_FLAG_FAILED, "not_t1",
                       "This is not a T1-weighted scan: its correlation with the average T1-weighted head inside the brain is %.2f (limit "
                       "%.2f). %s",
                       c->match, DN_CONTRAST_INSIDE, worth(e));
    } else if (c->placed && c->match < inside) {
        dn_quality_add(out, DN_FLAG_WARNING, "not_t1",
                       "This may not be a T1-weighted scan: its correlation with the average T1-weighted head inside the brain is %.2f "
                       "(limit %.2f): look at the picture.",
                       c->match, inside);
    }
}

/* ---- inside an outline -------------------------------------------------------------------------------------------- */

typedef struct sides {
    char name[80];    /* of the structure, without a side */
    double median[2]; /* left, right; of the contrast between fluid (0) and white matter (1) */
    double odd[2];
    const double *apart_limit; /* two values */
    double odd_limit;
    double more_limit; /* of the difference of both */
} sides;

/* The side that is further from middle is the odd one. */
static void judge_sides(const sides *s, double middle, dn_quality *out)
{
    const dn_picture_limits *limits = dn_picture_limits_get();
    if (isnan(s->median[0]) || isnan(s->median[1])) {
        return;
    }
    const double apart = fabs(s->median[0] - s->median[1]);
    const double odd = fmax(s->odd[0], s->odd[1]);
    /* Voxels of the rim, which hold fluid or white matter, too, are on both sides; a lesion is on one. */
    const double more = fabs(s->odd[0] - s->odd[1]);
    int side = fabs(s->median[0] - middle) > fabs(s->median[1] - middle) ? 0 : 1;
    if (apart <= s->apart_limit[0]) { /* a part of one side: the side that holds it */
        side = s->odd[0] > s->odd[1] ? 0 : 1;
    }
    if (apart > s->apart_limit[0] || odd > s->odd_limit || more > s->more_limit) {
        const bool failed = apart > s->apart_limit[1] || odd > limits->odd[1];
        dn_quality_add(out, failed ? DN_FLAG_FAILED : DN_FLAG_WARNING, "unlike_other_side",
                       "In the scan, the brightness of the %s %s differs from that of the other side (medians %.2f and %.2f of the "
                       "contrast between fluid and white matter; %.0f %% of its voxels differ): a lesion or an error; %s.",
                       side == 0 ? "left" : "right", s->name, s->median[0], s->median[1], 100 * odd,
                       failed ? "do not use these numbers" : "look at the outlines");
    }
}

void dn_quality_judge_parts(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_picture_limits *limits = dn_picture_limits_get();
    if (e->parts == NULL || e->any_contrast) { /* what is usual is known of T1-weighted scans */
        return;
    }
    for (size_t g = 0; g < e->structures->group_count; ++g) {
        const dn_group *group = &e->structures->group[g];
        const size_t m = dn_structures_mirror(e->structures, g);
        const double median = e->parts[g].median;
        if (strcmp(group->structure, "hypothalamus") != 0 || isnan(median)) {
            continue; /* the limits are its */
        }
        if (median < limits->place[0] || median > limits->place[1]) {
            dn_quality_add(out, DN_FLAG_WARNING, "unlike_tissue",
                           "The region outlined as the %shypothalamus does not have the usual brightness (%.2f of the contrast between "
                           "fluid and white matter around it; usual: %.2f to %.2f): a lesion or an error; look at the outlines.",
                           dn_quality_side_name(group->hemi), median, limits->place[0], limits->place[1]);
        }
        if (m != g && group->hemi == 'L') {
            const sides both = {.name = "hypothalamus",
                                .median = {median, e->parts[m].median},
                                .odd = {e->parts[g].odd, e->parts[m].odd},
                                .apart_limit = limits->sides,
                                .odd_limit = limits->odd[0],
                                .more_limit = 1.0};
            judge_sides(&both, 0.5 * (limits->place[0] + limits->place[1]), out);
        }
    }
}

static void judge_deep(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_picture_limits *limits = dn_picture_limits_get();
    const dn_head *head = e->head;
    const double contrast = head->picture.white - head->picture.fluid;
    if (e->any_contrast_head) { /* what is usual is known of T1-weighted scans */
        return;
    }
    for (size_t g = 0; g < head->structures.group_count && contrast > 0; ++g) {
        const dn_group *group = &head->structures.group[g];
        const size_t m = dn_structures_mirror(&head->structures, g);
        if (group->hemi != 'L' || m == g || !dn_quality_wants(e, g) || dn_clean_of(group->structure) != DN_CLEAN_LARGEST) {
            continue;
        }
        const bool thalamus = strcmp(group->structure, "thalamus") == 0;
        const bool mixed = strcmp(group->structure, "ventral_diencephalon") == 0;
        sides both = {.odd = {head->parts[g].odd, head->parts[m].odd},
                      .apart_limit = thalamus ? limits->sides : limits->sides_other,
                      .odd_limit = thalamus ? limits->odd_thalamus
                                   : mixed  ? limits->odd_mixed
                                            : limits->odd_other,
                      .more_limit = thalamus ? limits->more_thalamus : 1.0};
        dn_group plain = *group;
        plain.hemi = 'B';
        dn_quality_group_name(&plain, both.name);
        both.median[0] = (head->parts[g].median - head->picture.fluid) / contrast;
        both.median[1] = (head->parts[m].median - head->picture.fluid) / contrast;
        judge_sides(&both, 0.8, out);
    }
}

/* ---- the whole head ----------------------------------------------------------------------------------------------- */

static bool is_cut(const double edge[2], double volume)
{
    const dn_picture_limits *limits = dn_picture_limits_get();
    return edge[0] >= limits->least_edge_mm3 && edge[0] > limits->cut * edge[1] && edge[0] > limits->cut_share * volume;
}

/* The brain stem goes on into the neck: where the scan ends above its usual end, only its own volume is too small. */
static void judge_cut(const dn_quality_evidence *e, dn_quality *out)
{
    dn_name_list names = {.more = 0};
    bool stem = false;
    for (size_t g = 0; g < e->head->structures.group_count; ++g) {
        const dn_head_part *part = &e->head->parts[g];
        const char *structure = e->head->structures.group[g].structure;
        /* The fluid around a brain without its skull reaches the edge of a scan that was cut to it. */
        const bool rim = e->head->stripped && strcmp(structure, "csf") == 0;
        if (!dn_quality_wants(e, g) || rim || part->kept_voxels == 0 || !is_cut(part->edge_mm3, part->volume_mm3)) {
            continue;
        }
        if (strcmp(structure, "brain_stem") == 0) {
            stem = true;
        } else {
            char name[80];
            dn_quality_group_name(&e->head->structures.group[g], name);
            dn_name_list_add(&names, name);
        }
    }
    if (names.text[0] != 0) {
        dn_quality_add(out, DN_FLAG_FAILED, "cut",
                       "These structures are cut off at the edge of the scan, and their volumes are too small: %s.",
                       dn_name_list_text(&names));
    }
    if (stem) {
        dn_quality_add(out, DN_FLAG_WARNING, "stem_cut",
                       "The brain stem reaches the edge of the scan, so its volume is too small; the other volumes are not affected.");
    }
}

static void judge_size(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_picture_limits *limits = dn_picture_limits_get();
    const double *scale = e->head->location.scale;
    const double size =
        e->head->size == 1.0 || !(e->head->size > 0) ? 1.0 : cbrt(scale[0] * scale[1] * scale[2]); /* 1: as they know it, or not known */
    if (size < limits->size[0] || size > limits->size[1]) {
        dn_quality_add(out, DN_FLAG_FAILED, "size",
                       "The head has %.2f times the length of an average adult's head, outside the tested range of %.2f to %.2f: is the "
                       "scan's voxel size right?",
                       size, limits->size[0], limits->size[1]);
    }
}

static void judge_inside(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_picture_limits *limits = dn_picture_limits_get();
    const dn_head_picture *p = &e->head->picture;
    if (!e->head->stripped && p->white > 0 && p->air > limits->air * p->white) {
        dn_quality_add(out, DN_FLAG_WARNING, "icv_air",
                       "The air around the head is not dark (%.0f %% of the white matter's brightness; limit %.0f %%), as in MP2RAGE's "
                       "uniform images: the intracranial volume may be wrong by 10 %%. Use an image whose background was suppressed.",
                       100 * p->air / p->white, 100 * limits->air);
    }
    if (!e->head->stripped && p->bare > limits->bare) {
        dn_quality_add(out, DN_FLAG_WARNING, "icv_bare",
                       "At %.0f %% of its edge, the inside of the skull is next to empty voxels (the scan's darkest value), without fluid "
                       "or bone: a part of the brain was cut away with the face or the skull, and the intracranial volume is too small.",
                       100 * p->bare);
    }
    /* Where the average head does not match, or holds more than the scan, it cannot tell. */
    if (!(e->head->location.match >= DN_ALIGN_MATCH && e->head->location.brain_inside >= limits->brain_seen)) {
        return;
    }
    if (!e->head->stripped && p->stray_mm3 > limits->stray_mm3) {
        dn_quality_add(out, DN_FLAG_WARNING, "icv_leak",
                       "%.0f ml of the region outlined as the inside of the skull lie where no brain can be: the intracranial volume is "
                       "too large; look at its outline.",
                       1e-3 * p->stray_mm3);
    }
    if (p->missing > limits->missing) {
        dn_quality_add(out, DN_FLAG_WARNING, "brain_missing",
                       "%.1f %% of the usual place of the brain was not found inside the skull: parts of the brain were cut off, defaced "
                       "or lost, and the %s is too small.",
                       100 * p->missing, e->head->stripped ? "volume of the brain" : "intracranial volume");
    }
}

static void judge_ventricles(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_picture_limits *limits = dn_picture_limits_get();
    double ventricles = 0, all = 0;
    for (size_t g = 0; g < e->head->structures.group_count; ++g) {
        const char *name = e->head->structures.group[g].structure;
        const double volume = e->head->parts[g].volume_mm3;
        ventricles += strcmp(name, "lateral_ventricle") == 0 || strcmp(name, "third_ventricle") == 0 ? volume : 0.0;
        all += volume;
    }
    if (all > 0 && ventricles > limits->ventricles * all) {
        dn_quality_add(out, DN_FLAG_WARNING, "ventricles_large",
                       "The lateral and third ventricles fill %.0f %% of the inside of the skull (usual: below %.0f %%): the networks were "
                       "trained on few such heads, and structures beside the ventricles are moved and thin; look at the outlines.",
                       100 * ventricles / all, 100 * limits->ventricles);
    }
}

void dn_quality_judge_head_picture(const dn_quality_evidence *evidence, dn_quality *out)
{
    judge_cut(evidence, out);
    judge_size(evidence, out);
    judge_deep(evidence, out);
    judge_ventricles(evidence, out);
    if (evidence->icv_wanted) {
        judge_inside(evidence, out);
    }
}
