/* A person's place on the norms that the server was given. */
#ifndef DN_WEB_NORM_POINTS_H
#define DN_WEB_NORM_POINTS_H

#include "segment/volumes.h"
#include "web/web.h"

#include <jansson.h>

/* [{"norm", "structure", "unit", "age", "value", "z", "percentile", "remark", "curve": [{"age", "p5", ...}]}]; what cannot be compared has
 * "reason" in place of z and percentile. age: NaN: not known. *out: owned; null: there are no norms. */
DN_CHECKED dn_status dn_norm_points(const dn_web *web, const dn_volume_rows *rows, double age, const char *sex, json_t **out);

#endif
