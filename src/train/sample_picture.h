/* A picture of training samples as the network gets them, with the outline of the truth: to be checked before hours of training. */
#ifndef DN_TRAIN_SAMPLE_PICTURE_H
#define DN_TRAIN_SAMPLE_PICTURE_H

#include "train/config.h"

/* The first nine samples (2-D), or three planes each of the first three (through the middle of what has a class). path: a PNG.
 * Errors as of dn_dataset_create and dn_dataset_sample; DN_EIO. */
DN_CHECKED dn_status dn_sample_picture_write(const dn_train_config *config, const char *path);

#endif
