#define _GNU_SOURCE
#include "base/install.h"

#include "base/file.h"
#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

dn_status dn_install_path(const char *name, char **out)
{
    char program[PATH_MAX];
    char *beside = NULL;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        char *slash = strrchr(program, '/');
        if (slash != NULL) {
            *slash = '\0';
            DN_TRY(dn_asprintf(&beside, "%s/../share/dien/%s", program, name));
            if (dn_path_exists(beside)) {
                *out = beside;
                return DN_OK;
            }
            free(beside);
        }
    }
    return dn_asprintf(out, "%s/%s", DIEN_SHARE_FOLDER, name);
}
