/* Finds the files that come with the program, installed or in the source tree, and the user's own. */
#define _GNU_SOURCE
#include "base/install.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

char *dn_install_program(void)
{
    return realpath("/proc/self/exe", NULL);
}

/* Below the folder that holds the program; *out: NULL when it is not there. */
static dn_status beside(const char *program, const char *name, char **out)
{
    /* installed: PREFIX/bin beside PREFIX/share/dien; not installed: build/dien and build/tests/... below the source that has
     * share/ */
    static const char *const places[] = {"%.*s/../share/dien/%s", "%.*s/../share/%s", "%.*s/../../share/%s"};
    const int length = (int)(strrchr(program, '/') - program);
    for (size_t i = 0; i < sizeof places / sizeof *places; ++i) {
        DN_TRY(dn_asprintf(out, places[i], length, program, name));
        if (dn_path_exists(*out)) {
            return DN_OK;
        }
        free(*out);
    }
    *out = NULL;
    return DN_OK;
}

dn_status dn_install_path(const char *name, char **out)
{
    char *program = dn_install_program();
    *out = NULL;
    dn_status status = program != NULL ? beside(program, name, out) : DN_OK;
    free(program);
    return status == DN_OK && *out == NULL ? dn_asprintf(out, "%s/%s", DIEN_SHARE_FOLDER, name) : status;
}

dn_status dn_install_user_path(const char *name, char **out)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    *out = NULL;
    if (data != NULL && *data == '/') {
        return dn_asprintf(out, "%s/dien/%s", data, name);
    }
    return home != NULL && *home == '/' ? dn_asprintf(out, "%s/.local/share/dien/%s", home, name) : DN_OK;
}
