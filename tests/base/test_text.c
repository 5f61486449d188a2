/* Texts that grow, control characters, and UTF-8 by its definition (RFC 3629). */
#include "test.h"

#include "base/text.h"

#include <string.h>

static void grows(void **state)
{
    (void)state;
    dn_text text = {0};
    char *out = NULL;
    assert_ok(dn_text_open(&text));
    for (int n = 0; n < 5000; ++n) {
        assert_true(fprintf(text.stream, "%04d", n) == 4);
    }
    assert_ok(dn_text_take(&text, &out));
    assert_int_equal(strlen(out), 20000);
    assert_memory_equal(out + 4 * 1234, "1234", 4);
    free(out);
    dn_text_discard(&text); /* safe after it was taken */
    assert_ok(dn_text_open(&text));
    assert_ok(dn_text_take(&text, &out));
    assert_string_equal(out, "");
    free(out);
    assert_ok(dn_text_open(&text));
    dn_text_discard(&text);
    dn_text_discard(&text);
}

static void controls(void **state)
{
    (void)state;
    char line[] = "a\nb\033[2Jc\td\x7f\xc3\xa9";
    char kept[] = "a\nb\tc\rd\x01";
    dn_text_make_line(line);
    assert_string_equal(line, "a?b?[2Jc?d?\xc3\xa9");
    dn_text_without_controls(kept, sizeof kept - 1, "\n\t");
    assert_string_equal(kept, "a\nb\tc?d?");
}

/* Every code point, as it is encoded; nothing else. */
static void characters(void **state)
{
    (void)state;
    for (uint32_t c = 1; c < 0x110000; ++c) {
        char bytes[5] = {0};
        size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
        for (size_t n = size - 1; n > 0; --n) {
            bytes[n] = (char)(0x80 | (c >> 6 * (size - 1 - n) & 0x3f));
        }
        bytes[0] = (char)(lead[size] | c >> 6 * (size - 1));
        const bool surrogate = c >= 0xd800 && c < 0xe000;
        if (dn_text_character(bytes, size) != (surrogate ? 0 : size) || (size > 1 && dn_text_character(bytes, size - 1) != 0)) {
            fail_msg("U+%04X: expected %zu bytes, found %zu", c, surrogate ? 0 : size, dn_text_character(bytes, size));
        }
    }
    static const char *const bad[] = {
        "\x80", "\xbf",  "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "\xc3(", "\xe2\x82("};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        assert_int_equal(dn_text_character(bad[i], strlen(bad[i])), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(grows), cmocka_unit_test(controls), cmocka_unit_test(characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
