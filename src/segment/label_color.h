/* The colours that FreeSurfer's users know its labels by. */
#ifndef DN_SEGMENT_LABEL_COLOR_H
#define DN_SEGMENT_LABEL_COLOR_H

#include "models/model.h"

/* FreeSurfer's colour of the label's number where it has one here, else the model's own. */
const uint8_t *dn_label_color(const dn_model_label *label);

#endif
