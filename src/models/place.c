/* The path of an imported model: the file or folder that was named, or the user's own folder. */
#include "models/place.h"

#include "base/file.h"
#include "base/memory.h"
#include "models/store.h"

#include <stdlib.h>
#include <string.h>

#define EXTENSION ".safetensors"

dn_status dn_model_place(const dn_model *model, const char *output, const char *source, const char *const *reserved, char **path)
{
    char *folder, *name;
    if (output != NULL && dn_path_has_extension(output, EXTENSION)) {
        return dn_strdup(output, path);
    }
    for (; *reserved != NULL; ++reserved) {
        if (strcmp(model->name, *reserved) == 0) {
            DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_NETWORK_NAME,
                          "\"%s\" is the name of one of dien's own networks, which could then not be found; give your network another name",
                          model->name);
        }
    }
    if (output != NULL) {
        DN_TRY(dn_path_make_folder(output));
        DN_TRY(dn_strdup(output, &folder));
    } else {
        DN_TRY(dn_store_user_folder(&folder));
    }
    dn_status status = dn_path_check_name(model->name, source);
    if (status == DN_OK) {
        status = dn_asprintf(&name, "%s%s", model->name, EXTENSION);
    }
    if (status == DN_OK) {
        status = dn_path_join(folder, name, path);
        free(name);
    }
    free(folder);
    return status;
}
