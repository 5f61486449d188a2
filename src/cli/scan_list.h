/* The images that a command is to work on one after the other. */
#ifndef DN_CLI_SCAN_LIST_H
#define DN_CLI_SCAN_LIST_H

#include "cli/command.h"
#include "image/io.h"

/* Those among the arguments: a.hdr and a.img (a glob gives both) are one, and two whose results would have the same names are refused
 * (DN_EUSAGE), for one would overwrite the other. ending: of a result's name, for the sentence. Caller frees *paths; the strings are
 * borrowed from arguments. */
DN_CHECKED dn_status dn_scan_list(const dn_arguments *arguments, const char *ending, const char ***paths, size_t *count);
/* What --trust (sform|qform) says; without it DN_TRUST_HEADER. */
dn_trust dn_scan_trust(const dn_arguments *arguments);

/* What to say after a batch of which some could not be done, each with a message of its own above; last: the last one's status. One scan:
 * its own failure, whose message stands. All of several: the last one's code (3, 5, ...) and "none of the 4 WHAT"; else DN_EPARTIAL. */
dn_status dn_scan_list_broken(dn_status last, size_t broken, size_t count, const char *what, const char *folder);

#endif
