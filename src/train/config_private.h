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
/* A path as the config means it: variables filled in, relative to the config's folder. *out: owned by the caller. */
DN_CHECKED dn_status dn_config_path(const dn_yaml *yaml, const yaml_node_t *node, const char *text, char **out);

#endif
