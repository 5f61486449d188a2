/* The mean of several runs of one network on copies of the same scan that differ in ways that should not change the result.
 *
 * The published subunit network follows the intensity scale (see white_matter.h) and, a little, where its pooling grid falls and
 * which side is which. Each run is on the box: intensities multiplied so that the white matter's peak lies at one of `peak`
 * (clipped to 0..1), mirrored or not, the box moved by one voxel or not. Posteriors of a mirrored run are mirrored back and
 * their left and right channels exchanged. The consensus is the mean posterior. Shifts are taken in the network's own
 * frame, so that the mirror image of a scan has the same runs and gets the mirror image of the result (where the box itself can
 * be mirrored on the pooling grid).
 *
 * The difference between the volumes of the runs tells how far the result can be trusted. */
#ifndef DN_INFER_CONSENSUS_H
#define DN_INFER_CONSENSUS_H

#include "base/status.h"
#include "infer/network.h"
#include "infer/postprocess.h"
#include "infer/structures.h"

enum { DN_CONSENSUS_PEAKS = 8, DN_CONSENSUS_SHIFTS = 5, DN_CONSENSUS_MEMBERS = 2 * DN_CONSENSUS_PEAKS * DN_CONSENSUS_SHIFTS };

typedef struct dn_consensus_options {
    double peak[DN_CONSENSUS_PEAKS]; /* intensity (0..1) of the white matter in a run */
    int peaks;                       /* how many; 0: the scan as it is */
    bool mirror;
    int shifts; /* 1: none; 2: and (1, 1, 1); up to 5: and one voxel along x, y, z alone */
} dn_consensus_options;

/* 0.5, 0.6, 0.7, 0.8; mirrored; two shifts: 16 runs. */
dn_consensus_options dn_consensus_defaults(void);

typedef struct dn_consensus {
    int members;                                         /* 0: there was no consensus */
    double white_matter;                                 /* peak that was found in the conformed scan */
    double volume[DN_CONSENSUS_MEMBERS][DN_GROUP_LIMIT]; /* voxels, by run and group, each cleaned separately */
    double mean[DN_GROUP_LIMIT], sd[DN_GROUP_LIMIT];     /* over the runs (n - 1) */
    double whole_mean, whole_sd;                         /* of all groups together */
    /* Of a mirrored pair: the difference of its two results, sum |p - q| / sum (p + q) over the box, p and q the probability of any group;
     * 0..1. */
    double disagreement;
} dn_consensus;

/* For a model with dn_model_input.mirror: the scan and its mirror image. */
dn_consensus_options dn_consensus_mirrored_pair(void);

/* network: runs on boxes of dim voxels from start (on which it need not have run before). volume: the conformed scan, borrowed and
 * left as it is; white_matter: its peak. plain: borrowed; the result of an earlier run on the unchanged box, not cleaned, which then is not
 * run again; NULL: there is none. *out: mean posteriors, not cleaned; release with dn_posteriors_release. DN_EUSAGE: a run that is not
 * possible (mirrored, but a label has no partner); errors of dn_network_run. */
DN_CHECKED dn_status dn_consensus_run(dn_network *network, const dn_structures *structures, const dn_volume *volume, const int64_t start[3],
                                      const int64_t dim[3], double white_matter, const dn_consensus_options *options,
                                      const dn_posteriors *plain, dn_posteriors *out, dn_consensus *report);

#endif
