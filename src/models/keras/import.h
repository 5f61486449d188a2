/* Published Keras networks (HDF5) into our models. Three readers, chosen by what the file holds:
 *
 *   weights by name   lab2im's 3-D U-Nets (PREFIX_conv_downarm_L_I, ...), as the hypothalamus-subunit network is
 *                     published: architecture "unet3d", sizes read from the weights
 *   encoders          ImageNet files of EfficientNetB0, ResNet50, VGG16, InceptionV3: architecture "encoder2d", no labels
 *   full models       files of model.save(): the attribute model_config becomes architecture "graph"
 *
 * docs/manual/models.md lists the supported layers and versions. */
#ifndef DN_MODELS_KERAS_IMPORT_H
#define DN_MODELS_KERAS_IMPORT_H

#include "models/model.h"

typedef struct dn_import_options {
    const char *name;     /* of the model; NULL: from the file's name, or the published name where it is known */
    const char *metadata; /* path of a JSON file with "input", "labels", "trained_on", "licence", "source" (as in model.h,
                             without "dien."), or NULL: what is known of the file */
} dn_import_options;

/* DN_EINPUT: not HDF5; DN_EFORMAT: neither kind, a layer that is not supported (the message names layer and class), or
 * weights that do not fit. *out: owned by the caller (dn_model_destroy). */
DN_CHECKED dn_status dn_import_keras(const char *path, const dn_import_options *options, dn_model **out);

#endif
