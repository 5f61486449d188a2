/* The rules for the hypothalamus, its frame and its scan, and what rules share. */
#include "quality/judge.h"

#include "quality/judge_head.h"
#include "quality/judge_picture.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SURROUND 6     /* voxels around a structure that are looked at with it */
#define AROUND_MM 20.0 /* to each side of the middle of the thalami */

void dn_quality_add(dn_quality *quality, dn_flag_level level, const char *code, const char *format, ...)
{
    quality->failed = quality->failed || level == DN_FLAG_FAILED;
    if (quality->count == DN_FLAG_LIMIT) {
        return;
    }
    dn_flag *flag = &quality->flag[quality->count++];
    flag->level = level;
    flag->code = code;
    va_list list;
    va_start(list, format);
    vsnprintf(flag->text, sizeof flag->text, format, list);
    va_end(list);
}

/* " and 100 more" */
enum { ROOM_FOR_MORE = 16 };

void dn_name_list_add(dn_name_list *list, const char *name)
{
    const size_t n = strlen(list->text);
    if (list->more > 0 || n + strlen(name) + 2 + ROOM_FOR_MORE > sizeof list->text) {
        ++list->more;
        return;
    }
    snprintf(list->text + n, sizeof list->text - n, "%s%s", n > 0 ? ", " : "", name);
}

const char *dn_name_list_text(dn_name_list *list)
{
    const size_t n = strlen(list->text);
    if (list->more > 0) {
        snprintf(list->text + n, sizeof list->text - n, " and %zu more", list->more);
    }
    return list->text;
}

const char *dn_quality_side_name(char hemi)
{
    return hemi == 'L' ? "left " : hemi == 'R' ? "right " : "";
}

const char *dn_quality_number(double value, double limit, int decimals, char out[24])
{
    char other[24];
    for (int more = 0; more < 5; ++more) {
        snprintf(out, 24, "%.*f", decimals + more, value);
        snprintf(other, sizeof other, "%.*f", decimals + more, limit);
        if (strcmp(out, other) != 0) {
            break;
        }
    }
    return out;
}

static void judge_volumes(const dn_volume_rows *volumes, const dn_quality_limits *limits, dn_quality *out)
{
    const dn_volume_row *left = dn_volume_rows_find(volumes, "hypothalamus", 'L');
    const dn_volume_row *right = dn_volume_rows_find(volumes, "hypothalamus", 'R');
    const dn_volume_row *both = dn_volume_rows_find(volumes, "hypothalamus", 'B');
    if (both == NULL) {
        return;
    }
    const double *low = limits->volume_low;
    const double *high = limits->volume_high;
    double total = both->volume_mm3;
    char text[24];
    if (total < low[1] || total > high[1]) {
        dn_quality_add(out, DN_FLAG_FAILED, total < low[1] ? "volume_too_low" : "volume_too_high",
                       "The hypothalamus measures %s mm3, outside the %.0f to %.0f mm3 that are possible in adults and children: "
                       "do not use these numbers.",
                       dn_quality_number(total, total < low[1] ? low[1] : high[1], 0, text), low[1], high[1]);
    } else if (total < low[0] || total > high[0]) {
        dn_quality_add(out, DN_FLAG_WARNING, total < low[0] ? "volume_low" : "volume_high",
                       "The hypothalamus measures %s mm3, which is %s than the %.0f to %.0f mm3 usual in adults: look at the outlines.",
                       dn_quality_number(total, total < low[0] ? low[0] : high[0], 0, text), total < low[0] ? "smaller" : "larger", low[0],
                       high[0]);
    }
    double mean = 0.5 * total;
    double asymmetry = mean > 0 && left != NULL && right != NULL ? (left->volume_mm3 - right->volume_mm3) / mean : 0;
    if (fabs(asymmetry) > limits->asymmetry[0]) {
        bool bad = fabs(asymmetry) > limits->asymmetry[1];
        double limit = 100 * limits->asymmetry[bad];
        dn_quality_add(
            out, bad ? DN_FLAG_FAILED : DN_FLAG_WARNING, "asymmetry",
            "The %s side of the hypothalamus is larger by %s %% of their mean (limit %.0f %%): a lesion, a tilted head or an error.",
            asymmetry > 0 ? "left" : "right", dn_quality_number(100 * fabs(asymmetry), limit, 0, text), limit);
    }
}

static double longest_side(const dn_quality_evidence *e)
{
    double mm[3];
    dn_grid_spacing(&e->conformed->scan_grid, mm);
    return fmax(mm[0], fmax(mm[1], mm[2]));
}

static void judge_certainty(const dn_quality_evidence *e, const dn_group *group, const dn_quality_limits *limits, dn_quality *out)
{
    const dn_volume_row *row = dn_volume_rows_find(e->volumes, group->structure, group->hemi);
    const double usual = dn_quality_posterior_limit(limits, longest_side(e));
    char text[24];
    if (row != NULL && row->mean_posterior < usual) {
        const bool bad = row->mean_posterior < limits->posterior[1];
        const double limit = bad ? limits->posterior[1] : usual;
        dn_quality_add(out, bad ? DN_FLAG_FAILED : DN_FLAG_WARNING, "uncertain",
                       "The network is unsure of the %s%s: mean probability %s (limit %.2f).", dn_quality_side_name(group->hemi),
                       group->structure, dn_quality_number(row->mean_posterior, limit, 2, text), limit);
    }
}

static void judge_groups(const dn_quality_evidence *e, const dn_quality_limits *limits, dn_quality *out)
{
    for (size_t g = 0; g < e->structures->group_count; ++g) {
        const dn_group *group = &e->structures->group[g];
        const dn_group_result *r = &e->groups[g];
        if (r->core_voxels == 0) {
            dn_quality_add(out, DN_FLAG_FAILED, "not_found", "The %s%s was not found; its rows are missing from the table.",
                           dn_quality_side_name(group->hemi), group->structure);
            continue;
        }
        double coherence = (double)r->core_voxels / (double)r->labelled_voxels;
        char text[24];
        if (coherence < limits->largest[0]) {
            bool bad = coherence < limits->largest[1];
            double limit = 100 * limits->largest[bad];
            dn_quality_add(out, bad ? DN_FLAG_FAILED : DN_FLAG_WARNING, "fragments",
                           "The %s%s fell into %d pieces; the largest, which was kept, has %s %% of the voxels (limit %.0f %%).",
                           dn_quality_side_name(group->hemi), group->structure, (int)r->components,
                           dn_quality_number(100 * coherence, limit, 0, text), limit);
        }
        judge_certainty(e, group, limits, out);
        for (int c = 0; c < 3 && !e->is_stack; ++c) {
            double at_low = dn_axis_map_to(&e->conformed->map, c, (double)(r->low[c] + e->posteriors->start[c]));
            double at_high = dn_axis_map_to(&e->conformed->map, c, (double)(r->high[c] - 1 + e->posteriors->start[c]));
            if (at_low < 1.5 || at_high > (double)e->conformed->oriented->grid.dim[c] - 2.5) {
                dn_quality_add(out, DN_FLAG_FAILED, "cut", "The %s%s reaches the edge of the scan and may be cut off.",
                               dn_quality_side_name(group->hemi), group->structure);
                break;
            }
        }
    }
}

/* Parts whose volume is the sum of probabilities that win nowhere. */
static void judge_parts_without_voxels(const dn_quality_evidence *e, dn_quality *out)
{
    char names[160] = "", name[64];
    for (size_t i = 0; i < e->volumes->count; ++i) {
        const dn_volume_row *row = &e->volumes->row[i];
        if (row->whole || row->hard_volume_mm3 > 0.0 || strncmp(row->structure, "hypothalamus_", 13) != 0) {
            continue;
        }
        const size_t used = strlen(names);
        dn_volume_row_name(row, name);
        snprintf(names + used, sizeof names - used, "%s%s%s (%.1f mm3)", used > 0 ? ", " : "", dn_quality_side_name(row->hemi), name,
                 row->volume_mm3);
    }
    if (*names != '\0') {
        dn_quality_add(
            out, DN_FLAG_WARNING, "part_without_voxels",
            "No voxel shows these parts of the hypothalamus, and their volumes are only sums of low probabilities: %s. Do not use "
            "the volumes of these parts.",
            names);
    }
}

/* How a network that works on slices came to look where it did. */
static void judge_frame(const dn_quality_evidence *e, const dn_quality_limits *limits, dn_quality *out)
{
    const dn_frame *frame = &e->acpc->frame;
    if (e->acpc_refused != NULL) {
        dn_quality_add(out, DN_FLAG_FAILED, "frame", "The hypothalamus was not measured: %s.", e->acpc_refused);
        return;
    }
    if (frame->error_mm > limits->frame_mm[0] || frame->error_degrees > limits->frame_degrees[0]) {
        char mm[24], degrees[24];
        bool bad = frame->error_mm > limits->frame_mm[1] || frame->error_degrees > limits->frame_degrees[1];
        dn_quality_add(out, bad ? DN_FLAG_FAILED : DN_FLAG_WARNING, "frame_unsure",
                       "The AC-PC frame in which the hypothalamus was searched may be wrong by %s mm and %s degrees (limits %.1f and "
                       "%.1f): look at the outlines.",
                       dn_quality_number(frame->error_mm, limits->frame_mm[bad], 1, mm),
                       dn_quality_number(frame->error_degrees, limits->frame_degrees[bad], 1, degrees), limits->frame_mm[bad],
                       limits->frame_degrees[bad]);
    }
}

/* groups: in voxels of the slices that the network looked at. */
static void judge_edge(const dn_quality_evidence *e, const dn_group_result *groups, const int64_t dim[3], dn_quality *out)
{
    for (size_t g = 0; g < e->structures->group_count; ++g) {
        const dn_group_result *r = &groups[g];
        bool edge = false;
        for (int c = 0; c < 3; ++c) {
            edge = edge || (r->core_voxels > 0 && (r->low[c] == 0 || r->high[c] == dim[c]));
        }
        if (edge) {
            dn_quality_add(out, DN_FLAG_WARNING, "stack_edge",
                           "The %s%s reaches the edge of the slices on which the network runs, and may be cut off there.",
                           dn_quality_side_name(e->structures->group[g].hemi), e->structures->group[g].structure);
        }
    }
}

/* Voxels of the oriented scan around the structures, or around the thalami. false: none were found. */
static bool box_around(const dn_quality_evidence *e, int64_t low[3], int64_t high[3])
{
    const dn_volume *v = e->conformed->oriented;
    const bool groups = dn_groups_bounds(e->structures, e->groups, low, high);
    double mm[3];
    if (!groups && e->middle == NULL) {
        return false;
    }
    dn_grid_spacing(&v->grid, mm);
    for (int c = 0; c < 3; ++c) {
        const int64_t n = v->grid.dim[c];
        if (groups) {
            low[c] = (int64_t)(e->conformed->map.scale[c] * (double)(low[c] - SURROUND + e->posteriors->start[c]));
            high[c] = (int64_t)(e->conformed->map.scale[c] * (double)(high[c] + SURROUND + e->posteriors->start[c]));
        } else {
            low[c] = (int64_t)(fmax(0.0, e->middle[c] - AROUND_MM / mm[c]));
            high[c] = (int64_t)(fmax(0.0, fmin((double)n, e->middle[c] + AROUND_MM / mm[c])));
        }
        low[c] = low[c] < 0 ? 0 : low[c];
        high[c] = high[c] > n ? n : high[c];
    }
    return true;
}

/* Share of the voxels around the structures that have the scan's largest value. (Fat elsewhere is often cut off; it does no
 * harm.) */
static double saturated_share(const dn_quality_evidence *e)
{
    const dn_volume *v = e->conformed->oriented;
    int64_t low[3];
    int64_t high[3];
    if (!box_around(e, low, high)) {
        return 0;
    }
    int64_t top = 0;
    int64_t all = 0;
    for (int64_t k = low[2]; k < high[2]; ++k) {
        for (int64_t j = low[1]; j < high[1]; ++j) {
            for (int64_t i = low[0]; i < high[0]; ++i) {
                top += v->data[dn_grid_offset(&v->grid, i, j, k)] >= e->info->maximum;
                ++all;
            }
        }
    }
    return all > 0 ? (double)top / (double)all : 0;
}

static void judge_scan(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_head_limits *l = dn_head_limits_get();
    double spacing[3];
    dn_grid_spacing(&e->conformed->scan_grid, spacing);
    double coarse = fmax(spacing[0], fmax(spacing[1], spacing[2]));
    char text[24], words[DN_REMEDY_WORDS];
    if (coarse > l->spacing_mm[0] && e->structures->group_count > 0) {
        dn_quality_add(out, coarse > l->spacing_mm[1] ? DN_FLAG_FAILED : DN_FLAG_WARNING, "coarse",
                       "The voxels are %.2f x %.2f x %.2f mm. The hypothalamus needs about 1 mm; in larger voxels its volume is less "
                       "certain, and differs from that in small ones.",
                       spacing[0], spacing[1], spacing[2]);
    }
    if (e->location != NULL) {
        if (e->location->correlation < DN_ALIGN_PLAUSIBLE) {
            dn_quality_add(out, DN_FLAG_WARNING, "unlike_a_head",
                           "The scan is unlike an average T1w head (correlation %s, limit %.2f): is it a T1w scan of a whole head, and is "
                           "its orientation right?",
                           dn_quality_number(e->location->correlation, DN_ALIGN_PLAUSIBLE, 2, text), DN_ALIGN_PLAUSIBLE);
        }
        if (e->location->turned > DN_ALIGN_TURNED && e->location->correlation >= DN_ALIGN_PLAUSIBLE) {
            dn_quality_add(out, e->location->turned > l->turned ? DN_FLAG_FAILED : DN_FLAG_WARNING, "turned",
                           "The head is turned by %s degrees from upright; the networks were trained on heads turned by up to %.0f: look "
                           "at the outlines.%s",
                           dn_quality_number(e->location->turned, DN_ALIGN_TURNED, 0, text), DN_ALIGN_TURNED,
                           dn_remedy_words(DN_REMEDY_UPRIGHT, NULL, words));
        }
        if (e->location->brain_inside < l->brain_inside) {
            dn_quality_add(out, DN_FLAG_WARNING, "brain_outside", "About %.0f %% of the brain lies outside the scan.",
                           100 * (1 - e->location->brain_inside));
        }
    }
    if (e->searched_whole_head) {
        dn_quality_add(out, DN_FLAG_NOTE, "whole_head",
                       "The hypothalamus was not at its usual place; it was found by searching the whole head.");
    }
    double share = saturated_share(e);
    if (share > l->saturated[0]) {
        const bool bad = share > l->saturated[1];
        dn_quality_add(out, bad ? DN_FLAG_FAILED : DN_FLAG_WARNING, "saturated",
                       "%.0f %% of the voxels around the structures have the largest value of the scan: the scan is saturated there%s.",
                       100 * share, bad ? ": do not use these numbers" : "");
    }
    if (e->info->nan_count + e->info->infinity_count > 0) {
        dn_quality_add(out, DN_FLAG_WARNING, "not_finite", "%lld voxels of the scan were not numbers and were replaced.",
                       (long long)(e->info->nan_count + e->info->infinity_count));
    }
    for (int i = 0; i < e->info->warning_count; ++i) {
        if (strncmp(e->info->warning[i], DN_SCAN_NO_ORIENTATION, strlen(DN_SCAN_NO_ORIENTATION)) != 0) { /* a rule of its own */
            dn_quality_add(out, DN_FLAG_NOTE, "header", "%s", e->info->warning[i]);
        }
    }
}

void dn_quality_judge(const dn_quality_evidence *evidence, dn_quality *out)
{
    memset(out, 0, sizeof *out);
    const dn_quality_limits *limits = dn_quality_limits_of(evidence->limits);
    dn_quality_judge_contrast(evidence, out);
    dn_quality_judge_file(evidence, out);
    if (evidence->acpc != NULL) {
        judge_frame(evidence, limits, out);
    }
    if (evidence->acpc != NULL && evidence->acpc_refused == NULL) {
        judge_edge(evidence, evidence->acpc->groups, evidence->acpc->stack.dim, out);
    }
    if (evidence->is_stack) {
        judge_edge(evidence, evidence->groups, evidence->posteriors->dim, out);
    }
    if (evidence->acpc_refused == NULL) {
        judge_groups(evidence, limits, out);
        judge_parts_without_voxels(evidence, out);
    }
    judge_volumes(evidence->volumes, limits, out);
    dn_quality_judge_parts(evidence, out);
    if (evidence->head != NULL) {
        dn_quality_judge_head(evidence, out);
    }
    judge_scan(evidence, out);
}
