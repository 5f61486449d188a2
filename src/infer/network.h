/* A model made ready to run on boxes of conformed scans: graph, compiled plan, and the buffers between them.
 * The plan of the last box size is kept, so that a batch compiles once. */
#ifndef DN_INFER_NETWORK_H
#define DN_INFER_NETWORK_H

#include "base/status.h"
#include "image/volume.h"
#include "infer/posteriors.h"
#include "models/model.h"
#include "net/plan/plan.h"

typedef struct dn_network_options {
    dn_precision precision;
    int64_t memory_limit; /* bytes for one run of the network, its input and output included; 0: no limit */
} dn_network_options;

/* What a network has done so far. */
typedef struct dn_network_work {
    int64_t peak_bytes; /* of the largest run */
    int64_t voxels;     /* that went through */
} dn_network_work;

typedef struct dn_network dn_network;

/* model: borrowed for the network's life. */
DN_CHECKED dn_status dn_network_create(const dn_model *model, const dn_network_options *options, dn_network **out);
void dn_network_destroy(dn_network *network);
const dn_network_work *dn_network_work_done(const dn_network *network);

/* Dims of the volume filled up to the model's multiple, as a run on the whole volume takes them. */
void dn_network_padded(const dn_network *network, const dn_volume *volume, int64_t dim[3]);

/* Runs on the box (start and dim multiples of the model's, inside the padded volume). Voxels past the volume's end are 0.
 * A box that does not fit into the memory limit is run in overlapping tiles with the same result (net/plan/tile.h), where the network can.
 * *out: release with dn_posteriors_release. DN_ENOMEM when it cannot, or small tiles do not fit either. */
DN_CHECKED dn_status dn_network_run(dn_network *network, const dn_volume *volume, const int64_t start[3], const int64_t dim[3],
                                    dn_posteriors *out);

/* The same without a copy, for infer/bridge to take it from: *values is the network's own output, a tensor, and stays valid until the next
 * run. start may be any (voxels outside the volume are 0); dim must be multiples of the model's. */
DN_CHECKED dn_status dn_network_run_tensor(dn_network *network, const dn_volume *volume, const int64_t start[3], const int64_t dim[3],
                                           const float **values, int64_t *channels);

/* As dn_network_run, and the network rests: the result lies where the network left it and is not copied, where the box's first and last
 * dims are equal; else all other memory of the run is given back before the copy is made. */
DN_CHECKED dn_status dn_network_run_take(dn_network *network, const dn_volume *volume, const int64_t start[3], const int64_t dim[3],
                                         dn_posteriors *out);

/* Gives the memory of the last run back until the next one; values of dn_network_run_tensor are lost. The plan stays. */
void dn_network_rest(dn_network *network);

/* Runs on the whole volume in overlapping tiles (as large as the memory limit allows), cut where the faces of a tile no longer have an
 * influence, so that the result is that of a run in one piece. A network whose result depends on the whole volume (instance norm) runs in
 * one piece. *labels gets the most probable channel of each voxel of the volume (owned by the caller, x fastest). DN_ENOMEM. */
DN_CHECKED dn_status dn_network_run_whole(dn_network *network, const dn_volume *volume, uint8_t **labels);

#endif
