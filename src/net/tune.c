#define _POSIX_C_SOURCE 200809L /* strtok_r, clock_gettime */
#include "net/tune.h"

#include "base/file.h"
#include "base/log.h"
#include "net/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Output voxels that are timed: a part of a large layer tells as much as the whole. */
#define MOST_VOXELS (1 << 20)
#define RUNS 3
#define CACHE_LIMIT (4 << 20)

typedef struct choice {
    char *key;
    dn_algorithm algorithm;
    int64_t block;
} choice;

struct dn_tuner {
    char *path; /* NULL: no cache */
    char machine[320];
    bool measure, changed;
    int threads;
    choice *choices;
    size_t count;
};

static void cpu_name(char text[128])
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    snprintf(text, 128, "unknown CPU");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(text, 128, "%.100s", colon + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static dn_status add_choice(dn_tuner *tuner, const char *key, dn_algorithm algorithm, int64_t block)
{
    DN_TRY(dn_realloc(&tuner->choices, tuner->count + 1, sizeof *tuner->choices, "tuning"));
    choice *c = &tuner->choices[tuner->count];
    DN_TRY(dn_strdup(key, &c->key));
    c->algorithm = algorithm;
    c->block = block;
    ++tuner->count;
    return DN_OK;
}

static const char *const names[] = {
    [DN_ALGORITHM_DIRECT] = "direct", [DN_ALGORITHM_WINOGRAD] = "winograd", [DN_ALGORITHM_PARITY] = "parity"};

/* Lines that are not ours are dropped: the cache can always be made again. */
static dn_status parse(dn_tuner *tuner, char *text)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *tab = strchr(line, '\t');
        char name[32];
        long long block = 0;
        if (tab == NULL || sscanf(tab + 1, "%31s %lld", name, &block) < 1 || block < 0 || block > 1 << 24) {
            continue;
        }
        *tab = '\0';
        for (int a = 0; a < 3; ++a) {
            if (strcmp(name, names[a]) == 0) {
                DN_TRY(add_choice(tuner, line, (dn_algorithm)a, block));
            }
        }
    }
    return DN_OK;
}

dn_status dn_tuner_open(const char *path, bool measure, int threads, dn_tuner **out)
{
    dn_tuner *tuner;
    DN_TRY(dn_alloc(&tuner, 1, sizeof *tuner, "tuning"));
    dn_status status = DN_OK;
    unsigned char *text = NULL;
    size_t size;
    char cpu[128];
    char version[64];
    cpu_name(cpu);
    dn_engine_version(version);
    snprintf(tuner->machine, sizeof tuner->machine, "%s, %s, %d threads", version, cpu, threads);
    tuner->measure = measure;
    tuner->threads = threads;
    if (path != NULL) {
        DN_TRY_GOTO(status, dn_strdup(path, &tuner->path), fail);
        if (dn_path_exists(path) && dn_file_read(path, CACHE_LIMIT, &text, &size) == DN_OK) {
            DN_TRY_GOTO(status, parse(tuner, (char *)text), fail);
        }
    }
    free(text);
    *out = tuner;
    return DN_OK;
fail:
    free(text);
    tuner->changed = false;
    dn_tuner_close(tuner);
    return status;
}

static void save(const dn_tuner *tuner)
{
    dn_file_writer writer = {0};
    dn_status status = dn_file_create(&writer, tuner->path);
    for (size_t i = 0; status == DN_OK && i < tuner->count; ++i) {
        const choice *c = &tuner->choices[i];
        status = dn_file_printf(&writer, "%s\t%s %lld\n", c->key, names[c->algorithm], (long long)c->block);
    }
    if (status == DN_OK) {
        status = dn_file_commit(&writer);
    }
    dn_file_discard(&writer);
    if (status != DN_OK) {
        dn_log(DN_LOG_NOTE, "the timings of this machine could not be kept: %s", dn_error_message());
    }
}

void dn_tuner_close(dn_tuner *tuner)
{
    if (tuner == NULL) {
        return;
    }
    if (tuner->changed && tuner->path != NULL) {
        save(tuner);
    }
    for (size_t i = 0; i < tuner->count; ++i) {
        free(tuner->choices[i].key);
    }
    free(tuner->choices);
    free(tuner->path);
    free(tuner);
}

/* CPU time of the process, not wall time: other programs on the machine must not decide. Waiting threads of a team spin, so
 * that imbalance counts too. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Room for a call, and the call; f32 throughout is enough for bf16. */
typedef struct trial {
    float *in, *up, *out;
} trial;

static dn_status fill(int64_t count, float **out)
{
    DN_TRY(dn_alloc_aligned(out, (size_t)count, sizeof(float), "tuning"));
    for (int64_t i = 0; i < count; ++i) {
        (*out)[i] = 0.25f;
    }
    return DN_OK;
}

/* *seconds: the fastest of a few runs; negative when there is no such kernel. */
static dn_status time_request(dn_engine *engine, const dn_kernel_request *request, const trial *room, double *seconds)
{
    dn_kernel *kernel;
    *seconds = -1.0;
    DN_TRY(dn_kernel_create(engine, request, &kernel));
    if (kernel == NULL) {
        return DN_OK;
    }
    void *scratch = NULL;
    dn_status status = dn_alloc_aligned(&scratch, (size_t)dn_kernel_scratch_bytes(kernel) + 64, 1, "tuning");
    const void *added[DN_MAX_POSTS] = {NULL};
    dn_kernel_call call = {.in = room->in, .up = room->up, .out = room->out, .added = added, .scratch = scratch};
    for (int i = 0; status == DN_OK && i <= RUNS; ++i) {
        double start = now();
        status = dn_kernel_run(kernel, &call);
        double taken = now() - start;
        if (i > 0 && (*seconds < 0.0 || taken < *seconds)) { /* the first run warms up */
            *seconds = taken;
        }
    }
    free(scratch);
    dn_kernel_destroy(kernel);
    return status;
}

/* A smaller request of the same kind: fewer samples, then fewer slices. */
static dn_kernel_request shrink(const dn_kernel_request *request)
{
    dn_kernel_request r = *request;
    int64_t plane = r.out.h * r.out.w;
    int64_t slices = MOST_VOXELS / plane < 8 ? 8 : MOST_VOXELS / plane / 8 * 8;
    r.in.n = r.out.n = r.up.n = 1;
    if (r.in.d == r.out.d && r.out.d > slices) {
        r.in.d = r.out.d = slices;
        r.up.d = r.conv.kernel[0] == 1 ? slices : slices / 2;
    }
    r.post_count = 0;
    return r;
}

static dn_status measure(dn_tuner *tuner, dn_engine *engine, dn_kernel_request *request, const char *key)
{
    static const struct {
        dn_algorithm algorithm;
        int64_t block;
    } ways[] = {{DN_ALGORITHM_DIRECT, 0},
                {DN_ALGORITHM_PARITY, 0},
                {DN_ALGORITHM_WINOGRAD, 0},
                {DN_ALGORITHM_WINOGRAD, 7680},
                {DN_ALGORITHM_WINOGRAD, 30720}};
    dn_kernel_request r = shrink(request);
    trial room = {0};
    dn_status status;
    double best = -1.0;
    DN_TRY_GOTO(status, fill(dn_shape_size(&r.in), &room.in), done);
    DN_TRY_GOTO(status, fill(r.up.c > 0 ? dn_shape_size(&r.up) : 1, &room.up), done);
    DN_TRY_GOTO(status, fill(dn_shape_size(&r.out), &room.out), done);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; ++i) {
        double seconds;
        r.algorithm = ways[i].algorithm;
        r.block = ways[i].block;
        DN_TRY_GOTO(status, time_request(engine, &r, &room, &seconds), done);
        if (seconds < 0.0) {
            continue;
        }
        dn_log(DN_LOG_DEBUG, "tuning %s: %s, block %lld: %.3f ms", key, names[r.algorithm], (long long)r.block, seconds * 1e3);
        if (best < 0.0 || seconds < best) {
            best = seconds;
            request->algorithm = r.algorithm;
            request->block = r.block;
        }
    }
    if (best >= 0.0) {
        DN_TRY_GOTO(status, add_choice(tuner, key, request->algorithm, request->block), done);
        tuner->changed = true;
    }
done:
    free(room.in);
    free(room.up);
    free(room.out);
    return status;
}

dn_status dn_tuner_choose(dn_tuner *tuner, dn_engine *engine, dn_kernel_request *request)
{
    char in[64];
    char *key;
    const dn_conv *c = &request->conv;
    DN_TRY(dn_asprintf(&key, "%s, %s, %s to %lld, kernel %lldx%lldx%lld, up %lld", tuner->machine,
                       request->in_type == DN_TYPE_F32 ? "f32" : "bf16", dn_shape_text(&request->in, in), (long long)request->out.c,
                       (long long)c->kernel[0], (long long)c->kernel[1], (long long)c->kernel[2], (long long)request->up.c));
    dn_status status = DN_OK;
    bool known = false;
    for (size_t i = 0; i < tuner->count && !known; ++i) {
        known = strcmp(tuner->choices[i].key, key) == 0;
        if (known) {
            request->algorithm = tuner->choices[i].algorithm;
            request->block = tuner->choices[i].block;
        }
    }
    if (!known && tuner->measure) {
        status = measure(tuner, engine, request, key);
    }
    free(key);
    return status;
}
