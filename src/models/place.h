/* Where a model that was imported is written. */
#ifndef DN_MODELS_PLACE_H
#define DN_MODELS_PLACE_H

#include "models/model.h"

/* output: a file when it ends in .safetensors, else a folder, which is made; NULL: the folder of the user's models (store.h). In a folder
 * the model has its own name, which must be none of reserved (NULL-terminated): those would no longer be found (DN_EUSAGE). source: the
 * file from which it comes, for messages. *path: owned by the caller. DN_EUSAGE, DN_EFORMAT: the name cannot be one of a file; DN_EIO: the
 * folder cannot be made. */
DN_CHECKED dn_status dn_model_place(const dn_model *model, const char *output, const char *source, const char *const *reserved,
                                    char **path);

#endif
