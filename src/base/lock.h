/* Only one run at a time in a folder, or at one piece of work. The lock belongs to the kernel, so that a killed run leaves no lock. */
#ifndef DN_BASE_LOCK_H
#define DN_BASE_LOCK_H

#include "base/status.h"

#include <stdbool.h>

/* Zero-initialise ({0}). */
typedef struct dn_folder_lock {
    char *path; /* owned; of the file that is there while the lock is held: folder/.lock */
    int fd;
} dn_folder_lock;

/* DN_EUSAGE: another process has the lock (the message names it); what: "a training run". DN_EIO: the folder cannot be written. If the file
 * system has no locks, only a warning is given. */
DN_CHECKED dn_status dn_folder_lock_take(dn_folder_lock *lock, const char *folder, const char *what);
/* The same for one piece of work, for which the file of that path stands while the lock is held. *taken: false: another process has it,
 * which is no error. DN_EIO. */
DN_CHECKED dn_status dn_work_lock_take(dn_folder_lock *lock, const char *path, bool *taken);
/* Safe on a zeroed or released lock. */
void dn_folder_lock_release(dn_folder_lock *lock);

#endif
