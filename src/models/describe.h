/* Models as text for people: a list of those that are installed, and one in full. */
#ifndef DN_MODELS_DESCRIBE_H
#define DN_MODELS_DESCRIBE_H

#include "base/status.h"

#include <stdbool.h>

/* One line per model of dn_store_list, "NAME<tab>ARCHITECTURE<tab>N labels<tab>FILE"; of a file that cannot be read its path and why, with
 * the job's words for the remedy. "" when there is none. *out: owned by the caller. Errors of dn_store_list; DN_ENOMEM. */
DN_CHECKED dn_status dn_store_describe(char **out);

typedef struct dn_model_parts {
    bool config;  /* also the configuration of the architecture */
    bool weights; /* also name and shape of each array of weights */
} dn_model_parts;

/* What a model is: file, checksum, architecture, input, origin, labels. Errors of dn_model_find and dn_model_read; then those of
 * dn_model_check, of a model that can be read but not used: *out is there then, too, because it may show why. *out: owned by the caller,
 * NULL when there is none. */
DN_CHECKED dn_status dn_model_describe(const char *name_or_path, const dn_model_parts *parts, char **out);

#endif
