/* Texts and tables without the folders of this machine, so that they can be given away: names stay, and nobody learns where files lie. */
#ifndef DN_BASE_CUT_FOLDERS_H
#define DN_BASE_CUT_FOLDERS_H

#include "base/status.h"

typedef struct dn_cut_rule {
    const char *const *folders; /* NULL-terminated; as they are written and by their real paths */
    bool names;                 /* of "FOLDER/a/b" only "b" stays; else "a/b" */
    const char *itself;         /* what stands for a folder that is named itself; NULL: its name stays */
} dn_cut_rule;

/* A folder counts where its name begins a word (at the beginning of the text, behind a blank, a quote, a bracket or one of ,;:=) and ends
 * with a slash or with the word. *text: owned by the caller, replaced. DN_ENOMEM: *text is as it was, or a part of it is done. */
DN_CHECKED dn_status dn_cut_folders(char **text, const dn_cut_rule *rule);
/* The same for a text file, written anew; one that is not there is passed over. DN_EINPUT: larger than 256 MiB; DN_EIO. */
DN_CHECKED dn_status dn_cut_folders_file(const char *path, const dn_cut_rule *rule);

#endif
