/* JSON files for people and programs, by jansson. */
#ifndef DN_BASE_JSON_H
#define DN_BASE_JSON_H

#include "base/status.h"

#include <jansson.h>

/* Indented, with a line's end after it; atomic. root: consumed; NULL: it could not be made. digits: of numbers that are not whole, at most
 * 17, which keep every bit. DN_ENOMEM; DN_EIO. */
DN_CHECKED dn_status dn_json_write(json_t *root, int digits, const char *path);

#endif
