/* The page's files (assets/), which are compiled into the program: a table that CMake writes (web_assets.c in the build folder). */
#ifndef DN_WEB_ASSETS_H
#define DN_WEB_ASSETS_H

#include <stddef.h>

typedef struct dn_asset {
    const char *name; /* below assets/: "page.js", "vendor/niivue.js" */
    const unsigned char *bytes, *end;
} dn_asset;

/* The first one is openapi.json, the documented contract, which is no file of the page; ends with a NULL name. */
extern const dn_asset dn_asset_table[];

/* NULL: there is none. */
const dn_asset *dn_asset_find(const char *name);

#endif
