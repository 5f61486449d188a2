/* Parts of the config reader, for train/config*.c only. */
#ifndef DN_TRAIN_CONFIG_PRIVATE_H
#define DN_TRAIN_CONFIG_PRIVATE_H

#include "train/config.h"
#include "train/yaml.h"

/* `labels:` and `ignore_labels:`; fills classes and class_of, and the canonical form. */
DN_CHECKED dn_status dn_config_labels(dn_yaml *yaml, const yaml_node_t *labels, const yaml_node_t *ignore, dn_train_config *config);
/* `data:` */
DN_CHECKED dn_status dn_config_data(dn_yaml *yaml, const yaml_node_t *data, dn_train_config *config);
void dn_config_sources_release(dn_train_sources *sources);
/* Appends a pair; texts are copied, translate may be NULL. */
DN_CHECKED dn_status dn_config_add_pair(dn_train_sources *sources, const char *scan, const char *labels, const char *translate,
                                        const char *subject);
/* `model.slices:` (NULL: left out) of a 2-D network. */
DN_CHECKED dn_status dn_config_slices(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config, json_t *canonical);
/* `folders:` of data: every folder below with mri_orig.png and mri_hypothal.png is a pair. */
DN_CHECKED dn_status dn_config_folders(dn_yaml *yaml, const yaml_node_t *list, const char *where, dn_train_sources *sources);
/* `training:`; after labels and data. steps: 0, or the length of the run in place of the config's. */
DN_CHECKED dn_status dn_config_training(dn_yaml *yaml, const yaml_node_t *node, int64_t steps, dn_train_config *config);
/* `augmentation:` (NULL: left out); after the model. */
DN_CHECKED dn_status dn_config_augmentation(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config);
/* `augmentation.contrast_factors:` */
DN_CHECKED dn_status dn_config_contrast(dn_yaml *yaml, const yaml_node_t *list, dn_train_config *config, json_t *canonical);
/* Slices of all sources as the network will get them, from the headers of the files. */
DN_CHECKED dn_status dn_config_count_slices(const dn_train_config *config, const dn_train_sources *sources, int64_t *out);
/* A path as the config means it: variables filled in, relative to the config's folder. *out: owned by the caller. */
DN_CHECKED dn_status dn_config_path(const dn_yaml *yaml, const yaml_node_t *node, const char *text, char **out);

#endif
