/* Parses numbers and ranges of labels. */
#include "image/label_list.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Digits at text as a number up to 65535; NULL: none, or too large a one. */
static const char *read_number(const char *text, uint16_t *out)
{
    uint32_t number = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; ++p) {
        number = 10 * number + (uint32_t)(*p - '0');
        if (number > 65535) {
            return NULL;
        }
    }
    *out = (uint16_t)number;
    return p == text ? NULL : p;
}

const char *dn_label_range(const char *text, uint16_t least, uint16_t *low, uint16_t *high)
{
    const char *end = read_number(text, low);
    *high = *low;
    if (end != NULL && *end == '-') {
        end = read_number(end + 1, high);
    }
    return end != NULL && *low >= least && *high >= *low ? end : NULL;
}

dn_status dn_label_list_parse(const char *text, char separator, uint16_t least, dn_label_list *out)
{
    enum { LABELS = 65536 };
    bool *named = NULL;
    dn_status status = DN_OK;
    *out = (dn_label_list){0};
    DN_TRY_GOTO(status, dn_alloc(&named, LABELS, sizeof *named, "a list of labels"), done);
    DN_TRY_GOTO(status, dn_alloc(&out->label, LABELS, sizeof *out->label, "a list of labels"), done);
    for (const char *p = text;; ++p) {
        uint16_t low, high;
        p = dn_label_range(p, least, &low, &high);
        if (p == NULL || (*p != '\0' && *p != separator)) {
            DN_FAIL_GOTO(status, done, DN_EUSAGE,
                         "\"%s\" is not a list of labels; write numbers from %u to 65535, such as 10%c49 or 801-810", text, (unsigned)least,
                         separator);
        }
        for (uint32_t label = low; label <= high; ++label) {
            if (!named[label]) {
                named[label] = true;
                out->label[out->count++] = (uint16_t)label;
            }
        }
        if (*p == '\0') {
            break;
        }
    }
done:
    free(named);
    if (status != DN_OK) {
        dn_label_list_release(out);
    }
    return status;
}

void dn_label_list_release(dn_label_list *list)
{
    free(list->label);
    *list = (dn_label_list){0};
}
