/* Which steps of a label map are finished: a JSON file beside the results, so that a run that was stopped goes on where it was.
 *
 *     {"Steps": {"background": {"Key": "...", "Seconds": 12.3, "Outputs": [{"name": "x_brain.nii.gz", "bytes": 123}]}}}
 *
 * A step's key is the SHA-256 of its settings, of the program's version and of the keys of the steps that it reads (of the first one: of
 * the input files' SHA-256). So a changed setting repeats its own step and those that follow from it, and no others. */
#ifndef DN_LABELMAP_STEPS_H
#define DN_LABELMAP_STEPS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct dn_steps dn_steps;

/* path: of the JSON file. A file that is missing or damaged counts as no finished step. *out: owned by the caller (dn_steps_close). */
DN_CHECKED dn_status dn_steps_open(const char *path, dn_steps **out);
void dn_steps_close(dn_steps *steps);
/* The step was finished with this key, and all its outputs are there with their sizes. */
bool dn_steps_done(const dn_steps *steps, const char *name, const char *key);
/* Before a step begins: what it wrote before no longer counts. Then, once its outputs are in place (paths in the folder of the record). */
DN_CHECKED dn_status dn_steps_begin(dn_steps *steps, const char *name);
DN_CHECKED dn_status dn_steps_finish(dn_steps *steps, const char *name, const char *key, double seconds, char *const *outputs,
                                     size_t count);

#endif
