/* Choosing how a convolution is done by timing it, and remembering the choice for this machine.
 *
 * The cache is a text file, a line a choice: library, instruction set, CPU, threads, precision and shape, a tab, the choice. */
#ifndef DN_NET_TUNE_H
#define DN_NET_TUNE_H

#include "net/engine/engine.h"

typedef struct dn_tuner dn_tuner;

/* path: the cache, or NULL for none; a missing or unreadable one counts as empty. measure: time what the cache does not
 * know; else such a convolution keeps its default. */
DN_CHECKED dn_status dn_tuner_open(const char *path, bool measure, int threads, dn_tuner **out);
/* Sets request->algorithm and request->block to the fastest found; leaves them where nothing is known. The request needs its
 * weights. */
DN_CHECKED dn_status dn_tuner_choose(dn_tuner *tuner, dn_engine *engine, dn_kernel_request *request);
/* Writes new choices to the cache (a failure to write is only logged) and releases. */
void dn_tuner_close(dn_tuner *tuner);

#endif
