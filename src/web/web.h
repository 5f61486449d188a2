/* The page's server: what `dien serve` starts. It serves the page, takes scans, measures them in processes of their own, and keeps what
 * came out in a folder, from which a server that was killed goes on (README.md has the map).
 *
 * Everything that may be asked of it is in the routes' table (routes.c), and described in openapi.json. */
#ifndef DN_WEB_WEB_H
#define DN_WEB_WEB_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts are borrowed for as long as the server lives. */
typedef struct dn_web_options {
    const char *address;      /* an IP address, or localhost; NULL: 127.0.0.1 */
    int port;                 /* 0: one that is free */
    const char *token;        /* what a visitor has to know; NULL: nobody is asked. Needed for an address that others reach */
    const char *const *hosts; /* names by which visitors reach this machine, beside its own; a request for another name is refused */
    size_t host_count;
    const char *state;          /* folder of scans, results and the list of jobs; made at need */
    double keep_days;           /* scans and results older than this are deleted; 0: never */
    int64_t upload_limit;       /* bytes of one upload, all files together; 0: 4 GiB */
    int64_t memory_budget;      /* bytes that all processes together may take; 0: nine tenths of what is free at the start */
    int jobs;                   /* scans at a time; 0: as many as there are cores */
    int threads;                /* of each; 0: 1 */
    int clients;                /* requests at a time; more are told to come again; 0: 128 */
    double patience;            /* seconds that a client may be silent, or take for the head of a request; 0: 30 */
    const char *model;          /* that labels the hypothalamus; NULL: dien's own */
    const char *norms;          /* paths with commas; NULL: none */
    const char *const *results; /* folders of finished runs over data sets, shown as groups */
    size_t result_count;
    const char *const *trainings; /* folders of training runs */
    size_t training_count;
    const char *program; /* that measures (cohort/run/worker.h); NULL: the program that runs */
} dn_web_options;

typedef struct dn_web dn_web;

/* Opens the folder and the socket, finds the queue again, and serves from then on. *out: owned (dn_web_destroy).
 * DN_EUSAGE: another address than loopback without a token, a token of less than 16 characters, another server has the folder; DN_EIO: the
 * folder or the port cannot be had. */
DN_CHECKED dn_status dn_web_create(const dn_web_options *options, dn_web **out);
/* "http://127.0.0.1:8642/", with the token behind it where there is one. Borrowed. */
const char *dn_web_url(const dn_web *web);
/* Whether others than this machine can reach it. */
bool dn_web_is_open(const dn_web *web);
/* Waits until the calling thread's job is cancelled. DN_OK. */
DN_CHECKED dn_status dn_web_run(dn_web *web);
/* Ends it. Jobs that ran are in the queue of the next start. NULL: nothing. */
void dn_web_destroy(dn_web *web);

#endif
