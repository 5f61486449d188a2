/* Collects what the rules and the score need from a result, and calls both. */
#include "quality/verdict.h"

#include "base/job.h"

#include <math.h>
#include <string.h>

static double disagreement_of(const dn_segment_result *r)
{
    return r->stack != NULL ? r->stack->disagreement : r->frame != NULL ? r->frame->found.disagreement : 0.0;
}

/* The middle of what was found of both thalami, in voxels of the oriented scan. false: none was. */
static bool middle_of_thalami(const dn_head *head, double out[3])
{
    double mm[3] = {0.0, 0.0, 0.0}, found = 0.0;
    dn_affine back;
    for (size_t g = 0; g < head->structures.group_count; ++g) {
        if (strcmp(head->structures.group[g].structure, "thalamus") == 0 && head->parts[g].kept_voxels > 0) {
            for (int c = 0; c < 3; ++c) {
                mm[c] += head->parts[g].centre[c];
            }
            found += 1.0;
        }
    }
    if (!(found > 0.0) || dn_affine_invert(&head->to_template, &back) != DN_OK) {
        return false;
    }
    for (int c = 0; c < 3; ++c) {
        mm[c] /= found;
    }
    dn_affine_apply(&back, mm, out);
    return true;
}

dn_status dn_result_judge(const dn_segment_result *r, bool accept, dn_judgement *out)
{
    static const dn_posteriors nothing;
    static const dn_group_result none[DN_GROUP_LIMIT];
    const dn_hypothalamus *h = r->hypothalamus;
    const dn_conformed place = dn_segment_result_place(r);
    dn_part_picture parts[DN_GROUP_LIMIT];
    dn_quality_evidence evidence = {
        .info = &r->info,
        .conformed = &place,
        .location = r->location,
        .posteriors = h != NULL ? &h->posteriors : &nothing,
        .structures = &r->structures,
        .groups = h != NULL ? h->groups : none,
        .volumes = &r->volumes,
        .searched_whole_head = r->location != NULL && h != NULL && h->found_by == DN_FOUND_BY_WHOLE_HEAD,
        .head = r->head != NULL ? &r->head->found : NULL,
        .head_wanted = r->head != NULL ? r->head->wanted : NULL,
        .icv_wanted = r->head != NULL && r->head->icv_wanted,
        .limits = r->stack != NULL   ? DN_LIMITS_STACKS
                  : r->frame != NULL ? DN_LIMITS_SLICES
                                     : DN_LIMITS_VOLUMES,
        .acpc = r->frame != NULL ? &r->frame->found : NULL,
        .acpc_refused = r->frame != NULL ? r->frame->refused : NULL,
        .is_stack = r->stack != NULL,
        .contrast = r->contrast,
        .any_contrast = r->any_contrast,
        .any_contrast_head = r->any_contrast_head && r->head != NULL,
        .disagreement = disagreement_of(r),
        .mirror_disagreement = h != NULL && h->mirrored != NULL ? h->mirrored->disagreement : (double)NAN,
    };
    memset(out, 0, sizeof *out);
    double middle[3];
    if (h != NULL) {
        DN_TRY(dn_image_quality_around(&place, &h->posteriors, &r->structures, h->groups, &evidence.image));
    } else if (evidence.head != NULL && middle_of_thalami(evidence.head, middle)) {
        evidence.middle = middle;
        DN_TRY(dn_image_quality_measure(place.oriented, middle, &evidence.image));
    }
    if (h != NULL && r->stack == NULL) { /* the picture of a stack is too narrow for the rules about it */
        DN_TRY(dn_parts_see(&place, &h->posteriors, &r->structures, h->groups, parts));
        evidence.parts = parts;
    }
    dn_quality_judge(&evidence, &out->quality);
    dn_score_judge(&evidence, h != NULL, h != NULL ? h->consensus : NULL, accept, &out->quality, &out->score);
    return DN_OK;
}

void dn_judgement_say(const dn_judgement *judgement, const char *stem)
{
    for (size_t i = 0; i < judgement->quality.count; ++i) {
        const dn_flag *flag = &judgement->quality.flag[i];
        dn_log(flag->level == DN_FLAG_NOTE ? DN_LOG_NOTE : DN_LOG_WARNING, "%s: %s", stem, flag->text);
    }
}
