/* The reader of configs: values of every kind and their limits, the canonical form, and a sentence with file and line for each fault. */
#define _GNU_SOURCE
#include "test.h"

#include "base/file.h"
#include "train/yaml.h"

#include <stdlib.h>
#include <string.h>

static char path[] = "/tmp/dien-yaml-XXXXXX";

static dn_yaml *open_text(const char *text)
{
    dn_yaml *yaml = NULL;
    assert_ok(dn_file_write_all(path, text, strlen(text)));
    assert_ok(dn_yaml_read(path, &yaml));
    return yaml;
}

static void values_of_every_kind(void **state)
{
    (void)state;
    dn_yaml *yaml = open_text("name: 'a b'\ncount: 7\nshare: 2.5e-1\non: true\nkind: second\npart: {x: 1}\nlist: [3, 4]\n");
    char *name = NULL;
    int64_t count = 0, item = 0;
    double share = 0.0, absent = 8.5;
    bool on = false;
    int kind = 0;
    yaml_node_t *part = NULL, *list = NULL, *none = NULL;
    json_t *canonical = json_object();
    const dn_yaml_field fields[] = {{.key = "name", .kind = DN_YAML_TEXT, .to = &name, .required = true},
                                    {.key = "count", .kind = DN_YAML_INTEGER, .to = &count, .low = 1, .high = 7},
                                    {.key = "share", .kind = DN_YAML_REAL, .to = &share, .high = 1},
                                    {.key = "absent", .kind = DN_YAML_REAL, .to = &absent, .high = 10},
                                    {.key = "on", .kind = DN_YAML_BOOLEAN, .to = &on},
                                    {.key = "kind", .kind = DN_YAML_CHOICE, .to = &kind, .choices = "first|second"},
                                    {.key = "part", .kind = DN_YAML_MAPPING, .to = &part},
                                    {.key = "list", .kind = DN_YAML_SEQUENCE, .to = &list},
                                    {.key = "none", .kind = DN_YAML_SEQUENCE, .to = &none},
                                    {0}};
    assert_ok(dn_yaml_fields(yaml, dn_yaml_root(yaml), "", fields, canonical));
    assert_string_equal(name, "a b");
    assert_int_equal(count, 7);
    assert_close(share, 0.25, 0);
    assert_close(absent, 8.5, 0);
    assert_true(on);
    assert_int_equal(kind, 1);
    assert_non_null(part);
    assert_null(none);
    assert_ok(dn_yaml_integer(yaml, dn_yaml_item(yaml, list, 1), "list", 0, 9, &item));
    assert_int_equal(item, 4);
    assert_null(dn_yaml_item(yaml, list, 2));
    assert_int_equal(dn_yaml_line(part), 6);
    /* What holds in the end, defaults included. */
    assert_string_equal(json_string_value(json_object_get(canonical, "kind")), "second");
    assert_int_equal(json_integer_value(json_object_get(canonical, "count")), 7);
    assert_close(json_real_value(json_object_get(canonical, "absent")), 8.5, 0);
    json_decref(canonical);
    free(name);
    dn_yaml_destroy(yaml);
}

static void faults_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line, *part;
    } cases[] = {
        {"count: 1\ncuont: 2\n", ":2:", "count"},      /* an unknown key, with the nearest */
        {"count: 1\nshare: 1.5\n", ":2:", "share"},    /* beyond its limits */
        {"count: seven\n", ":1:", "count"},            /* no number */
        {"count: 2.5\n", ":1:", "count"},              /* no whole number */
        {"count: 1\n\nkind: third\n", ":3:", "first"}, /* no choice: those that there are */
        {"share: 0.5\n", "", "count"},                 /* missing */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_yaml *yaml = open_text(cases[i].text);
        int64_t count = 0;
        double share = 0.0;
        int kind = 0;
        const dn_yaml_field fields[] = {{.key = "count", .kind = DN_YAML_INTEGER, .to = &count, .high = 9, .required = true},
                                        {.key = "share", .kind = DN_YAML_REAL, .to = &share, .high = 1},
                                        {.key = "kind", .kind = DN_YAML_CHOICE, .to = &kind, .choices = "first|second"},
                                        {0}};
        assert_int_equal(dn_yaml_fields(yaml, dn_yaml_root(yaml), "", fields, NULL), DN_EFORMAT);
        const char *says = dn_error_message();
        if (strstr(says, path) == NULL || strstr(says, cases[i].line) == NULL || strstr(says, cases[i].part) == NULL) {
            fail_msg("case %zu: expected the file, '%s' and '%s' in: %s", i, cases[i].line, cases[i].part, says);
        }
        dn_yaml_destroy(yaml);
    }
}

static void what_is_no_config_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "- a\n- b\n", "just a text\n", "a: [1, 2\n", "a: 1\n b: 2\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        dn_yaml *yaml = NULL;
        assert_ok(dn_file_write_all(path, texts[i], strlen(texts[i])));
        if (dn_yaml_read(path, &yaml) != DN_EFORMAT || strstr(dn_error_message(), path) == NULL) {
            fail_msg("case %zu: expected DN_EFORMAT and the file's name, found: %s", i, dn_error_message());
        }
        assert_null(yaml);
    }
    dn_yaml *yaml = NULL;
    assert_int_equal(dn_yaml_read("/tmp/dien-no-such-config.yaml", &yaml), DN_EINPUT);
}

static void nodes_become_json(void **state)
{
    (void)state;
    dn_yaml *yaml = open_text("a: [1, 2.5, true, 'true', null, text]\nb: {c: d}\n");
    json_t *found = NULL;
    assert_ok(dn_yaml_json(yaml, dn_yaml_root(yaml), &found));
    char *text = json_dumps(found, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, "{\"a\":[1,2.5,true,\"true\",null,\"text\"],\"b\":{\"c\":\"d\"}}");
    free(text);
    json_decref(found);
    dn_yaml_destroy(yaml);
}

int main(void)
{
    const int file = mkstemp(path);
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_of_every_kind), cmocka_unit_test(faults_name_the_line),
                                       cmocka_unit_test(what_is_no_config_is_refused), cmocka_unit_test(nodes_become_json)};
    int failed = file < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
    (void)remove(path);
    return failed;
}
