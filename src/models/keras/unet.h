/* lab2im's 3-D U-Nets, published as weights by name (BBillot/hypothalamus_seg and its relatives): the architecture
 * "unet3d" with ELU, batch norm at the end of each level, skips taken before it, nearest up-sampling. */
#ifndef DN_MODELS_KERAS_UNET_H
#define DN_MODELS_KERAS_UNET_H

#include "models/keras/file.h"
#include "models/model.h"

#include <stdbool.h>

/* Whether the file holds layers PREFIX_conv_downarm_L_I. */
bool dn_keras_unet_is(const dn_keras_file *file);
/* *out: owned by the caller; with labels and input contract. DN_EFORMAT when a layer is missing or has other sizes. */
DN_CHECKED dn_status dn_keras_unet_read(const dn_keras_file *file, const char *path, const char *name, dn_model **out);

#endif
