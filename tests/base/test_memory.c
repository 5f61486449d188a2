/* Sizes that do not fit are refused before anything is asked for; what is given is zeroed and aligned as said. */
#include "test.h"

#include "base/memory.h"

#include <string.h>

static void products(void **state)
{
    (void)state;
    int64_t out = 7;
    assert_true(dn_mul_dims((const int64_t[]){2, 3, 7}, 3, &out));
    assert_int_equal(out, 42);
    assert_true(dn_mul_dims(NULL, 0, &out));
    assert_int_equal(out, 1);
    assert_true(dn_mul_dims((const int64_t[]){INT64_MAX, 1}, 2, &out));
    assert_int_equal(out, INT64_MAX);
    assert_true(dn_mul_dims((const int64_t[]){5, 0, 3}, 3, &out));
    assert_int_equal(out, 0);
    assert_false(dn_mul_dims((const int64_t[]){INT64_MAX / 2 + 1, 2}, 2, &out));
    assert_false(dn_mul_dims((const int64_t[]){INT64_C(1) << 32, INT64_C(1) << 32}, 2, &out));
    assert_false(dn_mul_dims((const int64_t[]){-1, 2}, 2, &out));
    assert_false(dn_mul_dims((const int64_t[]){-2, -2}, 2, &out));
}

static void given(void **state)
{
    (void)state;
    unsigned char *p = NULL;
    float *aligned = NULL;
    assert_ok(dn_alloc(&p, 1000, 3, "bytes"));
    for (int i = 0; i < 3000; ++i) {
        assert_int_equal(p[i], 0);
    }
    memset(p, 5, 3000);
    assert_ok(dn_realloc(&p, 5000, 1, "bytes"));
    for (int i = 0; i < 3000; ++i) {
        assert_int_equal(p[i], 5);
    }
    free(p);
    assert_ok(dn_alloc(&p, 0, 8, "nothing"));
    assert_non_null(p);
    free(p);
    for (int64_t n = 1; n < 70; n += 3) {
        assert_ok(dn_alloc_aligned_dims(&aligned, DN_DIMS(n, 5), sizeof *aligned, "floats"));
        assert_int_equal((uintptr_t)aligned % 64, 0);
        free(aligned);
    }
}

/* The sentence says for what; a pointer that was there stays. */
static void refused(void **state)
{
    (void)state;
    void *p = NULL;
    char *text = NULL;
    assert_int_equal(dn_alloc(&p, SIZE_MAX / 2, 4, "the posteriors of sub-01"), DN_ENOMEM);
    assert_non_null(strstr(dn_error_message(), "the posteriors of sub-01"));
    assert_int_equal(dn_alloc_dims(&p, DN_DIMS(INT64_MAX, 2), 1, "a"), DN_ENOMEM);
    assert_int_equal(dn_alloc_dims(&p, DN_DIMS(3, -1), 1, "a"), DN_ENOMEM);
    assert_int_equal(dn_alloc_aligned_dims(&p, DN_DIMS(INT64_MAX / 4, 1), 8, "a"), DN_ENOMEM);
    assert_int_equal(dn_alloc_aligned(&p, SIZE_MAX, 1, "a"), DN_ENOMEM);
    assert_ok(dn_strdup("kept", &text));
    char *before = text;
    assert_int_equal(dn_realloc(&text, SIZE_MAX / 2, 4, "a text"), DN_ENOMEM);
    assert_ptr_equal(text, before);
    assert_string_equal(text, "kept");
    free(text);
    assert_int_equal(dn_strdup(NULL, &text), DN_EINTERNAL);
}

/* Blocks of an arena do not touch one another, and are aligned. */
static void arena(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    dn_arena a;
    unsigned char *block[COUNT];
    dn_arena_init(&a);
    for (int n = 0; n < COUNT; ++n) {
        const size_t size = (size_t)(n * n % 997 + 1);
        block[n] = dn_arena_alloc(&a, size, 1);
        assert_non_null(block[n]);
        assert_int_equal((uintptr_t)block[n] % 16, 0);
        for (size_t i = 0; i < size; ++i) {
            assert_int_equal(block[n][i], 0);
            block[n][i] = (unsigned char)n;
        }
    }
    for (int n = 0; n < COUNT; ++n) {
        for (size_t i = 0; i < (size_t)(n * n % 997 + 1); ++i) {
            assert_int_equal(block[n][i], (unsigned char)n);
        }
    }
    assert_string_equal(dn_arena_strdup(&a, "a text"), "a text");
    assert_null(dn_arena_alloc(&a, SIZE_MAX / 2, 4));
    dn_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(products), cmocka_unit_test(given), cmocka_unit_test(refused),
                                       cmocka_unit_test(arena)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
