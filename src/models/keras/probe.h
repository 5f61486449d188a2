/* The HDF5 library crashes on some damaged files (about one in fifty with random bytes changed, Debian 12's 1.10.8), runs without end on
 * others, and takes the memory that a file asks for. A child process with limits of its own reads a file first, so that such a file gives
 * an error and does not end the program. */
#ifndef DN_MODELS_KERAS_PROBE_H
#define DN_MODELS_KERAS_PROBE_H

#include "base/status.h"

#include <stdint.h>

typedef struct dn_probe_limits {
    int64_t memory;  /* bytes beyond what this process has mapped when it forks (not under AddressSanitizer, which maps all there is) */
    int cpu_seconds; /* of processor time */
    int seconds;     /* by the clock */
} dn_probe_limits;

/* 4 GiB, 10 s and 60 s. */
dn_probe_limits dn_probe_defaults(void);

/* Runs read(path) in a child. Returns what read returns: DN_OK, or its status and message. DN_EFORMAT when the child crashed or was
 * ended by a limit, which the message names; DN_ENOMEM when no process can be made; DN_ECANCELLED. */
DN_CHECKED dn_status dn_keras_probe(const char *path, const dn_probe_limits *limits, dn_status (*read)(const char *path));

#endif
