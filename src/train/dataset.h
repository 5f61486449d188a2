/* Samples for training: patches of scans made from label maps (synth/), or of real scans under the same augmentation.
 *
 * Sample i is a function of the config and i alone: which map, which place, which shape, which intensities. Therefore a run does not depend
 * on the number of workers, and a run that was stopped continues at the next sample. Workers fill a queue while the network is trained. */
#ifndef DN_TRAIN_DATASET_H
#define DN_TRAIN_DATASET_H

#include "train/config.h"

typedef struct dn_dataset dn_dataset;

typedef enum { DN_DATASET_TRAINING, DN_DATASET_VALIDATION } dn_dataset_part;

/* Reads the part's maps and scans. Validation samples of maps are drawn as for training, from numbers of their own; real
 * scans are taken as they are. *out: owned by the caller (dn_dataset_destroy).
 * DN_EDATA: labels without a class, ...; DN_EUSAGE: the part names no data. */
DN_CHECKED dn_status dn_dataset_create(const dn_train_config *config, dn_dataset_part part, dn_dataset **out);
void dn_dataset_destroy(dn_dataset *dataset);

/* Makes sample i: input [patch0, patch1, patch2, channels], targets [patch0, patch1, patch2], the caller's. May be called from several
 * threads. */
DN_CHECKED dn_status dn_dataset_sample(const dn_dataset *dataset, int64_t i, float *input, uint8_t *targets);
/* The same with the targets as probabilities: soft [patch0, patch1, patch2, classes] sum to 1, but for voxels that are ignored; NULL: not
 * wanted. A mirror exchanges the sides' classes. Where a truth is labels, one class has all. */
DN_CHECKED dn_status dn_dataset_sample_soft(const dn_dataset *dataset, int64_t i, float *input, uint8_t *targets, float *soft);
/* Whether some truth of it is probabilities, so that dn_dataset_sample_soft says more than labels. */
bool dn_dataset_is_soft(const dn_dataset *dataset);
/* Classes, the background among them. */
int64_t dn_dataset_classes(const dn_dataset *dataset);
/* Voxels of a patch. */
int64_t dn_dataset_voxels(const dn_dataset *dataset);
/* Values of a sample that the network gets: voxels times channels. */
int64_t dn_dataset_inputs(const dn_dataset *dataset);
/* Name of the label map that sample i comes from. */
const char *dn_dataset_source(const dn_dataset *dataset, int64_t i);

/* Which samples come, and in what order: of each `of` numbers from `first` on the first `take`, as a process gets them that has a part of
 * each batch; with take == of all from `first` on. */
typedef struct dn_queue_order {
    int64_t first, take, of;
} dn_queue_order;

/* Samples in order, made ahead by `workers` threads (0: by the caller, when asked), at most `capacity` of them waiting. dataset: borrowed.
 * *out: owned by the caller (dn_queue_destroy, which waits for workers). */
typedef struct dn_queue dn_queue;
DN_CHECKED dn_status dn_queue_create(const dn_dataset *dataset, dn_queue_order order, int workers, int capacity, dn_queue **out);
/* The next sample, copied into the caller's arrays, with soft targets (NULL: not wanted) where the data set has them; waits for it. A
 * worker's failure comes out at its sample. */
DN_CHECKED dn_status dn_queue_next(dn_queue *queue, float *input, uint8_t *targets, float *soft);
/* Seconds that dn_queue_next has waited so far: above a few percent of the run, the network wants more workers. */
double dn_queue_waited(const dn_queue *queue);
void dn_queue_destroy(dn_queue *queue);

#endif
