/* The networks that come with the program, by name. */
#ifndef DN_SEGMENT_NETWORKS_H
#define DN_SEGMENT_NETWORKS_H

/* NULL-terminated. A network of somebody else that is called like one of them would take its place. */
extern const char *const dn_own_networks[];

#endif
