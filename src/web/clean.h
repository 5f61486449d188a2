/* What goes from the server's folder, and how: at once, also while somebody still writes into it, and after a kill at the next start. */
#ifndef DN_WEB_CLEAN_H
#define DN_WEB_CLEAN_H

#include "web/web.h"

/* Removes STATE/kind/id. It is moved aside first, so that nobody finds it any more and what is written to its old name fails. */
void dn_web_discard(const dn_web *web, const char *kind, const char *id);
/* What was moved aside and could not be removed yet; and files that requests of a killed server left among the uploads, when starting. */
void dn_web_sweep(const dn_web *web, bool starting);
/* Folders STATE/kind/ID of which sql ("SELECT ... WHERE id = ?") finds no row. */
DN_CHECKED dn_status dn_web_remove_unlisted(dn_web *web, const char *kind, const char *sql);

#endif
