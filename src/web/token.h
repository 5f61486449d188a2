/* The token that visitors of the page have to know. */
#ifndef DN_WEB_TOKEN_H
#define DN_WEB_TOKEN_H

#include "base/status.h"

/* A new one: 32 characters from the system's random numbers, which an address can hold as they are. *out: owned by the caller.
 * DN_EINTERNAL: the system gives none. */
DN_CHECKED dn_status dn_web_token_make(char **out);
/* The first word of a file, up to a blank or the end of its line. *out: owned by the caller. DN_EINPUT. */
DN_CHECKED dn_status dn_web_token_read(const char *path, char **out);

#endif
