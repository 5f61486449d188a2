/* What control groups and batch systems allow, read from made-up trees of /proc and /sys; text without control characters. */
#define _GNU_SOURCE
#include "test.h"

#include "base/cgroup.h"
#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/threads.h"

#include <string.h>

static char root[] = "/tmp/dien_test_limits_XXXXXX";

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL ? 1 : 0;
}

static int remove_root(void **state)
{
    (void)state;
    return test_remove_tree(root);
}

static void put(const char *name, const char *text)
{
    char *path = NULL;
    char *folder = NULL;
    assert_ok(dn_asprintf(&path, "%s/%s", root, name));
    assert_ok(dn_asprintf(&folder, "%.*s", (int)(dn_path_name(path) - path), path));
    assert_ok(dn_path_make_folder(folder));
    assert_ok(dn_file_write_all(path, text, strlen(text)));
    free(path);
    free(folder);
}

static void assert_limits(int64_t memory_left, int cores)
{
    assert_int_equal(dn_cgroup_memory_left(root), memory_left);
    assert_int_equal(dn_cgroup_cores(root), cores);
}

static void no_groups(void **state)
{
    (void)state;
    assert_int_equal(dn_cgroup_memory_left("/nowhere"), -1);
    assert_int_equal(dn_cgroup_cores("/nowhere"), 0);
}

static void second_version(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/system.slice/job/step\n");
    put("proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
    put("sys/fs/cgroup/system.slice/job/step/memory.max", "max\n");
    put("sys/fs/cgroup/system.slice/job/step/memory.current", "1000\n");
    put("sys/fs/cgroup/system.slice/job/step/cpu.max", "max 100000\n");
    assert_limits(-1, 0);
    /* The limit is of the group above; cache that can go is not in use. */
    put("sys/fs/cgroup/system.slice/job/memory.max", "8000000\n");
    put("sys/fs/cgroup/system.slice/job/memory.current", "5000000\n");
    put("sys/fs/cgroup/system.slice/job/memory.stat", "anon 1\ninactive_file 2000000\nactive_file 3\n");
    put("sys/fs/cgroup/system.slice/job/cpu.max", "250000 100000\n");
    assert_limits(5000000, 3);
    /* The strictest counts, and none is left below zero. */
    put("sys/fs/cgroup/system.slice/memory.max", "1000\n");
    put("sys/fs/cgroup/system.slice/memory.current", "2000\n");
    put("sys/fs/cgroup/system.slice/cpu.max", "50000 100000\n");
    assert_limits(0, 1);
}

/* In a container with version 1, the mount's top is the container's own group. */
static void first_version(void **state)
{
    (void)state;
    put("proc/self/cgroup", "9:name=systemd:/\n4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/\n");
    put("proc/self/mountinfo", "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
                               "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("sys/fs/cgroup/memory/memory.usage_in_bytes", "5\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    assert_limits(-1, 0);
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000000\n");
    put("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000000\n");
    put("sys/fs/cgroup/memory/memory.stat", "inactive_file 7\ntotal_inactive_file 500000000\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "400000\n");
    assert_limits(3500000000, 4);
}

static void variables_lower_the_threads(void **state)
{
    (void)state;
    unsetenv("OMP_NUM_THREADS");
    unsetenv("SLURM_CPUS_PER_TASK");
    const int all = dn_threads_available();
    static const char *const bad[] = {"", "0", "-3", "many", "99999999999999999999", "1000000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        setenv("OMP_NUM_THREADS", bad[i], 1);
        assert_int_equal(dn_threads_available(), all);
    }
    setenv("OMP_NUM_THREADS", "1,2", 1);
    assert_int_equal(dn_threads_available(), 1);
    unsetenv("OMP_NUM_THREADS");
    setenv("SLURM_CPUS_PER_TASK", "1", 1);
    assert_int_equal(dn_threads_available(), 1);
    assert_int_equal(dn_threads_get(), 1);
    unsetenv("SLURM_CPUS_PER_TASK");
    assert_int_equal(dn_threads_try(1), 1);
    assert_int_equal(dn_threads_try(3), 3);
    assert_true(dn_memory_available() > 0);
}

static void text_without_controls(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"plain ü à — 体", "plain ü à — 体"},
        {"\033]0;pwned\a\033[2J", "?]0;pwned??[2J"},
        {"second\nline\ttab\r", "second?line?tab?"},
        {"\xc2\x9b"
         "31m \xc2\x85 \xc2\xa0|",
         "??31m ?? \xc2\xa0|"}, /* the second set as letters; a no-break space is none of it */
        {"\x9b"
         "31m\x80\xff",
         "?31m?\xff"}, /* and as bytes */
        {"\xe2\x82", "\xe2?"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; ++i) {
        char text[64];
        snprintf(text, sizeof text, "%s", pairs[i][0]);
        dn_text_make_line(text);
        assert_string_equal(text, pairs[i][1]);
    }
    char kept[] = "a\n\tb\0c\033";
    dn_text_without_controls(kept, sizeof kept - 1, "\n\t");
    assert_memory_equal(kept, "a\n\tb?c?", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_groups),
        cmocka_unit_test(second_version),
        cmocka_unit_test(first_version),
        cmocka_unit_test(variables_lower_the_threads),
        cmocka_unit_test(text_without_controls),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
