/* Server-sent events (HTML standard, section 9.2): what changed, told to everybody who listens. Only names of what changed are kept; the
 * state that a listener gets is that of the moment in which it is sent, so a slow one misses steps and no ends. */
#ifndef DN_WEB_EVENTS_H
#define DN_WEB_EVENTS_H

#include "web/request.h"

typedef struct dn_hub dn_hub;

typedef enum { DN_EVENT_JOB, DN_EVENT_DELETED, DN_EVENT_TRAINING } dn_event_kind;

/* *out: owned by the caller (dn_hub_destroy). DN_ENOMEM. */
DN_CHECKED dn_status dn_hub_create(dn_hub **out);
/* After the last listener has gone. */
void dn_hub_destroy(dn_hub *hub);
/* From any thread. id: of the job, or the name of the training run. */
void dn_hub_tell(dn_hub *hub, dn_event_kind kind, const char *id);
/* Listeners come to their end. */
void dn_hub_close(dn_hub *hub);

#endif
