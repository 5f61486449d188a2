/* The hub of events, and the streams that listen to it. */
#define _GNU_SOURCE
#include "web/jobs/events.h"

#include "base/memory.h"
#include "web/handlers.h"
#include "web/ids.h"
#include "web/jobs/jobs.h"
#include "web/server.h"
#include "web/trainings.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RING = 512, NAME = 64, PAUSE_S = 10 }; /* PAUSE_S: a line is sent at least so often, so that a listener who has gone is noticed */

typedef struct change {
    dn_event_kind kind;
    char id[NAME];
} change;

struct dn_hub {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    change ring[RING];
    uint64_t count; /* of all changes; the last RING are kept */
    int listeners;
    bool closed;
};

dn_status dn_hub_create(dn_hub **out)
{
    pthread_condattr_t kind;
    DN_TRY(dn_alloc(out, 1, sizeof **out, "the server"));
    pthread_mutex_init(&(*out)->lock, NULL);
    pthread_condattr_init(&kind);
    pthread_condattr_setclock(&kind, CLOCK_MONOTONIC);
    pthread_cond_init(&(*out)->changed, &kind);
    pthread_condattr_destroy(&kind);
    return DN_OK;
}

void dn_hub_destroy(dn_hub *hub)
{
    if (hub != NULL) {
        pthread_cond_destroy(&hub->changed);
        pthread_mutex_destroy(&hub->lock);
        free(hub);
    }
}

void dn_hub_tell(dn_hub *hub, dn_event_kind kind, const char *id)
{
    pthread_mutex_lock(&hub->lock);
    change *at = &hub->ring[hub->count++ % RING];
    at->kind = kind;
    snprintf(at->id, sizeof at->id, "%s", id);
    pthread_cond_broadcast(&hub->changed);
    pthread_mutex_unlock(&hub->lock);
}

void dn_hub_close(dn_hub *hub)
{
    if (hub != NULL) {
        pthread_mutex_lock(&hub->lock);
        hub->closed = true;
        pthread_cond_broadcast(&hub->changed);
        pthread_mutex_unlock(&hub->lock);
    }
}

/* ---- a listener --------------------------------------------------------------------------------------------------- */

typedef struct listener {
    dn_web *web;
    char job[DN_ID_SIZE]; /* "": of all */
    bool ends;            /* with its job */
    bool last;            /* nothing comes behind the text */
    uint64_t seen;
    char *text; /* owned; that is being sent */
    size_t size, sent;
} listener;

/* event, data: consumed; NULL: nothing is added. */
static void add_event(listener *it, const char *event, json_t *data)
{
    char *text = data != NULL ? json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    char *longer = NULL;
    json_decref(data);
    if (text != NULL && dn_asprintf(&longer, "%sevent: %s\ndata: %s\n\n", it->text != NULL ? it->text : "", event, text) == DN_OK) {
        free(it->text);
        it->text = longer;
        it->size = strlen(longer);
    }
    free(text);
}

/* A job that goes no further is the last thing that some want to hear. */
static void add_job(listener *it, const json_t *row)
{
    const char *state = json_string_value(json_object_get(row, "state"));
    it->last = it->last || (it->ends && strcmp(state, "queued") != 0 && strcmp(state, "running") != 0);
    add_event(it, "job", dn_job_json(it->web, row));
}

static void add_change(listener *it, const change *one)
{
    json_t *row = NULL;
    switch (one->kind) {
    case DN_EVENT_JOB:
        if (dn_job_find(it->web, one->id, &row) == DN_OK && row != NULL) {
            add_job(it, row);
        }
        json_decref(row);
        break;
    case DN_EVENT_DELETED:
        it->last = it->last || it->ends;
        add_event(it, "deleted", json_pack("{s:s}", "id", one->id));
        break;
    case DN_EVENT_TRAINING:
        add_event(it, "training", dn_training_json(it->web, one->id));
        break;
    }
}

/* All that wait or run; with a job named, that one. */
static void add_present(listener *it)
{
    json_t *rows = NULL, *row;
    size_t i;
    if (dn_jobs_find(it->web, it->job[0] != '\0' ? it->job : NULL, &rows) == DN_OK) {
        json_array_foreach(rows, i, row)
        {
            add_job(it, row);
        }
    }
    json_decref(rows);
}

/* Copies the changes since the last time, each job once. *behind: more than are kept. Returns how many, -1: the hub is closed. */
static int take_changes(listener *it, change out[RING], bool *behind)
{
    dn_hub *hub = it->web->hub;
    struct timespec until;
    int n = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PAUSE_S;
    pthread_mutex_lock(&hub->lock);
    while (!hub->closed && hub->count == it->seen && pthread_cond_timedwait(&hub->changed, &hub->lock, &until) != ETIMEDOUT) {
    }
    *behind = hub->count - it->seen > RING;
    for (uint64_t i = *behind ? hub->count : it->seen; i < hub->count; ++i) {
        const change *one = &hub->ring[i % RING];
        bool again = it->job[0] != '\0' && strcmp(it->job, one->id) != 0;
        for (uint64_t k = i + 1; k < hub->count && !again; ++k) {
            again = hub->ring[k % RING].kind == one->kind && strcmp(hub->ring[k % RING].id, one->id) == 0;
        }
        if (!again) {
            out[n++] = *one;
        }
    }
    it->seen = hub->count;
    n = hub->closed ? -1 : n;
    pthread_mutex_unlock(&hub->lock);
    return n;
}

static void next_text(listener *it, bool *ended)
{
    change changes[RING];
    bool behind;
    free(it->text);
    it->text = NULL;
    it->size = it->sent = 0;
    const int n = take_changes(it, changes, &behind);
    *ended = n < 0;
    if (behind) {
        add_present(it);
    }
    for (int i = 0; i < n; ++i) {
        add_change(it, &changes[i]);
    }
    if (it->text == NULL) {
        it->text = strdup(":\n\n"); /* a comment, by the standard */
        it->size = it->text != NULL ? strlen(it->text) : 0;
    }
}

static ssize_t read_events(void *user, char *bytes, size_t size)
{
    listener *it = user;
    bool ended = false;
    if (it->sent == it->size && it->last) {
        return -1;
    }
    if (it->sent == it->size) {
        next_text(it, &ended);
    }
    if (ended) {
        return -1;
    }
    const size_t n = it->size - it->sent < size ? it->size - it->sent : size;
    memcpy(bytes, it->text + it->sent, n);
    it->sent += n;
    return (ssize_t)n;
}

static void end_events(void *user)
{
    listener *it = user;
    pthread_mutex_lock(&it->web->hub->lock);
    --it->web->hub->listeners;
    pthread_mutex_unlock(&it->web->hub->lock);
    free(it->text);
    free(it);
}

/* A listener holds a connection for hours: half of them are kept for everything else. */
static dn_status add_listener(dn_web *web, dn_reply *reply, const char *job, bool ends)
{
    dn_hub *hub = web->hub;
    listener *it = NULL;
    DN_TRY(dn_alloc(&it, 1, sizeof *it, "a listener"));
    it->web = web;
    it->ends = ends;
    snprintf(it->job, sizeof it->job, "%s", job != NULL ? job : "");
    pthread_mutex_lock(&hub->lock);
    const bool room = hub->listeners < web->options.clients / 2;
    hub->listeners += room ? 1 : 0;
    it->seen = hub->count;
    pthread_mutex_unlock(&hub->lock);
    if (!room) {
        free(it);
        DN_WEB_FAIL(reply, 503, "too many pages are open; close some of them");
    }
    it->text = strdup("retry: 2000\n\n");
    it->size = it->text != NULL ? strlen(it->text) : 0;
    add_present(it);
    reply->type = "text/event-stream";
    reply->stream = (dn_reply_stream){.read = read_events, .end = end_events, .user = it};
    return DN_OK;
}

dn_status dn_get_events(dn_request *request, dn_reply *reply)
{
    return add_listener(request->web, reply, NULL, false);
}

dn_status dn_get_job_events(dn_request *request, dn_reply *reply)
{
    json_t *row = NULL;
    DN_TRY(dn_job_get(request, reply, &row));
    json_decref(row);
    const char *until = dn_request_query(request, "until");
    return add_listener(request->web, reply, request->part[0], until != NULL && strcmp(until, "end") == 0);
}
