/* The thread's message: set, prefixed, and safe when an argument is the old message. */
#include "test.h"

#include "base/status.h"

static void message_is_kept_and_prefixed(void **state)
{
    (void)state;
    assert_int_equal(dn_error_set(DN_EINPUT, "cannot read %s", "a.nii"), DN_EINPUT);
    assert_string_equal(dn_error_message(), "cannot read a.nii");
    assert_int_equal(dn_error_context(DN_EINPUT, "sub-%02d", 1), DN_EINPUT);
    assert_string_equal(dn_error_message(), "sub-01: cannot read a.nii");
    assert_int_equal(dn_error_set(DN_EIO, "again: %s", dn_error_message()), DN_EIO);
    assert_string_equal(dn_error_message(), "again: sub-01: cannot read a.nii");
    assert_int_equal(dn_error_set(DN_EINPUT, "cannot read %s", "a\n\033[31mü\x7f"), DN_EINPUT);
    assert_int_equal(dn_error_context(DN_EINPUT, "\tsub"), DN_EINPUT);
    assert_string_equal(dn_error_message(), "?sub: cannot read a??[31mü?");
}

static void a_file_is_named_once(void **state)
{
    (void)state;
    assert_int_equal(dn_error_in_file(dn_error_set(DN_EDATA, "no voxel is inside"), "a\nb.nii"), DN_EDATA);
    assert_string_equal(dn_error_message(), "a?b.nii: no voxel is inside");
    assert_int_equal(dn_error_in_file(DN_EDATA, "a\nb.nii"), DN_EDATA);
    assert_string_equal(dn_error_message(), "a?b.nii: no voxel is inside");
    assert_int_equal(dn_error_in_file(DN_OK, "c.nii"), DN_OK);
    assert_string_equal(dn_error_message(), "a?b.nii: no voxel is inside");
    /* Named as it is, and not within another name. */
    static const char *const named[] = {"cannot read head.nii", "cannot read 'head.nii'", "a.nii, head.nii: differ", "look at head.nii."};
    static const char *const other[] = {"cannot read forehead.nii", "no place for head.nii.gz", "x/head.nii: full", ""};
    for (size_t i = 0; i < sizeof named / sizeof *named; ++i) {
        assert_int_equal(dn_error_in_file(dn_error_set(DN_EDATA, "%s", named[i]), "head.nii"), DN_EDATA);
        assert_string_equal(dn_error_message(), named[i]);
        char expected[64];
        snprintf(expected, sizeof expected, "head.nii: %s", other[i]);
        assert_int_equal(dn_error_in_file(dn_error_set(DN_EDATA, "%s", other[i]), "head.nii"), DN_EDATA);
        assert_string_equal(dn_error_message(), expected);
    }
}

static void every_status_has_an_exit_code(void **state)
{
    (void)state;
    static const struct {
        dn_status status;
        int code;
    } cases[] = {{DN_OK, 0},    {DN_EINTERNAL, 1}, {DN_EUSAGE, 2}, {DN_EINPUT, 3}, {DN_EFORMAT, 3},  {DN_EGEOMETRY, 3},   {DN_ESHAPE, 3},
                 {DN_EDATA, 3}, {DN_EQUALITY, 4},  {DN_ENOMEM, 5}, {DN_EIO, 5},    {DN_EPARTIAL, 6}, {DN_ECANCELLED, 130}};
    assert_int_equal(sizeof cases / sizeof *cases, DN_STATUS_COUNT);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        assert_int_equal(dn_status_exit_code(cases[i].status), cases[i].code);
    }
    assert_int_equal(dn_status_exit_code((dn_status)99), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_is_kept_and_prefixed),
        cmocka_unit_test(a_file_is_named_once),
        cmocka_unit_test(every_status_has_an_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
