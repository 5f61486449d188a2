/* Finds the files that come with the program, installed or in the source tree. */
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
            /* installed: PREFIX/bin beside PREFIX/share/dien; not installed: build/dien and build/tests/... below the source that has
             * share/ */
            static const char *const places[] = {"%s/../share/dien/%s", "%s/../share/%s", "%s/../../share/%s"};
            for (size_t i = 0; i < sizeof places / sizeof *places; ++i) {
                DN_TRY(dn_asprintf(&beside, places[i], program, name));
                if (dn_path_exists(beside)) {
                    *out = beside;
                    return DN_OK;
                }
                free(beside);
            }
        }
    }
    return dn_asprintf(out, "%s/%s", DIEN_SHARE_FOLDER, name);
}
