/* The HDF5 library crashes on some damaged files (about one in fifty with random bytes changed, Debian 12's 1.10.8). A
 * child process reads a file first, so that such a file is a refusal here and not the end of the program. */
#ifndef DN_MODELS_KERAS_PROBE_H
#define DN_MODELS_KERAS_PROBE_H

#include "base/status.h"

/* Runs read(path) in a child. DN_EFORMAT when it crashed or took longer than two minutes; DN_OK also when read failed
 * in an orderly way, for the caller will then see the same. */
DN_CHECKED dn_status dn_keras_probe(const char *path, dn_status (*read)(const char *path));

#endif
