/* Other programs: what they say, how they end, and that they can be stopped with all that they started. Private folders go with everything
 * in them. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "base/job.h"
#include "base/program.h"
#include "base/scratch.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utime.h>

static void says_and_ends(void **state)
{
    const char *const arguments[] = {"sh", "-c", "echo out; echo err >&2; cat; exit 3", NULL};
    dn_program_end end;
    (void)state;
    assert_ok(dn_program_run(arguments, 20.0, &end));
    assert_false(end.missing);
    assert_false(end.late);
    assert_int_equal(end.code, 3);
    assert_string_equal(end.output, "out\nerr\n");
    dn_program_end_release(&end);
    const char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
    assert_ok(dn_program_run(killed, 20.0, &end));
    assert_int_equal(end.code, 137);
    dn_program_end_release(&end);
    const char *const silent[] = {"sh", "-c", "exec >&- 2>&-; sleep 0.2; exit 5", NULL};
    assert_ok(dn_program_run(silent, 20.0, &end));
    assert_int_equal(end.code, 5);
    dn_program_end_release(&end);
}

static void says_a_lot(void **state)
{
    const char *const arguments[] = {"sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x", NULL};
    dn_program_end end;
    (void)state;
    assert_ok(dn_program_run(arguments, 60.0, &end));
    assert_int_equal(end.code, 0);
    assert_int_equal(strlen(end.output), 1 << 20);
    dn_program_end_release(&end);
}

static void is_missing(void **state)
{
    const char *const arguments[] = {"dien-no-such-program", NULL};
    dn_program_end end;
    (void)state;
    assert_ok(dn_program_run(arguments, 20.0, &end));
    assert_true(end.missing);
    dn_program_end_release(&end);
}

static void is_late(void **state)
{
    /* The child of the child, too, has to go: it holds the pipe. */
    const char *const arguments[] = {"sh", "-c", "sleep 30 & sleep 30", NULL};
    dn_program_end end;
    (void)state;
    const double began = dn_clock_now();
    assert_ok(dn_program_run(arguments, 0.3, &end));
    assert_true(end.late);
    assert_int_equal(end.code, 137);
    assert_true(dn_clock_now() - began < 15.0);
    dn_program_end_release(&end);
}

static bool stop_soon(void *user)
{
    return dn_clock_now() > *(double *)user;
}

static void is_cancelled(void **state)
{
    const char *const arguments[] = {"sleep", "30", NULL};
    dn_program_end end;
    double when = dn_clock_now() + 0.3;
    const dn_job_sink sink = {.cancelled = stop_soon, .user = &when};
    dn_job job;
    (void)state;
    dn_job_init(&job, &sink);
    dn_job *before = dn_job_enter(&job);
    assert_int_equal(dn_program_run(arguments, 60.0, &end), DN_ECANCELLED);
    assert_true(dn_clock_now() - when < 15.0);
    dn_program_end_release(&end);
    dn_job_leave(before);
    dn_job_release(&job);
}

/* ---- private folders ---------------------------------------------------------------------------------------------- */

static void fill(const char *path)
{
    char name[512];
    for (int i = 0; i < 300; ++i) {
        snprintf(name, sizeof name, "%s/file-with-a-long-name-so-that-a-listing-takes-several-reads-%d", path, i);
        assert_int_equal(close(open(name, O_WRONLY | O_CREAT | O_EXCL, 0600)), 0);
    }
    snprintf(name, sizeof name, "%s/a", path);
    assert_int_equal(mkdir(name, 0700), 0);
    snprintf(name, sizeof name, "%s/a/b", path);
    assert_int_equal(mkdir(name, 0700), 0);
    snprintf(name, sizeof name, "%s/a/b/link", path);
    assert_int_equal(symlink("/etc", name), 0);
}

static void scratch_goes(void **state)
{
    dn_scratch scratch = {0};
    struct stat info;
    (void)state;
    for (int how = 0; how < 2; ++how) {
        assert_ok(dn_scratch_create(&scratch));
        assert_int_equal(stat(scratch.path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0700);
        char *path = strdup(scratch.path);
        fill(path);
        if (how == 1) {
            dn_file_remove_temporaries();
            assert_false(dn_path_exists(path));
        }
        dn_scratch_remove(&scratch);
        assert_false(dn_path_exists(path));
        assert_true(dn_path_is_folder("/etc"));
        dn_scratch_remove(&scratch);
        free(path);
    }
}

/* A run that was killed left its folder; the next one removes it, but not one that is in use. */
static void abandoned_goes(void **state)
{
    dn_scratch used = {0}, next = {0};
    char left[256] = "";
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        dn_scratch scratch = {0};
        if (dn_scratch_create(&scratch) != DN_OK || write(ends[1], scratch.path, strlen(scratch.path) + 1) < 0) {
            _exit(1);
        }
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(read(ends[0], left, sizeof left - 1) > 0);
    close(ends[0]);
    close(ends[1]);
    assert_true(dn_path_is_folder(left));
    const struct utimbuf old = {.actime = 1000000000, .modtime = 1000000000};
    assert_ok(dn_scratch_create(&used));
    assert_int_equal(utime(left, &old), 0);
    assert_int_equal(utime(used.path, &old), 0);
    assert_ok(dn_scratch_create(&next));
    assert_false(dn_path_exists(left));
    assert_true(dn_path_exists(used.path));
    dn_scratch_remove(&used);
    dn_scratch_remove(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_and_ends), cmocka_unit_test(says_a_lot),   cmocka_unit_test(is_missing),
                                       cmocka_unit_test(is_late),       cmocka_unit_test(is_cancelled), cmocka_unit_test(scratch_goes),
                                       cmocka_unit_test(abandoned_goes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
