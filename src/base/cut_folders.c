/* Finds folders in texts, and takes them out. */
#define _GNU_SOURCE /* realpath */
#include "base/cut_folders.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* What may stand before and behind a path in a sentence or a table. */
static const char before[] = " \t\n'\"(,;:=", behind[] = " \t\n'\"),;:";

/* How many characters of a place of the folder go; 0: it is none, or it stays. length: of the folder's name. */
static size_t cut_of(const char *at, size_t length, const dn_cut_rule *rule)
{
    size_t cut = length;
    if (at[length] != '/') {
        return rule->itself != NULL && (at[length] == '\0' || strchr(behind, at[length]) != NULL) ? length : 0;
    }
    while (at[cut] == '/') {
        ++cut;
    }
    if (at[cut] == '\0' || strchr(behind, at[cut]) != NULL) { /* "FOLDER/" is the folder itself, too */
        return rule->itself != NULL ? cut : 0;
    }
    for (size_t n = cut; rule->names && at[n] != '\0' && strchr(behind, at[n]) == NULL; ++n) {
        cut = at[n] == '/' ? n + 1 : cut;
    }
    return cut;
}

/* folder: without slashes at its end. */
static dn_status cut_one(char **text, const char *folder, const dn_cut_rule *rule)
{
    const size_t length = strlen(folder);
    char *at = *text;
    while (length > 0 && (at = strstr(at, folder)) != NULL) {
        const bool begins = at == *text || strchr(before, at[-1]) != NULL;
        const size_t cut = begins ? cut_of(at, length, rule) : 0;
        const bool itself = cut > 0 && (at[cut] == '\0' || strchr(behind, at[cut]) != NULL);
        if (cut == 0) {
            at += length;
        } else if (!itself) {
            memmove(at, at + cut, strlen(at + cut) + 1);
        } else {
            char *now = NULL;
            const size_t done = (size_t)(at - *text) + strlen(rule->itself);
            DN_TRY(dn_asprintf(&now, "%.*s%s%s", (int)(at - *text), *text, rule->itself, at + cut));
            free(*text);
            *text = now;
            at = now + done;
        }
    }
    return DN_OK;
}

dn_status dn_cut_folders(char **text, const dn_cut_rule *rule)
{
    dn_status status = DN_OK;
    for (size_t i = 0; status == DN_OK && rule->folders[i] != NULL; ++i) {
        char *written = NULL, *real = realpath(rule->folders[i], NULL);
        status = dn_strdup(rule->folders[i], &written);
        for (size_t n = status == DN_OK ? strlen(written) : 0; n > 1 && written[n - 1] == '/'; --n) {
            written[n - 1] = '\0';
        }
        status = status == DN_OK ? cut_one(text, written, rule) : status;
        status = status == DN_OK && real != NULL ? cut_one(text, real, rule) : status;
        free(written);
        free(real);
    }
    return status;
}

dn_status dn_cut_folders_file(const char *path, const dn_cut_rule *rule)
{
    enum { LIMIT = 256 << 20 };
    unsigned char *bytes = NULL;
    size_t size = 0;
    DN_TRY(dn_file_read_if_there(path, LIMIT, &bytes, &size));
    if (bytes == NULL) {
        return DN_OK;
    }
    char *text = (char *)bytes;
    dn_status status = dn_cut_folders(&text, rule);
    if (status == DN_OK) {
        status = dn_file_write_all(path, text, strlen(text));
    }
    free(text);
    return status;
}
