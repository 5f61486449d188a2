/* The place of the program, of the files that come with it, and of the user's own. */
#ifndef DN_BASE_INSTALL_H
#define DN_BASE_INSTALL_H

#include "base/status.h"

/* Path of a file or folder under share/dien: "models", "template". Looked for beside the program first (PREFIX/bin/dien
 * has PREFIX/share/dien, also after the whole PREFIX was moved; build/dien and what lies a folder deeper have the source tree's share/),
 * else where `make install` was told to put it. Need not exist. *out is owned by the caller. */
DN_CHECKED dn_status dn_install_path(const char *name, char **out);

/* The program that runs, as an absolute path without links; owned by the caller, NULL where the system does not tell. */
char *dn_install_program(void);

/* A folder of the user's own files, $XDG_DATA_HOME/dien/NAME (~/.local/share/dien/NAME). Need not exist. *out: owned by the caller; NULL
 * when there is no home folder. DN_ENOMEM. */
DN_CHECKED dn_status dn_install_user_path(const char *name, char **out);

#endif
