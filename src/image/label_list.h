/* Reads lists of label numbers: "10,49", "801-805". */
#ifndef DN_IMAGE_LABEL_LIST_H
#define DN_IMAGE_LABEL_LIST_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Reads "502" or "502-530" at text, digits without sign or blank, into *low and *high (the same for one number); least <= low <= high.
 * Returns where it ends, NULL: there is none. */
const char *dn_label_range(const char *text, uint16_t least, uint16_t *low, uint16_t *high);

typedef struct dn_label_list {
    uint16_t *label; /* owned; in the order in which they were named, each once */
    size_t count;
} dn_label_list;

/* A whole text of numbers (from least on) and ranges, separated by one separator (',' or '+'). *out: release with dn_label_list_release.
 * DN_EUSAGE: what is wrong, for a clause in front that says which option or key it is. */
DN_CHECKED dn_status dn_label_list_parse(const char *text, char separator, uint16_t least, dn_label_list *out);
void dn_label_list_release(dn_label_list *list);

#endif
