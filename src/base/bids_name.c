/* Reads, checks and writes file names by the rules of BIDS 1.10 (rules/entities.yaml of its schema). */
#include "base/bids_name.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { LABEL, INDEX } value_kind;

static const struct {
    const char *key;
    value_kind kind;
} entities[DN_BIDS_COUNT] = {
#define DN_X(name, text, kind) [DN_BIDS_##name] = {text, kind},
    DN_BIDS_ENTITY_LIST(DN_X)
#undef DN_X
};

static const char digits[] = "0123456789", letters[] = "0123456789+abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

const char *dn_bids_key(dn_bids_entity entity)
{
    return entities[entity].key;
}

bool dn_bids_is_label(const char *text)
{
    return *text != '\0' && text[strspn(text, letters)] == '\0';
}

bool dn_bids_has_key(dn_bids_entity entity, const char *text)
{
    const size_t n = strlen(entities[entity].key);
    return strncmp(text, entities[entity].key, n) == 0 && text[n] == '-';
}

const char *dn_bids_bare(dn_bids_entity entity, const char *text)
{
    return dn_bids_has_key(entity, text) ? text + strlen(entities[entity].key) + 1 : text;
}

bool dn_bids_same(dn_bids_entity entity, const char *a, const char *b)
{
    return strcmp(dn_bids_bare(entity, a), dn_bids_bare(entity, b)) == 0;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* What is not by the rules, and in which part of the name. */
typedef struct fault {
    const char *what; /* NULL: nothing */
    char part[64];
} fault;

static void note(fault *it, const char *what, const char *part)
{
    if (it->what == NULL) {
        it->what = what;
        snprintf(it->part, sizeof it->part, "%.63s", part);
    }
}

static int find_entity(const char *part)
{
    for (int e = 0; e < (int)DN_BIDS_COUNT; ++e) {
        if (dn_bids_has_key((dn_bids_entity)e, part)) {
            return e;
        }
    }
    return -1;
}

/* One part between two '_' that is not the suffix; *last: the entity before it, -1 at first. */
static void read_part(const char *part, int *last, dn_bids_name *out, fault *bad)
{
    const int e = find_entity(part);
    if (e < 0) {
        note(bad, strchr(part, '-') == NULL ? "is not a key and a value (key-value)" : "has a key that BIDS does not have", part);
        return;
    }
    const char *value = part + strlen(entities[e].key) + 1;
    if (out->value[e] != NULL) {
        note(bad, "occurs twice", part);
        return;
    }
    if (e < *last) {
        note(bad, "comes too late in the name", part);
    }
    if (!dn_bids_is_label(value) || (entities[e].kind == INDEX && value[strspn(value, digits)] != '\0')) {
        note(bad, entities[e].kind == INDEX ? "should have a number as its value" : "should have letters and digits as its value", part);
    }
    *last = e > *last ? e : *last;
    out->value[e] = value;
}

static dn_status parse(const char *path, dn_bids_name *out, fault *bad)
{
    const char *name = dn_path_name(path);
    const size_t size = strlen(name) + 1;
    int last = -1;
    *out = (dn_bids_name){0};
    DN_TRY(dn_alloc(&out->text, 2 * size, 1, "a file's name"));
    memcpy(out->text, name, size);
    memcpy(out->text + size, name, size); /* the extension's: in the first copy a 0 stands in place of its dot */
    const char *underscore = strrchr(out->text, '_');
    char *end = out->text + (underscore != NULL ? underscore + 1 - out->text : 0);
    end += strcspn(end, ".");
    out->extension = out->text + size + (end - out->text);
    *end = '\0';
    out->suffix = end;
    for (char *part = out->text, *next = NULL; part != NULL; part = next) {
        next = strchr(part, '_');
        if (next != NULL) {
            *next++ = '\0';
        }
        if (next == NULL && strchr(part, '-') == NULL) {
            out->suffix = part;
            if (*part == '\0' && part != out->text) {
                note(bad, "is not a key and a value (key-value)", part);
            }
        } else {
            read_part(part, &last, out, bad);
        }
    }
    if (*out->suffix != '\0' && !dn_bids_is_label(out->suffix)) {
        note(bad, "should have letters and digits only", out->suffix);
    }
    out->valid = bad->what == NULL;
    return DN_OK;
}

dn_status dn_bids_parse(const char *path, dn_bids_name *out)
{
    fault bad = {.what = NULL};
    return parse(path, out, &bad);
}

dn_status dn_bids_check(const char *path)
{
    fault bad = {.what = NULL};
    dn_bids_name name;
    DN_TRY(parse(path, &name, &bad));
    dn_bids_name_release(&name);
    if (bad.what != NULL) {
        DN_FAIL(DN_EFORMAT, "%s is not a valid BIDS name: \"%s\" %s", path, bad.part, bad.what);
    }
    return DN_OK;
}

void dn_bids_name_release(dn_bids_name *name)
{
    free(name->text);
    *name = (dn_bids_name){0};
}

dn_status dn_bids_entity_of(const char *path, dn_bids_entity entity, char **out)
{
    dn_bids_name name;
    *out = NULL;
    DN_TRY(dn_bids_parse(path, &name));
    dn_status status = DN_OK;
    if (name.value[entity] != NULL) {
        status = dn_asprintf(out, "%s-%s", entities[entity].key, name.value[entity]);
    }
    dn_bids_name_release(&name);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

bool dn_bids_of_acquisition(dn_bids_entity entity)
{
    static const dn_bids_entity derived[] = {DN_BIDS_SPACE, DN_BIDS_ATLAS, DN_BIDS_SEG,  DN_BIDS_SCALE, DN_BIDS_RES,
                                             DN_BIDS_DEN,   DN_BIDS_LABEL, DN_BIDS_PROV, DN_BIDS_DESC};
    for (size_t i = 0; i < sizeof derived / sizeof *derived; ++i) {
        if (derived[i] == entity) {
            return false;
        }
    }
    return true;
}

/* "_key-", but for the first without '_'. */
static void put_key(FILE *stream, size_t *count, int entity)
{
    fprintf(stream, "%s%s-", (*count)++ > 0 ? "_" : "", entities[entity].key);
}

static const char *without_zeros(const char *index)
{
    while (index[0] == '0' && index[1] != '\0') {
        ++index;
    }
    return index;
}

dn_status dn_bids_write_entities(const dn_bids_name *name, dn_bids_entity first, dn_bids_entity last, char **out)
{
    dn_text text = {0};
    size_t count = 0;
    DN_TRY(dn_text_open(&text));
    for (int e = (int)first; e <= (int)last && e < (int)DN_BIDS_COUNT; ++e) {
        if (name->value[e] != NULL) {
            put_key(text.stream, &count, e);
            fputs(name->value[e], text.stream);
        }
    }
    return dn_text_take(&text, out);
}

dn_status dn_bids_write(const dn_bids_name *name, char **out)
{
    char *all = NULL;
    DN_TRY(dn_bids_write_entities(name, DN_BIDS_SUB, DN_BIDS_DESC, &all));
    dn_status status = dn_asprintf(out, "%s%s%s%s", all, *all != '\0' && *name->suffix != '\0' ? "_" : "", name->suffix, name->extension);
    free(all);
    return status;
}

dn_status dn_bids_scan_key(const char *path, char **out)
{
    dn_bids_name name;
    dn_text text = {0};
    size_t count = 0;
    DN_TRY(dn_bids_parse(path, &name));
    if (!name.valid || name.value[DN_BIDS_SUB] == NULL) {
        dn_bids_name_release(&name);
        return dn_path_scan_stem(path, out);
    }
    dn_status status = dn_text_open(&text);
    for (int e = 0; status == DN_OK && e < (int)DN_BIDS_COUNT; ++e) {
        if (name.value[e] != NULL && dn_bids_of_acquisition((dn_bids_entity)e)) {
            put_key(text.stream, &count, e);
            fputs(entities[e].kind == INDEX ? without_zeros(name.value[e]) : name.value[e], text.stream);
        }
    }
    dn_bids_name_release(&name);
    return status == DN_OK ? dn_text_take(&text, out) : status;
}

/* Entities of stem and those that are added; *stem valid, without suffix. */
static void write_both(FILE *stream, const dn_bids_name *stem, const dn_bids_added *added, size_t count)
{
    size_t written = 0;
    for (int e = 0; e < (int)DN_BIDS_COUNT; ++e) {
        size_t values = 0;
        if (stem->value[e] != NULL) {
            put_key(stream, &written, e);
            fputs(stem->value[e], stream);
            ++values;
        }
        for (size_t i = 0; i < count; ++i) {
            if ((int)added[i].entity == e) {
                if (values++ == 0) {
                    put_key(stream, &written, e);
                } else {
                    fputc('+', stream);
                }
                fputs(added[i].value, stream);
            }
        }
    }
}

dn_status dn_bids_derive(const char *path, const dn_bids_added *added, size_t count, const char *suffix, const char *extension, char **out)
{
    dn_status status = DN_OK;
    char *stem = NULL;
    dn_bids_name name = {0};
    dn_text text = {0};
    DN_TRY_GOTO(status, dn_path_scan_stem(path, &stem), done);
    DN_TRY_GOTO(status, dn_bids_parse(stem, &name), done);
    DN_TRY_GOTO(status, dn_text_open(&text), done);
    if (name.valid && name.value[DN_BIDS_SUB] != NULL && *name.suffix == '\0' && *name.extension == '\0') {
        write_both(text.stream, &name, added, count);
    } else {
        fputs(stem, text.stream);
        for (size_t i = 0; i < count; ++i) {
            fprintf(text.stream, "_%s-%s", entities[added[i].entity].key, added[i].value);
        }
    }
    fprintf(text.stream, "_%s%s", suffix, extension);
    status = dn_text_take(&text, out);
done:
    dn_text_discard(&text);
    dn_bids_name_release(&name);
    free(stem);
    return status;
}
