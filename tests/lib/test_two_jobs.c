/* Two measurements at once in one process, through the public interface, give byte for byte what one after the other gives; each tells its
 * own caller, and to stop one does not stop the other. */
#define _GNU_SOURCE /* mkdtemp */
#include "test.h"

#include "dien.h"

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { JOBS = 2, STEPS = 256 };

static char root[512];

/* One call, and what its own functions were told. */
typedef struct call {
    char scan[600], folder[600];
    const char *model, *structures;
    int threads;
    dien_status status;
    char error[600];
    char steps[STEPS][96]; /* as they came */
    int step_count;
    int messages;
    int64_t stop_at;            /* the step after which this one wants to stop; 0: never */
    bool stop;                  /* this call's thread alone */
    pthread_barrier_t *meeting; /* both have begun before either goes on; NULL: alone */
    double total;
} call;

static void show_progress(void *user, const char *what, int64_t done, int64_t total)
{
    call *c = user;
    if (c->step_count < STEPS) {
        snprintf(c->steps[c->step_count], sizeof c->steps[0], "%.60s %d/%d", what, (int)done, (int)total);
    }
    if (c->step_count++ == 0 && c->meeting != NULL) {
        pthread_barrier_wait(c->meeting);
    }
    c->stop = c->stop || (c->stop_at > 0 && c->step_count >= c->stop_at);
}

static void show_message(void *user, int warning, const char *text)
{
    (void)warning;
    (void)text;
    ++((call *)user)->messages;
}

static int shall_stop(void *user)
{
    return ((call *)user)->stop;
}

static void *measure(void *user)
{
    call *c = user;
    dien_options options;
    dien_result *result = NULL;
    dien_options_init(&options);
    options.model = c->model;
    options.structures = c->structures;
    options.threads = c->threads;
    options.progress = show_progress;
    options.message = show_message;
    options.cancel = shall_stop;
    options.user = c;
    c->status = dien_segment(c->scan, c->folder, &options, &result);
    snprintf(c->error, sizeof c->error, "%s", c->status == DIEN_OK ? "" : dien_last_error());
    for (size_t i = 0; i < dien_result_count(result); ++i) {
        c->total += dien_result_row(result, i)->volume_mm3;
    }
    dien_result_destroy(result);
    return NULL;
}

static void run_command(const char *format, ...)
{
    char command[2000];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
    static char models[600];
    (void)state;
    const char *fixture = getenv("DIEN_FIXTURE");
    const char *base = getenv("TMPDIR");
    if (fixture == NULL) {
        fprintf(stderr, "DIEN_FIXTURE is not set: start this test through ctest\n");
        return 1;
    }
    snprintf(root, sizeof root, "%.400s/dien-jobs.XXXXXX", base != NULL && *base != '\0' ? base : "/tmp");
    assert_non_null(mkdtemp(root));
    run_command("cd '%s' && mkdir heads && '%s' scan scan.nii.gz && '%s' model tiny.safetensors && '%s' whole-head heads", root, fixture,
                fixture, fixture);
    snprintf(models, sizeof models, "%s/heads", root);
    setenv("DIEN_MODELS", models, 1);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    return test_remove_tree(root);
}

/* The subunits of one head by a network of volumes, and thalamus and ICV of another by those of the whole head. */
static void prepare(call calls[JOBS], const char *folder, int threads)
{
    static char model[600];
    snprintf(model, sizeof model, "%s/tiny.safetensors", root);
    memset(calls, 0, JOBS * sizeof *calls);
    for (int j = 0; j < JOBS; ++j) {
        snprintf(calls[j].scan, sizeof calls[j].scan, "%s/%s", root, j == 0 ? "scan.nii.gz" : "heads/head.nii.gz");
        snprintf(calls[j].folder, sizeof calls[j].folder, "%s/%s%d", root, folder, j);
        calls[j].model = j == 0 ? model : NULL;
        calls[j].structures = j == 0 ? "hypothalamus" : "thalamus,icv";
        calls[j].threads = threads;
    }
}

static void run_together(call calls[JOBS])
{
    pthread_t threads[JOBS];
    pthread_barrier_t meeting;
    assert_int_equal(pthread_barrier_init(&meeting, NULL, JOBS), 0);
    for (int j = 0; j < JOBS; ++j) {
        calls[j].meeting = &meeting;
        assert_int_equal(pthread_create(&threads[j], NULL, measure, &calls[j]), 0);
    }
    for (int j = 0; j < JOBS; ++j) {
        assert_int_equal(pthread_join(threads[j], NULL), 0);
    }
    pthread_barrier_destroy(&meeting);
}

static void expect_measured(const call *c)
{
    if (c->status != DIEN_OK && c->status != DIEN_QUALITY) {
        fail_msg("%s: expected to be measured, found %d: %s", c->scan, (int)c->status, c->error);
    }
    assert_true(c->total > 0.0);
}

static void same_calls(const call *found, const call *expected)
{
    assert_int_equal(found->status, expected->status);
    assert_int_equal(found->messages, expected->messages);
    assert_int_equal(found->step_count, expected->step_count);
    for (int s = 0; s < found->step_count && s < STEPS; ++s) {
        assert_string_equal(found->steps[s], expected->steps[s]);
    }
    assert_close(found->total, expected->total, 0.0);
}

static void same_files(const char *found, const char *expected)
{
    run_command("diff -r '%s' '%s' >&2", found, expected);
}

/* threads: of each call. */
static void compare(int threads, call alone[JOBS])
{
    static call together[JOBS];
    char name[32];
    snprintf(name, sizeof name, "alone-%d-", threads);
    prepare(alone, name, threads);
    for (int j = 0; j < JOBS; ++j) {
        measure(&alone[j]);
        expect_measured(&alone[j]);
        assert_true(alone[j].step_count > 3);
    }
    snprintf(name, sizeof name, "together-%d-", threads);
    prepare(together, name, threads);
    run_together(together);
    for (int j = 0; j < JOBS; ++j) {
        expect_measured(&together[j]);
        same_calls(&together[j], &alone[j]);
        same_files(together[j].folder, alone[j].folder);
    }
}

static call alone[JOBS]; /* with one thread each */

static void two_at_once_are_as_one_after_the_other(void **state)
{
    (void)state;
    compare(1, alone);
    assert_true(alone[0].messages + alone[1].messages > 0);
}

static void with_two_threads_each(void **state)
{
    (void)state;
    static call two[JOBS];
    compare(2, two);
}

static void one_stops_and_the_other_does_not(void **state)
{
    (void)state;
    static call calls[JOBS];
    for (int stops = 0; stops < JOBS; ++stops) {
        const int goes_on = 1 - stops;
        char name[32];
        snprintf(name, sizeof name, "stopped-%d-", stops);
        prepare(calls, name, 1);
        calls[stops].stop_at = 2;
        run_together(calls);
        assert_int_equal(calls[stops].status, DIEN_CANCELLED);
        assert_string_equal(calls[stops].error, "interrupted");
        assert_true(calls[stops].step_count < alone[stops].step_count);
        same_calls(&calls[goes_on], &alone[goes_on]);
        same_files(calls[goes_on].folder, alone[goes_on].folder);
        struct stat info;
        assert_int_not_equal(stat(calls[stops].folder, &info), 0); /* nothing was left */
    }
}

static void *stop_all(void *user)
{
    (void)user;
    dien_cancel();
    return NULL;
}

static void cancel_all_in_progress(void *user, const char *what, int64_t done, int64_t total)
{
    call *c = user;
    show_progress(user, what, done, total);
    if (c->step_count == 2) {
        stop_all(NULL);
    }
}

static void *measure_and_cancel_all(void *user)
{
    call *c = user;
    dien_options options;
    dien_options_init(&options);
    options.model = c->model;
    options.structures = c->structures;
    options.threads = c->threads;
    options.progress = cancel_all_in_progress;
    options.user = c;
    c->status = dien_segment(c->scan, c->folder, &options, NULL);
    return NULL;
}

static void dien_cancel_stops_all_that_run_and_none_that_begins_later(void **state)
{
    (void)state;
    static call calls[JOBS];
    pthread_t thread;
    pthread_barrier_t meeting;
    assert_int_equal(pthread_barrier_init(&meeting, NULL, JOBS), 0);
    prepare(calls, "all-", 1);
    calls[0].meeting = calls[1].meeting = &meeting;
    assert_int_equal(pthread_create(&thread, NULL, measure, &calls[1]), 0);
    measure_and_cancel_all(&calls[0]);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&meeting);
    assert_int_equal(calls[0].status, DIEN_CANCELLED);
    assert_int_equal(calls[1].status, DIEN_CANCELLED);
    prepare(calls, "later-", 1);
    measure(&calls[0]);
    same_calls(&calls[0], &alone[0]);
}

/* A caller that was built against version 1 has a shorter structure. */
static void callers_of_version_one(void **state)
{
    (void)state;
    dien_options options;
    dien_options_init(&options);
    options.size = offsetof(dien_options, cancel);
    options.cancel = shall_stop; /* past its end: not read */
    options.message = show_message;
    char missing[600];
    snprintf(missing, sizeof missing, "%s/missing.nii.gz", root);
    assert_int_equal(dien_segment(missing, root, &options, NULL), DIEN_INPUT);
    options.size = offsetof(dien_options, user);
    assert_int_equal(dien_segment(missing, root, &options, NULL), DIEN_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_at_once_are_as_one_after_the_other),
        cmocka_unit_test(with_two_threads_each),
        cmocka_unit_test(one_stops_and_the_other_does_not),
        cmocka_unit_test(dien_cancel_stops_all_that_run_and_none_that_begins_later),
        cmocka_unit_test(callers_of_version_one),
    };
    return cmocka_run_group_tests(tests, set_up, clean_up);
}
