/* The folders in which models lie, and the search for a model by name. */
#define _GNU_SOURCE
#include "models/store.h"

#include "base/file.h"
#include "base/install.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EXTENSION ".safetensors"

void dn_store_list_release(char **paths, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        free(paths[i]);
    }
    free(paths);
}

/* Takes text over, also on failure. */
static dn_status append(char ***list, size_t *count, char *text)
{
    dn_status status = dn_realloc(list, *count + 1, sizeof **list, "a list of models");
    if (status != DN_OK) {
        free(text);
        return status;
    }
    (*list)[(*count)++] = text;
    return DN_OK;
}

static dn_status append_folder(char ***list, size_t *count, const char *folder)
{
    char *copy;
    if (!dn_path_is_folder(folder)) {
        return DN_OK;
    }
    DN_TRY(dn_strdup(folder, &copy));
    return append(list, count, copy);
}

/* models/ in the program's folder or beside it: build/dien in a source tree. */
static dn_status append_near_program(char ***list, size_t *count)
{
    dn_status status = DN_OK;
    char *program = dn_install_program();
    for (int up = 0; program != NULL && status == DN_OK && up < 2; ++up) {
        char *slash = strrchr(program, '/'), *folder;
        if (slash == NULL) {
            break;
        }
        *slash = '\0';
        status = dn_asprintf(&folder, "%s/models", program);
        if (status == DN_OK) {
            status = append_folder(list, count, folder);
            free(folder);
        }
    }
    free(program);
    return status;
}

static const char *environment_folder(void)
{
    const char *folder = getenv("DIEN_MODELS");
    return folder != NULL && *folder != '\0' ? folder : NULL;
}

/* Those that are searched (store.h). *out: count texts, owned by the caller (dn_store_list_release). */
static dn_status folders_of(char ***out, size_t *count)
{
    dn_status status = DN_OK;
    char **list = NULL, *user = NULL, *installed = NULL;
    size_t found = 0;
    if (environment_folder() != NULL) {
        DN_TRY_GOTO(status, append_folder(&list, &found, environment_folder()), done);
    }
    DN_TRY_GOTO(status, append_near_program(&list, &found), done);
    DN_TRY_GOTO(status, dn_install_path("models", &installed), done);
    DN_TRY_GOTO(status, append_folder(&list, &found, installed), done);
    DN_TRY_GOTO(status, dn_install_user_path("models", &user), done);
    if (user != NULL) {
        DN_TRY_GOTO(status, append_folder(&list, &found, user), done);
    }
    *out = list;
    *count = found;
    list = NULL;
    found = 0;
done:
    free(installed);
    free(user);
    dn_store_list_release(list, found);
    return status;
}

static bool is_model_name(const char *name)
{
    size_t length = strlen(name), end = strlen(EXTENSION);
    return name[0] != '.' && length > end && strcmp(name + length - end, EXTENSION) == 0;
}

static bool has_name(char **list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(dn_path_name(list[i]), name) == 0) {
            return true;
        }
    }
    return false;
}

static dn_status append_models(char ***list, size_t *count, const char *folder)
{
    dn_status status = DN_OK;
    DIR *handle = opendir(folder);
    const struct dirent *entry;
    if (handle == NULL && errno == ENOMEM) {
        DN_FAIL(DN_ENOMEM, "not enough memory to look for models in %s", folder);
    }
    while (handle != NULL && status == DN_OK && (entry = readdir(handle)) != NULL) {
        char *path;
        if (is_model_name(entry->d_name) && !has_name(*list, *count, entry->d_name)) {
            status = dn_path_join(folder, entry->d_name, &path);
            if (status == DN_OK) {
                status = append(list, count, path);
            }
        }
    }
    if (handle != NULL) {
        closedir(handle);
    }
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(dn_path_name(*(char *const *)a), dn_path_name(*(char *const *)b));
}

dn_status dn_store_list(char ***out, size_t *count)
{
    dn_status status;
    char **folders = NULL, **list = NULL;
    size_t folder_count = 0, found = 0;
    DN_TRY(folders_of(&folders, &folder_count));
    for (size_t i = 0; i < folder_count; ++i) {
        DN_TRY_GOTO(status, append_models(&list, &found, folders[i]), done);
    }
    if (found > 1) {
        qsort(list, found, sizeof *list, by_name);
    }
    *out = list;
    *count = found;
    list = NULL;
    found = 0;
    status = DN_OK;
done:
    dn_store_list_release(list, found);
    dn_store_list_release(folders, folder_count);
    return status;
}

/* "a, b and c" of folders or names; "" for none. */
static dn_status join(char **items, size_t count, bool names, char **out)
{
    char *text;
    DN_TRY(dn_strdup("", &text));
    for (size_t i = 0; i < count; ++i) {
        char *longer;
        const char *item = names ? dn_path_name(items[i]) : items[i];
        int length = (int)strlen(item) - (names ? (int)strlen(EXTENSION) : 0);
        dn_status status = dn_asprintf(&longer, "%s%s%.*s", text, i == 0 ? "" : ", ", length, item);
        free(text);
        DN_TRY(status);
        text = longer;
    }
    *out = text;
    return DN_OK;
}

static dn_status not_found(const char *name)
{
    dn_status status;
    char **folders = NULL, **models = NULL, *where = NULL, *there = NULL;
    size_t folder_count = 0, model_count = 0;
    DN_TRY_GOTO(status, folders_of(&folders, &folder_count), done);
    DN_TRY_GOTO(status, dn_store_list(&models, &model_count), done);
    DN_TRY_GOTO(status, join(folders, folder_count, false, &where), done);
    DN_TRY_GOTO(status, join(models, model_count, true, &there), done);
    const char *own = environment_folder();
    const bool own_missing = own != NULL && !dn_path_is_folder(own);
    status = dn_error_set(DN_EINPUT,
                          "there is no model \"%s\" (searched: %s; found: %s%s%s%s); give a .safetensors file, or set DIEN_MODELS to the "
                          "folder of the models",
                          name, *where != '\0' ? where : "no folder exists", *there != '\0' ? there : "none",
                          own_missing ? "; DIEN_MODELS is " : "", own_missing ? own : "", own_missing ? ", which is not a folder" : "");
    status = dn_error_offer(status, DN_REMEDY_IMPORT);
done:
    free(where);
    free(there);
    dn_store_list_release(models, model_count);
    dn_store_list_release(folders, folder_count);
    return status;
}

dn_status dn_model_find(const char *name_or_path, char **path)
{
    dn_status status;
    char **models;
    size_t count;
    bool is_path = strchr(name_or_path, '/') != NULL;
    if (is_path || (is_model_name(name_or_path) && dn_path_exists(name_or_path))) {
        if (!dn_path_exists(name_or_path)) {
            DN_FAIL(DN_EINPUT, "there is no model file %s", name_or_path);
        }
        if (dn_path_is_folder(name_or_path)) {
            DN_FAIL(DN_EINPUT,
                    "%s is a folder, not a model file; name a .safetensors file, or set DIEN_MODELS to the folder and name the model",
                    name_or_path);
        }
        return path == NULL ? DN_OK : dn_strdup(name_or_path, path);
    }
    DN_TRY(dn_store_list(&models, &count));
    status = DN_EINPUT;
    for (size_t i = 0; i < count; ++i) {
        const char *name = dn_path_name(models[i]);
        size_t length = strlen(name) - strlen(EXTENSION);
        if (strcmp(name, name_or_path) == 0 || (strlen(name_or_path) == length && strncmp(name, name_or_path, length) == 0)) {
            status = path == NULL ? DN_OK : dn_strdup(models[i], path);
            break;
        }
    }
    dn_store_list_release(models, count);
    return status == DN_EINPUT ? not_found(name_or_path) : status;
}

dn_status dn_model_open(const char *name_or_path, dn_model **out)
{
    char *path;
    DN_TRY(dn_model_find(name_or_path, &path));
    dn_status status = dn_model_read(path, out);
    free(path);
    return status;
}

dn_status dn_store_user_folder(char **path)
{
    char *folder;
    if (environment_folder() != NULL) {
        DN_TRY(dn_strdup(environment_folder(), &folder));
    } else {
        DN_TRY(dn_install_user_path("models", &folder));
    }
    if (folder == NULL) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_NAME_FILE,
                      "HOME is not set, so there is no folder for your own models; set HOME or DIEN_MODELS, or name the file");
    }
    dn_status status = dn_path_make_folder(folder);
    if (status != DN_OK) {
        free(folder);
        return status;
    }
    *path = folder;
    return DN_OK;
}
