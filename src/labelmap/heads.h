/* Label maps of heads in memory, with their tissues; and what is done to a map that was made of them before it is written. Internal to
 * labelmap/. */
#ifndef DN_LABELMAP_HEADS_H
#define DN_LABELMAP_HEADS_H

#include "register/labels_align.h"

/* Zero-initialise ({0}); dn_heads_release also after a failure. */
typedef struct dn_heads {
    dn_labels **maps;         /* owned; axes RAS */
    dn_alignment *alignments; /* owned; empty at first */
    size_t count;
    dn_tissues *tissues; /* owned */
} dn_heads;

/* tissues: path of the table; NULL: the one that comes with dien. DN_EDATA: a label that the table does not name, with the file. */
DN_CHECKED dn_status dn_heads_read(const char *const *paths, size_t count, const char *tissues, dn_heads *out);
void dn_heads_release(dn_heads *heads);

/* Takes crumbs away, makes labels symmetric about x = 0, cuts away the background (as much on the left as on the right) and writes the
 * file, packed as small as can be. labels: replaced. DN_EDATA: it is empty. */
DN_CHECKED dn_status dn_heads_finish(dn_labels **labels, const dn_tissues *tissues, const char *path);

#endif
