/* What every call of the public API does first and last: takes the caller's structures, makes a job with the caller's functions, gives a
 * code back. Names are dn_lib_: only dien_* leaves the library. */
#ifndef DN_LIB_CALL_H
#define DN_LIB_CALL_H

#include "dien.h"

#include "base/job.h"
#include "base/status.h"

typedef struct dn_lib_call {
    dien_options options; /* checked */
    dn_job job;
    dn_job *before;
} dn_lib_call;

/* options: NULL for the usual values. Until dn_lib_end the calling thread works for the call's job; call must not move. DN_EUSAGE: nothing
 * was begun. */
DN_CHECKED dn_status dn_lib_begin(const dien_options *options, dn_lib_call *call);
void dn_lib_end(dn_lib_call *call);

/* The library's code for a status. */
dien_status dn_lib_code(dn_status status);

/* Copies a caller's structure, whose first field is its size, over *out (full bytes), which has the usual values; NULL leaves them. A
 * caller built against an older header has a shorter one: fields past its end keep their usual value. DN_EUSAGE: it is shorter than the
 * first version, of least bytes; name: "dien_options". */
DN_CHECKED dn_status dn_lib_take(const void *given, void *out, size_t full, size_t least, const char *name);

#endif
