/* A job belongs to the threads that entered it: who hears what, who is stopped by what, and how many threads each has. */
#include "test.h"

#include "base/job.h"
#include "base/threads.h"

#include <omp.h>
#include <pthread.h>
#include <string.h>

typedef struct ear {
    int messages, steps, asked;
    bool stop;
    char last[64];
} ear;

static void hear(void *user, dn_log_level level, const char *text)
{
    ear *e = user;
    (void)level;
    ++e->messages;
    snprintf(e->last, sizeof e->last, "%s", text);
}

static void watch(void *user, const char *what, int64_t done, int64_t total)
{
    (void)what;
    (void)done;
    (void)total;
    ++((ear *)user)->steps;
}

static bool ask(void *user)
{
    ++((ear *)user)->asked;
    return ((ear *)user)->stop;
}

static dn_job_sink sink_of(ear *e)
{
    return (dn_job_sink){.user = e, .message = hear, .progress = watch, .cancelled = ask};
}

static void nothing_without_a_job(void **state)
{
    (void)state;
    assert_null(dn_job_current());
    dn_log(DN_LOG_WARNING, "nobody hears this");
    dn_progress("work", 1, 2);
    dn_cancel_request();
    assert_ok(dn_cancel_check());
    assert_false(dn_job_cancelled(NULL));
    assert_int_equal(dn_threads_get(), dn_threads_available());
}

static void messages_go_to_the_job_that_was_entered(void **state)
{
    (void)state;
    ear outer_ear = {0}, inner_ear = {0};
    dn_job outer, inner;
    dn_job_init(&outer, &(dn_job_sink){.user = &outer_ear, .message = hear, .progress = watch});
    dn_job_init(&inner, &(dn_job_sink){.user = &inner_ear, .message = hear, .progress = watch});
    assert_null(dn_job_enter(&outer));
    dn_log(DN_LOG_NOTE, "to %s", "outer");
    dn_job *before = dn_job_enter(&inner);
    assert_ptr_equal(before, &outer);
    dn_log(DN_LOG_NOTE, "to inner\nand\x1b its second line");
    dn_progress_detail("work", "step by step", 1, 2); /* no detail in the sink: as progress */
    dn_job_leave(before);
    dn_log(DN_LOG_NOTE, "to outer again");
    dn_job_leave(NULL);
    assert_int_equal(outer_ear.messages, 2);
    assert_string_equal(outer_ear.last, "to outer again");
    assert_int_equal(outer_ear.steps, 0);
    assert_int_equal(inner_ear.messages, 1);
    assert_null(strpbrk(inner_ear.last, "\n\x1b"));
    assert_int_equal(inner_ear.steps, 1);
    dn_job_release(&inner);
    dn_job_release(&outer);
}

static void a_job_is_stopped_alone_or_with_all_that_exist(void **state)
{
    (void)state;
    dn_job first, second, third;
    dn_job_init(&first, NULL);
    dn_job_init(&second, NULL);
    dn_job_cancel(&first);
    assert_true(dn_job_cancelled(&first));
    assert_false(dn_job_cancelled(&second));
    dn_cancel_request();
    assert_true(dn_job_cancelled(&second));
    dn_job_init(&third, NULL); /* what begins afterwards was not meant */
    assert_false(dn_job_cancelled(&third));
    dn_job_enter(&second);
    assert_int_equal(dn_cancel_check(), DN_ECANCELLED);
    assert_string_equal(dn_error_message(), "interrupted");
    dn_job last; /* what is done after the stop */
    dn_job_init_finishing(&last);
    dn_job *before = dn_job_enter(&last);
    assert_ok(dn_cancel_check());
    dn_job_leave(before);
    assert_int_equal(dn_cancel_check(), DN_ECANCELLED);
    dn_job_leave(NULL);
    dn_job_release(&last);
    dn_job_release(&first);
    dn_job_release(&second);
    dn_job_release(&third);
}

static void the_caller_is_asked(void **state)
{
    (void)state;
    ear e = {0};
    dn_job job;
    dn_job_init(&job, &(dn_job_sink){.user = &e, .cancelled = ask});
    dn_job_enter(&job);
    assert_ok(dn_cancel_check());
    e.stop = true;
    assert_int_equal(dn_cancel_check(), DN_ECANCELLED);
    assert_true(dn_job_cancelled(&job));
    e.stop = false; /* once is enough */
    assert_int_equal(dn_cancel_check(), DN_ECANCELLED);
    assert_int_equal(e.asked, 2);
    dn_job_leave(NULL);
    dn_job_release(&job);
}

typedef struct worker {
    dn_job *parent;
    bool cancelled;
    int threads;
} worker;

static void *work(void *user)
{
    worker *w = user;
    dn_job mine;
    assert_null(dn_job_current()); /* a new thread has none */
    dn_job_init_within(&mine, w->parent, 1);
    dn_job_enter(&mine);
    dn_log(DN_LOG_NOTE, "from a worker");
    w->cancelled = dn_cancel_check() != DN_OK;
    w->threads = dn_threads_get();
    dn_job_leave(NULL);
    dn_job_release(&mine);
    return NULL;
}

static void workers_belong_to_the_job_that_started_them(void **state)
{
    (void)state;
    ear e = {0};
    dn_job job;
    const dn_job_sink sink = sink_of(&e);
    dn_job_init(&job, &sink);
    dn_job_set_threads(&job, 3);
    dn_job_enter(&job);
    for (int n = 0; n < 2; ++n) {
        worker w = {.parent = &job};
        pthread_t thread;
        if (n == 1) {
            dn_job_cancel(&job);
        }
        assert_int_equal(pthread_create(&thread, NULL, work, &w), 0);
        pthread_join(thread, NULL);
        assert_int_equal(w.cancelled, n == 1);
        assert_int_equal(w.threads, 1);
    }
    assert_int_equal(e.messages, 2);
    assert_int_equal(e.asked, 0); /* only by the thread that entered the job itself */
    dn_job_leave(NULL);
    dn_job_release(&job);
}

static void threads_are_the_jobs(void **state)
{
    (void)state;
    dn_job job, other;
    omp_set_num_threads(5); /* the caller's own */
    dn_job_init(&job, NULL);
    assert_int_equal(job.threads, dn_threads_available());
    dn_job_set_threads(&job, 2);
    assert_int_equal(omp_get_max_threads(), 5); /* not before it is entered */
    dn_job_enter(&job);
    assert_int_equal(dn_threads_get(), 2);
    assert_int_equal(omp_get_max_threads(), 2);
    dn_job_init(&other, NULL);
    dn_job_set_threads(&other, 7);
    dn_job *before = dn_job_enter(&other);
    assert_int_equal(omp_get_max_threads(), 7);
    dn_job_leave(before);
    assert_int_equal(omp_get_max_threads(), 2);
    dn_job_set_threads(&job, 4);
    assert_int_equal(omp_get_max_threads(), 4);
    dn_job_leave(NULL);
    assert_int_equal(omp_get_max_threads(), 5);
    dn_job_release(&other);
    dn_job_release(&job);
}

static void parallel_regions_ask_for_the_job_that_opened_them(void **state)
{
    (void)state;
    dn_job job;
    int stopped = 0, members = 0, strangers = 0;
    dn_job_init(&job, NULL);
    dn_job_set_threads(&job, 2);
    dn_job_enter(&job);
    dn_job_cancel(&job);
    dn_job *mine = dn_job_current();
#pragma omp parallel reduction(+ : stopped, members, strangers)
    {
        members += 1;
        stopped += dn_job_cancelled(mine);
        strangers += dn_job_current() == NULL && dn_threads_get() == 1;
    }
    assert_int_equal(members, 2);
    assert_int_equal(stopped, 2);
    assert_int_equal(strangers, 1);
    dn_job_leave(NULL);
    dn_job_release(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_without_a_job),
        cmocka_unit_test(messages_go_to_the_job_that_was_entered),
        cmocka_unit_test(a_job_is_stopped_alone_or_with_all_that_exist),
        cmocka_unit_test(the_caller_is_asked),
        cmocka_unit_test(workers_belong_to_the_job_that_started_them),
        cmocka_unit_test(threads_are_the_jobs),
        cmocka_unit_test(parallel_regions_ask_for_the_job_that_opened_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
