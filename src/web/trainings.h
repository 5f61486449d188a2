/* Training runs whose folders the server was given: how far they are, and their curves. */
#ifndef DN_WEB_TRAININGS_H
#define DN_WEB_TRAININGS_H

#include "web/web.h"

#include <jansson.h>

/* NULL: there is none of that name. Owned. */
json_t *dn_training_json(dn_web *web, const char *name);
/* Tells the hub about runs that went on since the last call. */
void dn_trainings_look(dn_web *web);

#endif
