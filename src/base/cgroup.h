/* The limits of this process in a container or batch system, from the kernel's control groups (version 1 and 2). A limit holds for a group
 * and all groups below it, so the strictest limit on the way up counts. */
#ifndef DN_BASE_CGROUP_H
#define DN_BASE_CGROUP_H

#include <stdint.h>

/* Bytes that the groups of this process still allow: limit less what is in use, page cache that can be dropped not counted. -1: no limit.
 * root: put in front of /proc and of the mount points, for tests; "" for the machine. */
int64_t dn_cgroup_memory_left(const char *root);
/* Cores' worth of time that the groups allow, rounded up; 0: no limit. */
int dn_cgroup_cores(const char *root);

#endif
