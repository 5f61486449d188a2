/* The Boutiques descriptor of `dien run`, from its option table: how platforms that run tools for their users (Glatard et al. 2018) call it
 * and show its options. */
#include "base/json.h"
#include "cli/arguments/options.h"
#include "cli/help/help.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

extern const dn_command dn_command_run;

/* Names as Boutiques wants them: "bids_filter", or "[BIDS_FILTER]" for the place in the command line. */
static void name_id(const char *name, char out[64])
{
    snprintf(out, 64, "%s", name);
    for (char *p = out; *p != '\0'; ++p) {
        *p = *p == '-' ? '_' : *p;
    }
}

static void name_key(const char *id, char out[68])
{
    snprintf(out, 68, "[%s]", id);
    for (char *p = out; *p != '\0'; ++p) {
        *p = (char)toupper((unsigned char)*p);
    }
}

static void put_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

/* A help text begins small and has no full stop. What is the value without the option is told here and not as Boutiques' default-value:
 * that would be put into every command line, and some options are for one level only. */
static void put_sentences(json_t *object, const dn_option *option)
{
    const bool preset = option->preset != NULL;
    json_object_set_new(object, "description",
                        json_sprintf("%c%s.%s%s%s", toupper((unsigned char)option->help[0]), option->help + 1, preset ? " Default: " : "",
                                     preset ? option->preset : "", preset ? "." : ""));
}

static json_t *choices_of(const char *text)
{
    json_t *list = json_array();
    while (*text != '\0') {
        size_t n = strcspn(text, "|");
        json_array_append_new(list, json_stringn(text, n));
        text += n + (text[n] == '|');
    }
    return list;
}

/* A whole number as one: 0, not 0.0. */
static json_t *number_of(double value, bool whole)
{
    return whole ? json_integer((json_int_t)value) : json_real(value);
}

static void put_number(json_t *input, const dn_option *option)
{
    const bool whole = option->kind == DN_OPTION_INTEGER;
    put_text(input, "type", "Number");
    if (whole) {
        json_object_set_new(input, "integer", json_true());
    }
    if (option->low < option->high) {
        json_object_set_new(input, "minimum", number_of(option->low, whole));
        json_object_set_new(input, "maximum", number_of(option->high, whole));
    }
}

static void put_kind(json_t *input, const dn_option *option)
{
    if (option->kind == DN_OPTION_FLAG) {
        put_text(input, "type", "Flag");
        return;
    }
    if (option->kind == DN_OPTION_INTEGER || option->kind == DN_OPTION_REAL) {
        put_number(input, option);
        return;
    }
    /* What may be a name or several paths in one text must not be taken for a file, which the platform would look for. */
    const bool file =
        option->kind == DN_OPTION_FOLDER || (option->kind == DN_OPTION_FILE && option->value != NULL && strcmp(option->value, "FILE") == 0);
    put_text(input, "type", file ? "File" : "String");
    if (option->kind == DN_OPTION_CHOICE) {
        json_object_set_new(input, "value-choices", choices_of(option->choices));
    }
    if (option->many || option->list) {
        json_object_set_new(input, "list", json_true());
        put_text(input, "list-separator", option->list ? "," : " ");
    }
}

static json_t *option_input(const dn_option *option, json_t *words)
{
    char id[64], key[68];
    json_t *input = json_object();
    name_id(option->name, id);
    name_key(id, key);
    put_text(input, "id", id);
    put_text(input, "name", option->name);
    put_sentences(input, option);
    put_kind(input, option);
    json_object_set_new(input, "optional", json_boolean(!option->required));
    json_object_set_new(input, "command-line-flag", json_sprintf("--%s", option->name));
    put_text(input, "value-key", key);
    json_array_append_new(words, json_string(key));
    return input;
}

/* DATASET OUTPUT participant|longitudinal|group */
static void add_positional(json_t *inputs, json_t *words)
{
    static const struct {
        const char *id, *name, *type, *help;
    } all[] = {
        {"bids_dir", "BIDS data set", "File", "Folder of the BIDS data set; it is only read."},
        {"output_dir", "Output folder", "String",
         "Folder of the results, which becomes a BIDS derivative; it is made if it does not exist."},
        {"analysis_level", "Level", "String",
         "participant measures the scans; longitudinal then measures persons with several sessions in one frame; group makes the tables of "
         "all."},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
        char key[68];
        json_t *input = json_object();
        name_key(all[i].id, key);
        put_text(input, "id", all[i].id);
        put_text(input, "name", all[i].name);
        put_text(input, "description", all[i].help);
        put_text(input, "type", all[i].type);
        if (i == 2) {
            json_object_set_new(input, "value-choices", choices_of("participant|longitudinal|group"));
        }
        json_object_set_new(input, "optional", json_false());
        put_text(input, "value-key", key);
        json_array_append_new(inputs, input);
        json_array_append_new(words, json_string(key));
    }
}

static void add_options(json_t *inputs, json_t *words, const dn_option *table)
{
    for (; table != NULL && table->name != NULL; ++table) {
        if (strcmp(table->name, "help") != 0) {
            json_array_append_new(inputs, option_input(table, words));
        }
    }
}

/* "dien run [BIDS_DIR] ...", from its words; owned. */
static json_t *command_line(const json_t *words)
{
    char line[2048] = "dien run";
    size_t used = strlen(line);
    for (size_t i = 0; i < json_array_size(words) && used < sizeof line; ++i) {
        used += (size_t)snprintf(line + used, sizeof line - used, " %s", json_string_value(json_array_get(words, i)));
    }
    return json_string(line);
}

static json_t *error_codes(void)
{
    json_t *list = json_array();
    for (const dn_exit_code *code = dn_exit_codes; code->meaning != NULL; ++code) {
        if (code->code != 0) {
            json_array_append_new(list, json_pack("{s:i, s:s}", "code", code->code, "description", code->meaning));
        }
    }
    return list;
}

dn_status dn_help_boutiques(FILE *to)
{
    json_t *root = json_object(), *inputs = json_array(), *words = json_array();
    add_positional(inputs, words);
    add_options(inputs, words, dn_command_run.options);
    add_options(inputs, words, dn_common_options);
    put_text(root, "name", "dien");
    put_text(root, "tool-version", DIEN_VERSION);
    put_text(
        root, "description",
        "Measures the hypothalamus with its subunits, the thalamus, other deep structures and the intracranial volume in all T1-weighted "
        "scans of a BIDS data set. For research; not for clinical diagnosis.");
    put_text(root, "author", "The dien developers");
    put_text(root, "schema-version", "0.5");
    json_object_set_new(root, "command-line", command_line(words));
    json_object_set_new(root, "container-image", json_pack("{s:s, s:s}", "type", "docker", "image", "dien:" DIEN_VERSION));
    json_object_set(root, "inputs", inputs);
    json_object_set_new(root, "output-files",
                        json_pack("[{s:s, s:s, s:s, s:s}]", "id", "results", "name", "Results", "description",
                                  "A BIDS derivative: label maps, volumes, pictures and reports per scan, and tables of all scans.",
                                  "path-template", "[OUTPUT_DIR]"));
    json_object_set_new(root, "error-codes", error_codes());
    json_object_set_new(root, "tags", json_pack("{s:[s,s,s], s:b}", "domain", "neuroinformatics", "mri", "bids", "bids-app", 1));
    dn_status status = dn_json_complete("the descriptor");
    if (status == DN_OK && (json_dumpf(root, to, JSON_INDENT(4) | JSON_REAL_PRECISION(12)) != 0 || fputc('\n', to) == EOF)) {
        status = dn_error_set(DN_EIO, "cannot write to standard output; is the disk full?");
    }
    json_decref(words);
    json_decref(inputs);
    json_decref(root);
    return status;
}
