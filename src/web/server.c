/* The server's life: its folder, its socket, and the end. */
#define _GNU_SOURCE
#include "web/server.h"
#include "web/trainings.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/threads.h"
#include "base/words.h"
#include "web/groups/groups.h"
#include "web/jobs/jobs.h"
#include "web/jobs/uploads.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LEAST_TOKEN = 16, MOST_TOKEN = 200 };

dn_status dn_web_folder(const dn_web *web, const char *kind, const char *id, char **out)
{
    return id != NULL ? dn_asprintf(out, "%s/%s/%s", web->options.state, kind, id) : dn_asprintf(out, "%s/%s", web->options.state, kind);
}

static bool is_loopback(const char *address)
{
    bool loopback = false;
    dn_guard_is_address(address, &loopback);
    return loopback || strcmp(address, "localhost") == 0;
}

static dn_status check_token(const char *token)
{
    const char *usual = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    const size_t n = strlen(token);
    if (n < LEAST_TOKEN || n > MOST_TOKEN || strspn(token, usual) != n) {
        DN_FAIL(DN_EUSAGE, "the token has to be %d to %d letters, digits, '-', '_', '.' and '~'", LEAST_TOKEN, MOST_TOKEN);
    }
    return DN_OK;
}

static void fill_defaults(dn_web_options *options)
{
    options->address = options->address != NULL ? options->address : "127.0.0.1";
    options->upload_limit = options->upload_limit > 0 ? options->upload_limit : INT64_C(4) << 30;
    options->memory_budget = options->memory_budget > 0 ? options->memory_budget : dn_memory_available() / 10 * 9;
    options->jobs = options->jobs > 0 ? options->jobs : dn_threads_available();
    options->clients = options->clients > 0 ? options->clients : 128;
    options->patience = options->patience > 0.0 ? options->patience : 30.0;
}

static dn_status check_options(dn_web *web)
{
    const dn_web_options *options = &web->options;
    web->open = !is_loopback(options->address);
    if (options->token != NULL) {
        DN_TRY(check_token(options->token));
    } else if (web->open) {
        DN_FAIL(DN_EUSAGE, "others can reach this machine at '%s', and could see all scans: the server needs a token there",
                options->address);
    }
    return DN_OK;
}

/* This machine's own name counts only where others may come: at home it is of no use, and a name that resolves to 127.0.0.1 helps others.
 */
static dn_status fill_guard(dn_web *web)
{
    const dn_web_options *options = &web->options;
    size_t count = 0;
    DN_TRY(dn_alloc(&web->hosts, options->host_count + 1, sizeof *web->hosts, "the names of this machine"));
    for (size_t i = 0; i < options->host_count; ++i) {
        web->hosts[count++] = options->hosts[i];
    }
    if (web->open && gethostname(web->own_name, sizeof web->own_name - 1) == 0) {
        web->hosts[count++] = web->own_name;
    }
    web->guard = (dn_guard){.hosts = web->hosts, .host_count = count, .any_address = web->open, .token = options->token};
    return DN_OK;
}

static dn_status make_url(dn_web *web)
{
    const char *address = web->options.address, *token = web->options.token;
    const bool everywhere = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    const char *host = everywhere ? (web->own_name[0] != '\0' ? web->own_name : "localhost") : address;
    const bool six = strchr(host, ':') != NULL;
    return dn_asprintf(&web->url, "http://%s%s%s:%d/%s%s", six ? "[" : "", host, six ? "]" : "", web->options.port,
                       token != NULL ? "?token=" : "", token != NULL ? token : "");
}

static dn_status open_folder(dn_web *web)
{
    if (web->options.state == NULL || *web->options.state == '\0') {
        DN_FAIL(DN_EUSAGE, "the server needs a folder for scans and results");
    }
    DN_TRY(dn_path_make_folder(web->options.state));
    dn_status status = dn_folder_lock_take(&web->lock, web->options.state, "a server");
    return status == DN_EUSAGE ? dn_error_offer(status, DN_REMEDY_NONE) : status; /* its folder has another option than results have */
}

/* "norm.json" says nothing: then with the folder's name. */
static const char *short_name(const char *path)
{
    const char *name = dn_path_name(path), *start = name > path ? name - 1 : name;
    if (strcmp(name, "norm.json") != 0 || start == path) {
        return name;
    }
    while (start > path && start[-1] != '/') {
        --start;
    }
    return start;
}

static dn_status open_norms(dn_web *web)
{
    char **paths = NULL;
    size_t count = 0;
    if (web->options.norms == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_norm_read_list(web->options.norms, &web->norms, &web->norm_count));
    DN_TRY(dn_alloc(&web->norm_names, web->norm_count, sizeof *web->norm_names, "the names of the norms"));
    DN_TRY(dn_split_list(web->options.norms, &paths, &count));
    dn_status status = DN_OK;
    for (size_t i = 0; status == DN_OK && i < count && i < web->norm_count; ++i) {
        status = dn_strdup(short_name(paths[i]), &web->norm_names[i]);
    }
    free(paths);
    return status;
}

static dn_status make_folder(const dn_web *web, const char *kind)
{
    char *path = NULL;
    DN_TRY(dn_web_folder(web, kind, NULL, &path));
    dn_status status = dn_path_make_folder(path);
    free(path);
    return status;
}

/* What an earlier server left: its list, its queue, and what it was about to remove. */
static dn_status open_store(dn_web *web)
{
    char *path = NULL;
    DN_TRY(make_folder(web, "uploads"));
    DN_TRY(make_folder(web, "jobs"));
    DN_TRY(make_folder(web, "groups"));
    DN_TRY(make_folder(web, "trash"));
    DN_TRY(dn_path_join(web->options.state, "dien.sqlite", &path));
    dn_status status = dn_database_open(path, &web->database);
    free(path);
    DN_TRY(status);
    DN_TRY(dn_hub_create(&web->hub));
    DN_TRY(dn_kept_create(&web->kept));
    DN_TRY(dn_alloc(&web->training_seen, web->options.training_count, sizeof *web->training_seen, "the training runs"));
    dn_uploads_clean(web);
    return dn_groups_take_folders(web);
}

/* A request may come as soon as the socket is served: everything else is there by then. */
static dn_status start(dn_web *web, int fd)
{
    dn_status status = dn_runner_start(web, &web->runner);
    if (status == DN_OK) {
        status = dn_jobs_clean(web, true);
    }
    if (status != DN_OK) {
        close(fd);
        return status;
    }
    return dn_http_start(web, fd, &web->http);
}

/* Each connection has a thread, and each thread would get a heap of its own that it never gives back. */
static void tame_heaps(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_ARENA_MAX, 2);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 18);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}

dn_status dn_web_create(const dn_web_options *options, dn_web **out)
{
    dn_web *web = NULL;
    int fd = -1;
    dn_status status;
    DN_TRY(dn_alloc(&web, 1, sizeof *web, "the server"));
    web->options = *options;
    fill_defaults(&web->options);
    tame_heaps();
    json_object_seed(0); /* before there are threads */
    DN_TRY_GOTO(status, check_options(web), failed);
    DN_TRY_GOTO(status, fill_guard(web), failed);
    DN_TRY_GOTO(status, open_folder(web), failed);
    DN_TRY_GOTO(status, open_store(web), failed);
    DN_TRY_GOTO(status, open_norms(web), failed);
    DN_TRY_GOTO(status, dn_http_listen(web->options.address, &web->options.port, &fd), failed);
    DN_TRY_GOTO(status, make_url(web), failed);
    status = start(web, fd);
    fd = -1;
    if (status == DN_OK) {
        *out = web;
        return DN_OK;
    }
failed:
    if (fd >= 0) {
        close(fd);
    }
    dn_web_destroy(web);
    return status;
}

const char *dn_web_url(const dn_web *web)
{
    return web->url;
}

bool dn_web_is_open(const dn_web *web)
{
    return web->open;
}

dn_status dn_web_run(dn_web *web)
{
    enum { LOOKS = 5 }; /* once a second */
    for (int n = 0; !dn_cancel_requested(); ++n) {
        if (n % LOOKS == 0) {
            dn_trainings_look(web);
        }
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    }
    return DN_OK;
}

void dn_web_destroy(dn_web *web)
{
    if (web == NULL) {
        return;
    }
    dn_hub_close(web->hub);
    dn_http_stop(web->http);
    dn_runner_stop(web->runner);
    dn_kept_destroy(web->kept);
    dn_hub_destroy(web->hub);
    dn_database_close(web->database);
    free(web->training_seen);
    for (size_t i = 0; web->norm_names != NULL && i < web->norm_count; ++i) {
        free(web->norm_names[i]);
    }
    free(web->norm_names);
    dn_norm_list_release(web->norms, web->norm_count);
    dn_folder_lock_release(&web->lock);
    free(web->hosts);
    free(web->url);
    free(web);
}
