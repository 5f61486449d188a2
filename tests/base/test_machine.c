/* What the program says about the machine: texts of one line, with what this process has loaded, and programs as PATH finds them. */
#define _GNU_SOURCE
#include "base/machine.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_line(const char *text)
{
    print_message("%s\n", text);
    assert_true(text[0] != '\0');
    assert_null(strchr(text, '\n'));
}

static void test_describe(void **state)
{
    (void)state;
    dn_machine machine;
    dn_machine_describe(&machine);
    assert_line(machine.system);
    assert_line(machine.processor);
    assert_line(machine.features);
    assert_line(machine.libraries);
    assert_non_null(strstr(machine.libraries, "libc.so.6"));
#ifdef __x86_64__
    /* oneDNN itself needs SSE4.1. */
    assert_true(strstr(machine.features, "sse4_1") != NULL || strcmp(machine.features, "unknown") == 0);
#endif
}

static void test_program(void **state)
{
    (void)state;
    char path[64], small[4];
    dn_machine_program("sh", path, sizeof path);
    assert_true(access(path, X_OK) == 0);
    dn_machine_program("no-such-program-of-dien", path, sizeof path);
    assert_string_equal(path, "");
    dn_machine_program("sh", small, sizeof small); /* no room: not a part of a name */
    assert_string_equal(small, "");
    assert_int_equal(setenv("PATH", ":/nowhere:", 1), 0);
    dn_machine_program("sh", path, sizeof path);
    assert_string_equal(path, "");
    assert_int_equal(unsetenv("PATH"), 0);
    dn_machine_program("sh", path, sizeof path);
    assert_string_equal(path, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_describe), cmocka_unit_test(test_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
