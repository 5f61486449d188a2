/* A real scan and its labels, as both kinds of networks begin with them. */
#ifndef DN_TRAIN_PAIR_READ_H
#define DN_TRAIN_PAIR_READ_H

#include "infer/conform.h"
#include "train/config.h"

/* The scan as the contract wants it, and the labels on their own grid, translated where the pair says so. conformed, *labels: the
 * caller's to release, also after a failure. */
/* The scan alone. */
DN_CHECKED dn_status dn_train_scan_read(const dn_train_pair *pair, const dn_model_input *input, dn_conformed *conformed);
DN_CHECKED dn_status dn_train_pair_read(const dn_train_pair *pair, const dn_model_input *input, dn_conformed *conformed,
                                        dn_labels **labels);

#endif
