/* JSON files for people and programs, by jansson. */
#ifndef DN_BASE_JSON_H
#define DN_BASE_JSON_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>

/* Indented, with a line's end after it; atomic. root: consumed; NULL: it could not be made. digits: of numbers that are not whole, at most
 * 17, which keep every bit. DN_ENOMEM, also when a piece of root could not be made; DN_EIO. */
DN_CHECKED dn_status dn_json_write(json_t *root, int digits, const char *path);

/* To be called before a tree that was made with jansson is written by other means than dn_json_write: DN_ENOMEM when memory was short for
 * any piece of it, made by this thread since it was last asked. path: named in the message. */
DN_CHECKED dn_status dn_json_complete(const char *path);
/* Whether jansson ever lacked memory in the calling thread's job. Most of its calls accept NULL, so that data seem damaged or lack parts:
 * the job then ends with DN_ENOMEM, whatever other error it found. */
bool dn_json_starved(void);

#endif
