/* ImageNet encoders as Keras publishes them ("notop" files: weights by name, no configuration): the architecture
 * "encoder2d", whose weights have the names of unet2d's and are a start for its training. */
#ifndef DN_MODELS_KERAS_ENCODER_H
#define DN_MODELS_KERAS_ENCODER_H

#include "models/encoders/encoder.h"
#include "models/keras/file.h"
#include "models/model.h"

/* The encoder whose layers the file holds, or NULL. */
const dn_encoder *dn_keras_encoder_of(const dn_keras_file *file);
/* Classifier layers (fc..., predictions, probs) are left out. *out: owned by the caller; without labels. DN_EFORMAT when
 * the file has other layers than the encoder (VGG19, EfficientNetB1, ...). */
DN_CHECKED dn_status dn_keras_encoder_read(const dn_keras_file *file, const char *path, const char *name, const dn_encoder *encoder,
                                           dn_model **out);

#endif
