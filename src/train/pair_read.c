/* Reads a scan and its labels, and checks that they belong together. */
#include "train/pair_read.h"

#include "image/io.h"
#include "image/translate.h"

dn_status dn_train_scan_read(const dn_train_pair *pair, const dn_model_input *input, dn_conformed *conformed)
{
    dn_volume *scan = NULL;
    DN_TRY(dn_scan_read(pair->scan, NULL, &scan, NULL));
    return dn_error_in_file(dn_conform(scan, input, conformed), pair->scan); /* consumes the scan */
}

dn_status dn_train_pair_read(const dn_train_pair *pair, const dn_model_input *input, dn_conformed *conformed, dn_labels **labels)
{
    DN_TRY(dn_labels_read(pair->labels, NULL, labels, NULL));
    if (pair->translate != NULL) {
        DN_TRY(dn_labels_translate(*labels, pair->translate));
    }
    return dn_train_scan_read(pair, input, conformed);
}
