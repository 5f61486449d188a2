/* Runs a network on scaled, mirrored and shifted copies of a box, and averages the results. */
#include "infer/consensus.h"

#include "base/job.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int offsets[DN_CONSENSUS_SHIFTS][3] = {{0, 0, 0}, {1, 1, 1}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

typedef struct member {
    float gain;
    bool mirrored;
    int64_t shift[3]; /* of the box in the volume */
} member;

dn_consensus_options dn_consensus_defaults(void)
{
    return (dn_consensus_options){.peak = {0.5, 0.6, 0.7, 0.8}, .peaks = 4, .mirror = true, .shifts = 2};
}

dn_consensus_options dn_consensus_mirrored_pair(void)
{
    return (dn_consensus_options){.mirror = true, .shifts = 1};
}

static dn_status find_partners(const dn_structures *structures, int64_t partner[DN_CHANNEL_LIMIT])
{
    dn_structures_mirror_channels(structures, partner);
    for (int64_t c = 0; c < structures->channels; ++c) {
        const dn_model_label *label = structures->label_of[c];
        if (label != NULL && label->hemi != 'B' && partner[c] == c) {
            DN_FAIL(DN_EUSAGE, "model %s has a label '%s' on one side only, so it cannot run on a mirrored scan", structures->model->name,
                    label->name);
        }
    }
    return DN_OK;
}

/* The member's box as a volume of its own: 0 outside the scan, as on the whole head. */
static void cut(const dn_volume *volume, const int64_t start[3], const member *m, dn_volume *box)
{
    const int64_t *dim = box->grid.dim;
    memset(box->data, 0, (size_t)dn_grid_count(&box->grid) * sizeof *box->data);
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const int64_t from[3] = {start[0] + m->shift[0] + (m->mirrored ? dim[0] - 1 - i : i), start[1] + m->shift[1] + j,
                                         start[2] + m->shift[2] + k};
                if (from[0] >= 0 && from[1] >= 0 && from[2] >= 0 && from[0] < volume->grid.dim[0] && from[1] < volume->grid.dim[1] &&
                    from[2] < volume->grid.dim[2]) {
                    float v = m->gain * volume->data[dn_grid_offset(&volume->grid, from[0], from[1], from[2])];
                    box->data[dn_grid_offset(&box->grid, i, j, k)] = m->gain == 1.0f ? v : v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
                }
            }
        }
    }
}

/* Adds the member's posteriors, back in their place, to the sums; seen counts members by voxel. */
static void add(const dn_posteriors *p, const member *m, const int64_t *partner, dn_posteriors *sums, uint8_t *seen)
{
    const int64_t *dim = p->dim;
    for (int64_t k = 0; k < dim[2]; ++k) {
        for (int64_t j = 0; j < dim[1]; ++j) {
            for (int64_t i = 0; i < dim[0]; ++i) {
                const int64_t to[3] = {(m->mirrored ? dim[0] - 1 - i : i) + m->shift[0], j + m->shift[1], k + m->shift[2]};
                if (to[0] < 0 || to[1] < 0 || to[2] < 0 || to[0] >= dim[0] || to[1] >= dim[1] || to[2] >= dim[2]) {
                    continue;
                }
                const int64_t w = dn_posteriors_voxel(p, to[0], to[1], to[2]);
                const float *source = dn_posteriors_at(p, i, j, k);
                float *target = dn_posteriors_of(sums, w);
                seen[w] = (uint8_t)(seen[w] + 1);
                for (int64_t c = 0; c < p->channels; ++c) {
                    target[m->mirrored ? partner[c] : c] += source[c];
                }
            }
        }
    }
}

/* volumes by group, of a member's posteriors, which are cleaned in place. */
static dn_status measure(dn_posteriors *p, const member *m, const dn_structures *structures, double *volume)
{
    dn_group_result groups[DN_GROUP_LIMIT];
    DN_TRY(dn_postprocess(p, structures, groups));
    for (size_t g = 0; g < structures->group_count; ++g) {
        volume[m->mirrored ? dn_structures_mirror(structures, g) : g] = groups[g].volume;
    }
    return DN_OK;
}

static void summarise(const dn_structures *structures, dn_consensus *r)
{
    const size_t groups = structures->group_count;
    for (size_t g = 0; g <= groups; ++g) { /* the last turn: all together */
        double sum = 0.0;
        double squares = 0.0;
        double of[DN_CONSENSUS_MEMBERS];
        for (int n = 0; n < r->members; ++n) {
            of[n] = 0.0;
            for (size_t h = 0; h < groups; ++h) {
                of[n] += g == groups || g == h ? r->volume[n][h] : 0.0;
            }
            sum += of[n];
        }
        double mean = sum / r->members;
        for (int n = 0; n < r->members; ++n) {
            squares += (of[n] - mean) * (of[n] - mean);
        }
        double sd = r->members > 1 ? sqrt(squares / (r->members - 1)) : 0.0;
        *(g == groups ? &r->whole_mean : &r->mean[g]) = mean;
        *(g == groups ? &r->whole_sd : &r->sd[g]) = sd;
    }
}

static size_t list_members(const dn_consensus_options *options, double white_matter, member *members)
{
    size_t count = 0;
    for (int g = 0; g < (options->peaks > 0 ? options->peaks : 1); ++g) {
        for (int f = 0; f < (options->mirror ? 2 : 1); ++f) {
            for (int s = 0; s < options->shifts; ++s) {
                member *m = &members[count++];
                m->gain = options->peaks > 0 ? (float)(options->peak[g] / white_matter) : 1.0f;
                m->mirrored = f == 1;
                for (int c = 0; c < 3; ++c) {
                    m->shift[c] = m->mirrored && c == 0 ? -offsets[s][c] : offsets[s][c];
                }
            }
        }
    }
    return count;
}

static bool is_plain(const member *m)
{
    return m->gain == 1.0f && !m->mirrored && m->shift[0] == 0 && m->shift[1] == 0 && m->shift[2] == 0;
}

/* What the network says of the member's box; known: of the box as it is, or NULL. */
static dn_status ask(dn_network *network, const dn_volume *volume, const int64_t start[3], const member *m, const dn_posteriors *known,
                     dn_volume *box, dn_posteriors *p)
{
    const int64_t origin[3] = {0, 0, 0};
    if (known == NULL || !is_plain(m)) {
        cut(volume, start, m, box);
        return dn_network_run(network, box, origin, box->grid.dim, p);
    }
    memcpy(p->start, known->start, sizeof p->start);
    DN_TRY(dn_posteriors_alloc(p, known->dim, known->channels));
    memcpy(p->data, known->data, (size_t)(dn_posteriors_voxels(known) * known->channels) * sizeof *p->data);
    return DN_OK;
}

/* Of the sums of two members and one of them. */
static double disagreement(const dn_structures *structures, const dn_posteriors *one, const dn_posteriors *sums)
{
    const int64_t voxels = dn_posteriors_voxels(sums);
    double apart = 0.0;
    double total = 0.0;
    for (int64_t v = 0; v < voxels; ++v) {
        double p = 0.0;
        double both = 0.0;
        for (int64_t c = 1; c < sums->channels; ++c) {
            if (structures->group_of[c] != DN_NO_GROUP) {
                p += (double)dn_posteriors_of(one, v)[c];
                both += (double)dn_posteriors_of(sums, v)[c];
            }
        }
        apart += fabs(2.0 * p - both);
        total += both;
    }
    return total > 0.0 ? apart / total : 0.0;
}

static dn_status run_members(dn_network *network, const dn_structures *structures, const dn_volume *volume, const int64_t start[3],
                             const member *members, size_t count, const dn_posteriors *plain, dn_volume *box, uint8_t *seen,
                             dn_posteriors *out, dn_consensus *report)
{
    const int64_t voxels = dn_posteriors_voxels(out);
    int64_t partner[DN_CHANNEL_LIMIT];
    DN_TRY(find_partners(structures, partner));
    for (size_t n = 0; n < count; ++n) {
        dn_posteriors p;
        if (count > 2) {
            dn_progress("consensus", (int64_t)n, (int64_t)count);
        }
        DN_TRY(ask(network, volume, start, &members[n], plain, box, &p));
        dn_status status = dn_structures_check_channels(structures, p.channels);
        if (status == DN_OK) {
            add(&p, &members[n], partner, out, seen);
            status = measure(&p, &members[n], structures, report->volume[n]);
        }
        dn_posteriors_release(&p);
        DN_TRY(status);
    }
    if (count > 2) {
        dn_progress("consensus", (int64_t)count, (int64_t)count);
    }
    if (plain != NULL && count == 2) {
        report->disagreement = disagreement(structures, plain, out);
    }
    for (int64_t v = 0; v < voxels; ++v) {
        for (int64_t c = 0; c < out->channels; ++c) {
            dn_posteriors_of(out, v)[c] /= (float)seen[v]; /* every box has a member that was not moved */
        }
    }
    report->members = (int)count;
    summarise(structures, report);
    return DN_OK;
}

dn_status dn_consensus_run(dn_network *network, const dn_structures *structures, const dn_volume *volume, const int64_t start[3],
                           const int64_t dim[3], double white_matter, const dn_consensus_options *options, const dn_posteriors *plain,
                           dn_posteriors *out, dn_consensus *report)
{
    member members[DN_CONSENSUS_MEMBERS];
    dn_volume *box = NULL;
    uint8_t *seen = NULL;
    dn_status status = DN_OK;
    memset(report, 0, sizeof *report);
    memset(out, 0, sizeof *out);
    if (options->peaks < 0 || options->peaks > DN_CONSENSUS_PEAKS || options->shifts < 1 || options->shifts > DN_CONSENSUS_SHIFTS) {
        DN_FAIL(DN_EUSAGE, "a consensus takes up to %d white-matter peaks and 1 to %d shifts", (int)DN_CONSENSUS_PEAKS,
                (int)DN_CONSENSUS_SHIFTS);
    }
    report->white_matter = white_matter;
    size_t count = list_members(options, white_matter, members);
    const dn_grid grid = {{dim[0], dim[1], dim[2]}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    DN_TRY_GOTO(status, dn_volume_create(&grid, &box), done);
    memcpy(out->start, start, sizeof out->start);
    DN_TRY_GOTO(status, dn_posteriors_alloc(out, dim, structures->channels), done);
    DN_TRY_GOTO(status, dn_alloc_dims(&seen, dim, 3, 1, "the number of runs"), done);
    status = run_members(network, structures, volume, start, members, count, plain, box, seen, out, report);
done:
    if (status != DN_OK) {
        dn_posteriors_release(out);
    }
    free(seen);
    dn_volume_destroy(box);
    return status;
}
