/* The functions behind the routes (routes.c); what each one takes and gives is in openapi.json. */
#ifndef DN_WEB_HANDLERS_H
#define DN_WEB_HANDLERS_H

#include "web/routes.h"

dn_handler dn_get_page, dn_get_asset;    /* assets.c */
dn_handler dn_get_about, dn_get_openapi; /* about.c */

#endif
