/* The folders of models, and the search for a model by name. */
#ifndef DN_MODELS_STORE_H
#define DN_MODELS_STORE_H

#include "models/model.h"

#include <stddef.h>

/* The folders that are searched, first to last: $DIEN_MODELS, models/ of the source tree when the program runs from it
 * (a folder "models" beside the folder of the program or one above), the installed folder, and
 * $XDG_DATA_HOME/dien/models (~/.local/share/dien/models). Those that exist only.
 *
 * Paths of every NAME.safetensors there, a name that is found twice only once (the first), sorted by name. */
DN_CHECKED dn_status dn_store_list(char ***out, size_t *count);
void dn_store_list_release(char **paths, size_t count);

/* A model by file ("x/NAME.safetensors": taken when such a file exists or the text holds a '/') or by name. *path is
 * owned by the caller; path NULL: only whether it is there. DN_EINPUT: the message names the searched folders and the models that were
 * found.
 */
DN_CHECKED dn_status dn_model_find(const char *name_or_path, char **path);
/* The same, read: DN_EINPUT and DN_EFORMAT of finding and of dn_model_read. *out: owned by the caller (dn_model_destroy). */
DN_CHECKED dn_status dn_model_open(const char *name_or_path, dn_model **out);
/* Where `dien models import` writes by default: $DIEN_MODELS, else the user's folder; made when absent. */
DN_CHECKED dn_status dn_store_user_folder(char **path);

#endif
