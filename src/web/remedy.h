/* How a person chooses a remedy on the page (base/remedy.h). */
#ifndef DN_WEB_REMEDY_H
#define DN_WEB_REMEDY_H

#include "base/remedy.h"

#include <stddef.h>

/* For dn_job_sink.remedy: on the page remedies are said beside a failure, and texts that are kept state the fact alone. */
void dn_web_remedy_write(void *user, dn_remedy remedy, const char *about, char *out, size_t size);
/* A sentence; NULL: the page has nothing for it. Static. */
const char *dn_web_remedy_sentence(dn_remedy remedy);

#endif
