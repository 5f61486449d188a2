/* The place of the files that come with the program. */
#ifndef DN_BASE_INSTALL_H
#define DN_BASE_INSTALL_H

#include "base/status.h"

/* Path of a file or folder under share/dien: "models", "template". Looked for beside the program first (PREFIX/bin/dien
 * has PREFIX/share/dien, also after the whole PREFIX was moved; build/dien and what lies a folder deeper have the source tree's share/),
 * else where `make install` was told to put it. Need not exist. *out is owned by the caller. */
DN_CHECKED dn_status dn_install_path(const char *name, char **out);

#endif
