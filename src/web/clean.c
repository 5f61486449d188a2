/* Folders that go. */
#define _GNU_SOURCE
#include "web/clean.h"

#include "base/file.h"
#include "base/memory.h"
#include "web/database.h"
#include "web/ids.h"
#include "web/routes.h"
#include "web/server.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASIDE "trash"

void dn_web_discard(const dn_web *web, const char *kind, const char *id)
{
    char *path = NULL, *aside = NULL;
    if (dn_web_folder(web, kind, id, &path) == DN_OK && dn_web_folder(web, ASIDE, id, &aside) == DN_OK && rename(path, aside) == 0) {
        dn_folder_remove(aside);
    }
    if (path != NULL) {
        dn_folder_remove(path); /* where it could not be moved, or was made again meanwhile */
    }
    dn_error_clear();
    free(path);
    free(aside);
}

/* Names in a folder, collected before anything is removed. Owned. */
static json_t *names_in(const char *folder)
{
    DIR *open = opendir(folder);
    const struct dirent *entry;
    json_t *names = json_array();
    while (open != NULL && (entry = readdir(open)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            json_array_append_new(names, json_string(entry->d_name));
        }
    }
    if (open != NULL) {
        closedir(open);
    }
    return names;
}

/* ids: those that have an id's name, too. */
static void empty(const dn_web *web, const char *kind, bool ids)
{
    char *folder = NULL;
    size_t i;
    json_t *name;
    if (dn_web_folder(web, kind, NULL, &folder) != DN_OK) {
        dn_error_clear();
        return;
    }
    json_t *names = names_in(folder);
    json_array_foreach(names, i, name)
    {
        char *path = NULL;
        if ((ids || !dn_is_id(json_string_value(name))) && dn_path_join(folder, json_string_value(name), &path) == DN_OK) {
            dn_folder_remove(path);
        }
        free(path);
    }
    json_decref(names);
    free(folder);
}

void dn_web_sweep(const dn_web *web, bool starting)
{
    empty(web, ASIDE, true);
    if (starting) {
        empty(web, "uploads", false);
    }
}

dn_status dn_web_remove_unlisted(dn_web *web, const char *kind, const char *sql)
{
    char *folder = NULL;
    json_t *name;
    size_t i;
    DN_TRY(dn_web_folder(web, kind, NULL, &folder));
    json_t *names = names_in(folder);
    dn_status status = DN_OK;
    json_array_foreach(names, i, name)
    {
        const char *id = json_string_value(name);
        json_t *row = NULL;
        if (status != DN_OK || !dn_is_id(id)) {
            continue;
        }
        status = dn_database_row(web->database, &row, sql, "t", id);
        if (status == DN_OK && row == NULL) {
            dn_web_discard(web, kind, id);
        }
        json_decref(row);
    }
    json_decref(names);
    free(folder);
    return status;
}
