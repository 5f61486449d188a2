/* The learning rate of each step. All but plateau are functions of the step alone.
 *
 *   constant   peak
 *   one-cycle  from peak / start_factor up to peak during warmup * total steps, then down to peak / start_factor /
 *              end_factor, both along half a cosine (Smith and Topin 2018; PyTorch's OneCycleLR)
 *   cosine     linear warm-up over warmup * total steps, then half a cosine from peak to peak / end_factor (0: to 0)
 *   plateau    peak, times `factor` when the watched loss has not fallen by threshold for more than `patience` reports */
#ifndef DN_NET_TRAIN_SCHEDULE_H
#define DN_NET_TRAIN_SCHEDULE_H

#include "base/status.h"

#include <stdint.h>

typedef enum { DN_SCHEDULE_CONSTANT, DN_SCHEDULE_ONE_CYCLE, DN_SCHEDULE_COSINE, DN_SCHEDULE_PLATEAU } dn_schedule_kind;

typedef struct dn_schedule {
    dn_schedule_kind kind;
    double peak;
    int64_t total;                   /* steps of the whole run */
    double warmup;                   /* part of total; one-cycle 0.3, cosine 0 */
    double start_factor, end_factor; /* one-cycle 25 and 1e4 */
    double factor, threshold, floor; /* plateau: 0.1, 1e-4 (of the best loss), lowest rate */
    int64_t patience;                /* plateau: 10 */
} dn_schedule;

/* What plateau remembers; all of it belongs into a checkpoint. Zero-initialised to start. */
typedef struct dn_schedule_memory {
    double best, scale;
    int64_t waited, reports;
} dn_schedule_memory;

/* The defaults named above. */
dn_schedule dn_schedule_defaults(dn_schedule_kind kind, double peak, int64_t total);
/* DN_EUSAGE: a number is not valid; the message says which. */
DN_CHECKED dn_status dn_schedule_check(const dn_schedule *schedule);
/* Of step 0 .. total - 1 (later steps get the last rate). memory: of plateau; may be NULL for the others. */
double dn_schedule_rate(const dn_schedule *schedule, const dn_schedule_memory *memory, int64_t step);
/* Plateau: a validation loss came in. Nothing for the others. */
void dn_schedule_report(const dn_schedule *schedule, dn_schedule_memory *memory, double loss);

#endif
