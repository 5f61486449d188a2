/* Rules for the volumes of the thalamus and other deep structures, and for the intracranial volume. */
#include "quality/judge_head.h"

#include "quality/judge_picture.h"
#include "quality/limits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void judge_presence(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_head_limits *l = dn_head_limits_get();
    dn_name_list missing = {.more = 0};
    const dn_head *head = e->head;
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        const dn_group *group = &head->structures.group[g];
        char name[80];
        dn_quality_group_name(group, name);
        if (!dn_quality_wants(e, g)) {
            continue;
        }
        if (head->parts[g].kept_voxels == 0 && head->stripped && strcmp(group->structure, "optic_chiasm") == 0) {
            /* It hangs free below the brain, and skull stripping often takes it along. */
            dn_quality_add(out, DN_FLAG_WARNING, "stripped_away",
                           "The optic chiasm was not found: skull stripping often removes it. Its row is missing from the table.");
            continue;
        }
        if (head->parts[g].kept_voxels == 0) {
            dn_name_list_add(&missing, name);
            continue;
        }
        double x = head->parts[g].centre[0];
        if (head->location.found && ((group->hemi == 'L' && x > l->swapped_mm) || (group->hemi == 'R' && x < -l->swapped_mm))) {
            dn_quality_add(out, DN_FLAG_FAILED, "swapped", "The %s was found on the other side of the head.", name);
        }
    }
    if (missing.text[0] != 0) {
        dn_quality_add(out, DN_FLAG_FAILED, "not_found", "These structures were not found, and their rows are missing from the table: %s.",
                       dn_name_list_text(&missing));
    }
    if (head->wrong_side > l->wrong_side[0]) {
        char text[24];
        bool bad = head->wrong_side > l->wrong_side[1];
        double limit = bad ? 100 * l->wrong_side[1] : 100 * l->wrong_side[0];
        dn_quality_add(out, bad ? DN_FLAG_FAILED : DN_FLAG_WARNING, "sides",
                       "The network exchanged left and right in %s %% of the brain (limit %.0f %%); this was corrected by the position in "
                       "the head, but look at the outlines.",
                       dn_quality_number(100 * head->wrong_side, limit, 0, text), limit);
    }
}

static void judge_thalamus(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_head_limits *l = dn_head_limits_get();
    const dn_volume_row *side[2] = {dn_volume_rows_find(e->volumes, "thalamus", 'L'), dn_volume_rows_find(e->volumes, "thalamus", 'R')};
    for (int n = 0; n < 2; ++n) {
        double volume = side[n] != NULL ? side[n]->volume_mm3 : 7000;
        const char *name = n == 0 ? "left" : "right";
        char text[24];
        if (volume < l->thalamus_low[1] || volume > l->thalamus_high[1]) {
            dn_quality_add(out, DN_FLAG_FAILED, volume < l->thalamus_low[1] ? "thalamus_too_low" : "thalamus_too_high",
                           "The %s thalamus measures %s mm3, outside the %.0f to %.0f mm3 that are possible: do not use this number.", name,
                           dn_quality_number(volume, volume < l->thalamus_low[1] ? l->thalamus_low[1] : l->thalamus_high[1], 0, text),
                           l->thalamus_low[1], l->thalamus_high[1]);
        } else if (volume < l->thalamus_low[0] || volume > l->thalamus_high[0]) {
            dn_quality_add(out, DN_FLAG_WARNING, volume < l->thalamus_low[0] ? "thalamus_low" : "thalamus_high",
                           "The %s thalamus measures %s mm3, which is %s than the %.0f to %.0f mm3 usual in adults: look at the outlines.",
                           name, dn_quality_number(volume, volume < l->thalamus_low[0] ? l->thalamus_low[0] : l->thalamus_high[0], 0, text),
                           volume < l->thalamus_low[0] ? "smaller" : "larger", l->thalamus_low[0], l->thalamus_high[0]);
        }
        if (side[n] != NULL && side[n]->mean_posterior < l->thalamus_posterior) {
            dn_quality_add(out, DN_FLAG_WARNING, "uncertain", "The network is unsure of the %s thalamus: mean probability %s (limit %.2f).",
                           name, dn_quality_number(side[n]->mean_posterior, l->thalamus_posterior, 2, text), l->thalamus_posterior);
        }
    }
    if (side[0] != NULL && side[1] != NULL && side[0]->volume_mm3 + side[1]->volume_mm3 > 0) {
        double asymmetry = 2 * (side[0]->volume_mm3 - side[1]->volume_mm3) / (side[0]->volume_mm3 + side[1]->volume_mm3);
        if (fabs(asymmetry) > l->thalamus_asymmetry[0]) {
            char text[24];
            bool bad = fabs(asymmetry) > l->thalamus_asymmetry[1];
            double limit = bad ? 100 * l->thalamus_asymmetry[1] : 100 * l->thalamus_asymmetry[0];
            dn_quality_add(out, bad ? DN_FLAG_FAILED : DN_FLAG_WARNING, "thalamus_asymmetry",
                           "The %s thalamus is larger by %s %% of the sides' mean (limit %.0f %%): a lesion or an error.",
                           asymmetry > 0 ? "left" : "right", dn_quality_number(100 * fabs(asymmetry), limit, 0, text), limit);
        }
    }
}

static void judge_icv(const dn_quality_evidence *e, dn_quality *out)
{
    const dn_head_limits *l = dn_head_limits_get();
    const dn_head *head = e->head;
    if (head->stripped) {
        dn_quality_add(out, DN_FLAG_NOTE, "stripped",
                       "The scan has no skull around the brain (it was removed, or lies outside the scan), so the intracranial volume "
                       "cannot be measured and has no row.");
        return;
    }
    char text[24];
    double litres = 1e-6 * head->icv_mm3;
    if (!(head->icv_mm3 >= l->icv_low[1] && head->icv_mm3 <= l->icv_high[1])) {
        dn_quality_add(out, DN_FLAG_FAILED, head->icv_mm3 > l->icv_high[1] ? "icv_too_high" : "icv_too_low",
                       "The intracranial volume measures %s litres, outside the %.2f to %.2f that are possible: do not use this number.",
                       dn_quality_number(litres, 1e-6 * (head->icv_mm3 > l->icv_high[1] ? l->icv_high[1] : l->icv_low[1]), 2, text),
                       1e-6 * l->icv_low[1], 1e-6 * l->icv_high[1]);
    } else if (head->icv_mm3 < l->icv_low[0] || head->icv_mm3 > l->icv_high[0]) {
        dn_quality_add(
            out, DN_FLAG_WARNING, head->icv_mm3 < l->icv_low[0] ? "icv_low" : "icv_high",
            "The intracranial volume measures %s litres, which is %s than the %.2f to %.2f usual in adults: look at its outline.",
            dn_quality_number(litres, 1e-6 * (head->icv_mm3 < l->icv_low[0] ? l->icv_low[0] : l->icv_high[0]), 2, text),
            head->icv_mm3 < l->icv_low[0] ? "smaller" : "larger", 1e-6 * l->icv_low[0], 1e-6 * l->icv_high[0]);
    }
    double cut = head->icv_mm3 > 0 ? head->icv_cut_mm3 / head->icv_mm3 : 0;
    if (cut > l->icv_cut[0]) {
        dn_quality_add(out, cut > l->icv_cut[1] ? DN_FLAG_FAILED : DN_FLAG_WARNING, "icv_cut",
                       "The head reaches the edge of the scan, so the intracranial volume is too small.");
    }
}

void dn_quality_judge_head(const dn_quality_evidence *evidence, dn_quality *out)
{
    judge_presence(evidence, out);
    judge_thalamus(evidence, out);
    dn_quality_judge_head_picture(evidence, out);
    if (evidence->icv_wanted) {
        judge_icv(evidence, out);
    }
}
