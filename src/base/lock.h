/* One run at a time in a folder. The lock is the kernel's, so that a killed run leaves none. */
#ifndef DN_BASE_LOCK_H
#define DN_BASE_LOCK_H

#include "base/status.h"

/* Zero-initialise ({0}). */
typedef struct dn_folder_lock {
    char *path; /* owned; folder/.lock, which is there while the lock is held */
    int fd;
} dn_folder_lock;

/* DN_EUSAGE: another process, which the message names, has it; what: "a training run". DN_EIO: the folder cannot be written. Where the file
 * system knows no locks, a warning is all. */
DN_CHECKED dn_status dn_folder_lock_take(dn_folder_lock *lock, const char *folder, const char *what);
/* Safe on a zeroed or released lock. */
void dn_folder_lock_release(dn_folder_lock *lock);

#endif
