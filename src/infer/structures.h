/* Which of a model's labels belong together: the parts of one structure on one side form a group, of which the largest
 * connected component is kept and which has a row of its own in the table ("hypothalamus", L). */
#ifndef DN_INFER_STRUCTURES_H
#define DN_INFER_STRUCTURES_H

#include "models/model.h"

#include <stdbool.h>

enum { DN_GROUP_LIMIT = 32, DN_CHANNEL_LIMIT = 256, DN_NO_GROUP = -1 };

typedef struct dn_group {
    char structure[64]; /* "hypothalamus" */
    char hemi;          /* 'L', 'R', 'B' */
} dn_group;

typedef struct dn_structures {
    const dn_model *model; /* borrowed */
    int64_t channels;      /* of the network's output */
    size_t group_count;
    dn_group group[DN_GROUP_LIMIT];
    int group_of[DN_CHANNEL_LIMIT];                   /* by channel; DN_NO_GROUP: background */
    const dn_model_label *label_of[DN_CHANNEL_LIMIT]; /* by channel; NULL: not named */
} dn_structures;

/* DN_EFORMAT when the model's labels make no sense (channel out of range or twice, too many). */
DN_CHECKED dn_status dn_structures_init(const dn_model *model, dn_structures *out);
/* DN_EFORMAT: the network gives another number of channels than the model names. */
DN_CHECKED dn_status dn_structures_check_channels(const dn_structures *structures, int64_t channels);
/* The other side's group, or the same one when there is none. */
size_t dn_structures_mirror(const dn_structures *structures, size_t group);
/* mirror[c]: the channel of the same structure on the other side, what c becomes in a mirror; c itself where there is none. */
void dn_structures_mirror_channels(const dn_structures *structures, int64_t mirror[DN_CHANNEL_LIMIT]);
/* Whether a model may also run on mirror images: unless its note "mirror" says "no". */
bool dn_structures_sees_mirror(const dn_model *model);
/* Whether the model knows a structure by this name. */
bool dn_structures_has(const dn_structures *structures, const char *structure);

#endif
