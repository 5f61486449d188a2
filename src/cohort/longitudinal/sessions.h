/* The scans of one person: read, in an order that belongs to their contents, and when each was made. */
#ifndef DN_COHORT_LONGITUDINAL_SESSIONS_H
#define DN_COHORT_LONGITUDINAL_SESSIONS_H

#include "image/volume.h"

#include <stddef.h>

typedef struct dn_session {
    const char *path;  /* borrowed */
    size_t given;      /* its number among the paths */
    char *stem;        /* owned */
    char hash[65];     /* of voxels and geometry */
    dn_volume *volume; /* owned */
    double time;
    char date[16]; /* "": not known */
} dn_session;

typedef struct dn_sessions {
    dn_session *at; /* owned; sorted by hash, then by name, so that the order in which they were given has no influence */
    size_t count;
    const char
        *unit; /* of time; static: "year"; "session": neither times nor dates nor ages are known, and the sessions are numbered by name */
    const char *time_from; /* static: where the times come from */
} dn_sessions;

/* times: years, one per path (times_from: where they come from; NULL: the user); NULL: the days of acquisition or the ages in the files
 * beside the scans (report/scan_about.h). DN_EUSAGE: two have one name; others as dn_scan_read. *out: release with dn_sessions_release,
 * also after a failure. */
DN_CHECKED dn_status dn_sessions_read(const char *const *paths, size_t count, const double *times, const char *times_from,
                                      dn_sessions *out);
void dn_sessions_release(dn_sessions *sessions);
/* Numbers of the sessions by time, then by name. order: room for count. */
void dn_sessions_by_time(const dn_sessions *sessions, size_t *order);

#endif
