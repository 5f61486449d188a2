/* Places the box, runs the network, and tries again where the structure is cut or not there. */
#include "segment/hypothalamus/box.h"

#include "base/job.h"
#include "base/memory.h"
#include "infer/divide.h"
#include "infer/region.h"
#include "infer/white_matter.h"
#include "segment/segmenter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fewer voxels than this are not the structure but noise. */
enum { FOUND_VOXELS = 8 };
/* A box is centred when its middle is as near to the middle of what it holds, voxels. */
#define CENTRED 1.5

/* All groups are there, and so far from the box's cut faces that the whole head would give the same; or, for a network with a box of
 * its own (box > 0), in the middle of it.
 * *seen: at least one is there; centre: of all that is there, in voxels of the volume. */
static bool settled(const dn_segment_result *r, int64_t box, const int64_t padded[3], bool *seen, double centre[3])
{
    const dn_hypothalamus *h = r->hypothalamus;
    bool all = true;
    int64_t low[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
    int64_t high[3] = {0, 0, 0};
    *seen = false;
    for (size_t g = 0; g < r->structures.group_count; ++g) {
        const dn_group_result *group = &h->groups[g];
        if (group->core_voxels < FOUND_VOXELS) {
            all = false;
            continue;
        }
        *seen = true;
        for (int c = 0; c < 3; ++c) {
            low[c] = group->low[c] < low[c] ? group->low[c] : low[c];
            high[c] = group->high[c] > high[c] ? group->high[c] : high[c];
        }
    }
    if (!*seen) {
        return false;
    }
    for (int c = 0; c < 3; ++c) {
        centre[c] = 0.5 * (double)(low[c] + high[c] - 1) + (double)h->posteriors.start[c];
    }
    int64_t clearance = dn_region_clearance(padded, h->posteriors.start, h->posteriors.dim, low, high);
    if (box == 0) {
        return all && clearance >= DN_REGION_MARGIN;
    }
    for (int c = 0; c < 3; ++c) {
        double middle = (double)h->posteriors.start[c] + 0.5 * (double)(h->posteriors.dim[c] - 1);
        all = all && fabs(centre[c] - middle) <= CENTRED;
    }
    return all && clearance >= DN_REGION_BOX_MARGIN;
}

/* What box says of the result's box, not cleaned; where it is made for it, the mean with what it says of the mirror image, whose difference
 * goes to *mirrored; NULL: it is run once. */
static dn_status answer(const dn_box_network *box, const dn_segment_result *r, const int64_t start[3], const int64_t dim[3],
                        dn_posteriors *out, dn_consensus *mirrored)
{
    dn_posteriors mean;
    const dn_consensus_options pair = dn_consensus_mirrored_pair();
    DN_TRY(dn_network_run(box->network, r->conformed.volume, start, dim, out));
    dn_status status = dn_structures_check_channels(&box->structures, out->channels);
    if (status == DN_OK && mirrored != NULL) {
        status = dn_consensus_run(box->network, &box->structures, r->conformed.volume, start, dim, 0.0, &pair, out, &mean, mirrored);
        dn_posteriors_release(out);
        *out = mean;
    }
    if (status != DN_OK) {
        dn_posteriors_release(out);
    }
    return status;
}

/* The same of both networks where one divides what the other finds: then the difference is that of the whole. */
static dn_status answers(dn_segmenter *s, dn_segment_result *r, const int64_t start[3], const int64_t dim[3])
{
    dn_hypothalamus *h = r->hypothalamus;
    const dn_box_network *box = dn_segmenter_box(s, r);
    const bool single = s->options.consensus != NULL; /* which mirrors by itself */
    if (h->mirrored == NULL && box->model->input.mirror && !single) {
        DN_TRY(dn_alloc(&h->mirrored, 1, sizeof *h->mirrored, "the results of the mirror image"));
    }
    DN_TRY(answer(box, r, start, dim, &h->posteriors, h->mirrored));
    if (box->whole != NULL) {
        dn_posteriors found;
        DN_TRY(answer(box->whole, r, start, dim, &found, h->mirrored));
        dn_divide(&found, &box->whole->structures, &box->structures, &h->posteriors);
        dn_posteriors_release(&found);
    }
    return DN_OK;
}

static dn_status run_box(dn_segmenter *s, dn_segment_result *r, const int64_t padded[3], const double centre[3], bool *done, bool *seen,
                         double next[3])
{
    dn_hypothalamus *h = r->hypothalamus;
    int64_t start[3];
    int64_t dim[3];
    const int64_t box = dn_region_box(&dn_segmenter_box(s, r)->model->input);
    const bool given = r->like != NULL && r->like->hypothalamus != NULL;
    if (given) {
        memcpy(start, r->like->hypothalamus->posteriors.start, sizeof start);
        memcpy(dim, r->like->hypothalamus->posteriors.dim, sizeof dim);
    } else {
        dn_region_place(padded, centre, box > 0 ? box : DN_REGION_SIZE, box > 0 ? 1 : dn_segmenter_box(s, r)->model->input.multiple, start,
                        dim);
    }
    dn_posteriors_release(&h->posteriors);
    DN_TRY(answers(s, r, start, dim));
    DN_TRY(dn_postprocess(&h->posteriors, &r->structures, h->groups));
    *done = settled(r, box, padded, seen, next) || (given && *seen);
    return DN_OK;
}

/* Where the network sees the structures in the whole head. *seen: it sees at least one. */
static dn_status search_whole_head(dn_segmenter *s, dn_segment_result *r, bool *seen, double centre[3])
{
    uint8_t *labels = NULL;
    dn_group_result *groups = NULL;
    dn_status status;
    const dn_box_network *box = dn_segmenter_box(s, r);
    const dn_box_network *finds = box->whole != NULL ? box->whole : box;
    DN_TRY_GOTO(status, dn_network_run_whole(finds->network, r->conformed.volume, &labels), done);
    DN_TRY_GOTO(status, dn_alloc(&groups, finds->structures.group_count, sizeof *groups, "the structures found"), done);
    DN_TRY_GOTO(status, dn_postprocess_labels(labels, r->conformed.volume->grid.dim, &finds->structures, groups), done);
    /* Centre on the largest find; its partner on the other side is next to it or is not the partner. */
    int64_t largest = 0;
    for (size_t g = 0; g < finds->structures.group_count; ++g) {
        if (groups[g].core_voxels > largest) {
            largest = groups[g].core_voxels;
            memcpy(centre, groups[g].centre, sizeof groups[g].centre);
        }
    }
    *seen = largest >= FOUND_VOXELS;
done:
    free(labels);
    free(groups);
    return status;
}

/* Where a fixed place for the white matter is asked for, in one run or in several. */
static dn_status settle_intensities(const dn_segmenter *s, dn_segment_result *r)
{
    bool wanted = s->options.white_matter > 0.0 || (s->options.consensus != NULL && s->options.consensus->peaks > 0);
    if (wanted) {
        dn_location own;
        const dn_location *location = r->location;
        if (location == NULL) { /* the head was not aligned for the region's sake */
            DN_TRY(dn_head_align(r->conformed.volume, &own));
            location = &own;
        }
        dn_status status = dn_white_matter_peak(r->conformed.volume, location, &r->white_matter);
        if (status != DN_OK) {
            return dn_error_context(status, "%s", r->path);
        }
        if (s->options.white_matter > 0.0) {
            dn_white_matter_scale(r->conformed.volume, r->white_matter, s->options.white_matter);
        }
    }
    return DN_OK;
}

/* The consensus of the box's network on the box on which it has settled. */
static dn_status mean_answer(const dn_segmenter *s, const dn_segment_result *r, const dn_box_network *box, dn_posteriors *out,
                             dn_consensus *found)
{
    const dn_posteriors *settled_on = &r->hypothalamus->posteriors;
    const double peak = s->options.white_matter > 0.0 ? s->options.white_matter : r->white_matter;
    return dn_consensus_run(box->network, &box->structures, r->conformed.volume, settled_on->start, settled_on->dim, peak,
                            s->options.consensus, NULL, out, found);
}

/* It takes the place of its answer. */
static dn_status ask_again(dn_segmenter *s, dn_segment_result *r)
{
    dn_hypothalamus *h = r->hypothalamus;
    const dn_box_network *box = dn_segmenter_box(s, r);
    dn_posteriors mean, whole;
    if (s->options.consensus == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&h->consensus, 1, sizeof *h->consensus, "the consensus"));
    DN_TRY(mean_answer(s, r, box, &mean, h->consensus));
    if (box->whole != NULL) {
        dn_status status = mean_answer(s, r, box->whole, &whole, h->consensus);
        if (status != DN_OK) {
            dn_posteriors_release(&mean);
            return status;
        }
        dn_divide(&whole, &box->whole->structures, &box->structures, &mean);
        dn_posteriors_release(&whole);
    }
    dn_posteriors_release(&h->posteriors);
    h->posteriors = mean;
    return dn_postprocess(&h->posteriors, &r->structures, h->groups);
}

static dn_status not_found(const dn_segment_result *r)
{
    DN_FAIL(DN_EDATA,
            "%s: no structure was found in this scan, so nothing was measured; check with a viewer that it is a T1-weighted scan of a "
            "head, that it covers the thalamus and the hypothalamus, and that its orientation is right",
            r->path);
}

static dn_status find_and_run(dn_segmenter *s, dn_segment_result *r)
{
    dn_hypothalamus *h = r->hypothalamus;
    int64_t padded[3];
    dn_network_padded(dn_segmenter_box(s, r)->network, r->conformed.volume, padded);
    h->whole_voxels = padded[0] * padded[1] * padded[2];
    double centre[3];
    double next[3];
    bool done = false;
    bool seen = false;
    DN_TRY(settle_intensities(s, r));
    if (!s->options.whole_head) {
        if (r->location != NULL) {
            DN_TRY(run_box(s, r, padded, r->location->centre, &done, &seen, next));
        }
        h->found_by = DN_FOUND_BY_TEMPLATE;
        if (!done && seen) {
            memcpy(centre, next, sizeof centre);
            DN_TRY(run_box(s, r, padded, centre, &done, &seen, next));
            h->found_by = DN_FOUND_BY_SECOND_BOX;
        }
        if (dn_region_box(&dn_segmenter_box(s, r)->model->input) > 0) {
            return seen ? DN_OK : not_found(r);
        }
        /* Where the head is aligned well, there is nothing better to be found elsewhere: a torn or one-sided find is what the
         * network sees, and quality control says so. */
        if (done || (seen && r->location != NULL && r->location->correlation >= DN_ALIGN_CERTAIN)) {
            return DN_OK;
        }
        dn_log(DN_LOG_NOTE, "%s: the hypothalamus is not at its usual place; searching the whole head (this takes longer)", r->stem);
    }
    h->found_by = DN_FOUND_BY_WHOLE_HEAD;
    DN_TRY(search_whole_head(s, r, &seen, centre));
    /* The first box may cut what it holds when only one side was seen; a second one, centred on all of it, does not. */
    for (int round = 0; round < 2 && seen && !done; ++round) {
        DN_TRY(run_box(s, r, padded, centre, &done, &seen, next));
        memcpy(centre, next, sizeof centre);
    }
    return seen ? DN_OK : not_found(r);
}

/* The copy of a scan without skull that a consensus is made of; NULL: the scan itself. */
static dn_status fill_around(const dn_segmenter *s, dn_segment_result *r, dn_volume **filled)
{
    dn_labels *labels = NULL;
    dn_fluid_fill *fill = NULL;
    if (!s->fills || r->head == NULL || !r->head->found.stripped) {
        return DN_OK;
    }
    DN_TRY(dn_head_labels(&r->head->found, &r->conformed.volume->grid, &labels));
    dn_status status = dn_alloc(&fill, 1, sizeof *fill, "fluid and shell around the brain");
    if (status == DN_OK) {
        status = dn_fluid_fill_around(r->conformed.volume, labels, filled, fill);
    }
    dn_labels_destroy(labels);
    if (status == DN_OK) {
        r->hypothalamus->fill = fill;
        dn_segmenter_name_head(s, r);
        dn_log(DN_LOG_NOTE, "%s: the scan has no skull; for the consensus, fluid and a bright shell are added around the brain", r->stem);
    } else if (status == DN_EDATA) {
        dn_log(DN_LOG_WARNING,
               "%s: the scan has no skull, and fluid and a bright shell could not be added around the brain for the consensus: %s", r->stem,
               dn_error_message());
        dn_error_clear();
        status = DN_OK;
    }
    if (r->hypothalamus->fill != fill) { /* nothing was put around the brain */
        free(fill);
    }
    return status;
}

static int64_t voxels_seen(const dn_box_network *box)
{
    return dn_network_work_done(box->network)->voxels + (box->whole != NULL ? voxels_seen(box->whole) : 0);
}

dn_status dn_hypothalamus_in_box(dn_segmenter *s, dn_segment_result *r)
{
    const dn_box_network *box = dn_segmenter_box(s, r);
    const int64_t before = voxels_seen(box);
    dn_volume *scan = r->conformed.volume;
    dn_volume *filled = NULL;
    DN_TRY(dn_alloc(&r->hypothalamus, 1, sizeof *r->hypothalamus, "the hypothalamus"));
    dn_status status = fill_around(s, r, &filled);
    if (status == DN_OK) {
        r->conformed.volume = filled != NULL ? filled : scan;
        status = find_and_run(s, r);
    }
    if (status == DN_OK) {
        status = ask_again(s, r);
    }
    r->conformed.volume = scan; /* what follows sees the scan as it is */
    dn_volume_destroy(filled);
    dn_network_rest(box->network);
    if (box->whole != NULL) {
        dn_network_rest(box->whole->network);
    }
    if (status != DN_OK) {
        dn_hypothalamus_destroy(r->hypothalamus);
        r->hypothalamus = NULL;
        return status;
    }
    r->hypothalamus->network_voxels = voxels_seen(box) - before;
    r->hypothalamus->map = r->conformed.map;
    r->hypothalamus->voxel_mm3 = dn_grid_voxel_volume(&scan->grid);
    return DN_OK;
}
