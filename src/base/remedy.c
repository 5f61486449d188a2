/* The words for a remedy, asked from the job of the calling thread. */
#include "base/remedy.h"

#include "base/job.h"

const char *dn_remedy_words(dn_remedy remedy, const char *about, char text[DN_REMEDY_WORDS])
{
    const dn_job *job = dn_job_current();
    text[0] = '\0';
    if (job != NULL && job->sink.remedy != NULL) {
        job->sink.remedy(job->sink.user, remedy, about != NULL ? about : "", text, DN_REMEDY_WORDS);
    }
    return text;
}
