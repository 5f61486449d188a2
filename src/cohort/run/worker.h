/* A process that measures scans for us. It opens the networks once and takes one scan after the other; should it crash or be killed, that
 * is the failure of its scan and of nothing else. It is the program itself (`dien worker`, which help does not list); the two talk over
 * pipes, one JSON object per line:
 *
 *     to it      {"settings": {...}, "threads": 1}                     first
 *                {"scan": "/data/...nii.gz", "folder": "/out/...", "source": "sub-01/anat/..."}
 *                and of DICOM files "dicom": {"name": "sub-01", "series": "5"}; messages name the scan as source does
 *     from it    {"ready": [{"name": "hypothalamus", "sha256": "..."}]} or {"failed": {"status", "text", "remedy", "about"}}
 *                {"log": 1, "text": "..."}, {"stage": 2}               while it works
 *                {"done": {"status", "text", "remedy", "about", "rejected", "score", "seconds", "peak_mb", "sha256", "outputs": [...],
 * "series": [...]}}
 *
 * The page's server uses the same. */
#ifndef DN_COHORT_RUN_WORKER_H
#define DN_COHORT_RUN_WORKER_H

#include "cohort/run/settings.h"

#include <sys/types.h>

/* What came back for a scan. */
typedef struct dn_worker_answer {
    dn_status status;
    dn_remedy remedy;
    char about[64]; /* what the remedy is about; "" */
    char *text;     /* owned; the failure's sentence; NULL when there is none */
    bool rejected;  /* by quality control */
    bool killed;    /* the process ended by SIGKILL, which nobody here sent: most often for want of memory */
    double score;   /* NaN: none */
    double seconds;
    double peak_mb;  /* of memory, during this scan */
    char sha256[65]; /* of the scan's file */
    json_t *outputs; /* owned; [{"name", "bytes"}] below the folder; NULL when it failed */
    json_t *series;  /* owned; sentences: why that series of DICOM files, and why none of the others; NULL: it was none of them */
} dn_worker_answer;
void dn_worker_answer_release(dn_worker_answer *answer);

/* Zero-initialise with dn_worker_start. */
typedef struct dn_worker {
    pid_t process; /* 0: none */
    int to, from;  /* pipes */
    char *line;    /* owned; what was read of a line that is not there in full yet */
    size_t length, room;
    bool busy;
    int stage; /* of the present scan, of DN_STAGE_COUNT */
} dn_worker;

/* program: path of dien; NULL: the program that runs. models: the networks that it uses, [{"name", "sha256"}]; owned by the caller; may be
 * NULL. Waits until it is ready. Errors of dn_measurer_create; DN_ENOMEM, DN_EINTERNAL: the process cannot be started. */
DN_CHECKED dn_status dn_worker_start(dn_worker *worker, const char *program, json_t *settings, int threads, json_t **models);
/* Gives it a scan. The folder exists; source: what the sidecars name as their source. dicom: name and series of a folder or archive of
 * DICOM files; NULL: it is an image. DN_EINTERNAL: it is gone. */
DN_CHECKED dn_status dn_worker_give(dn_worker *worker, const char *scan, const char *folder, const char *source,
                                    const dn_dicom_options *dicom);
/* To be called when there is something to read from worker->from: passes messages on to the calling thread's job; when the scan is done
 * *done becomes true, and answer is filled (release it). A process that ended is an answer, too, and is no longer running then. */
DN_CHECKED dn_status dn_worker_listen(dn_worker *worker, bool *done, dn_worker_answer *answer);
/* Ends it: at once if kill, else it may finish what it writes. Safe on one that does not run. */
void dn_worker_stop(dn_worker *worker, bool kill);

/* The other side: what `dien worker` does, until `in` ends. out: a stream that nothing else writes to. */
DN_CHECKED dn_status dn_worker_serve(FILE *in, FILE *out);

#endif
