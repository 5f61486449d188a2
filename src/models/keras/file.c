/* Reads layers, arrays and configuration from an HDF5 file. */
#define _GNU_SOURCE
#include "models/keras/file.h"

#include "base/file.h"
#include "base/memory.h"
#include "models/keras/probe.h"

#include <hdf5.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT ((size_t)64 << 20)  /* of a configuration or a list of names */
#define NAME_LIMIT ((size_t)100000)    /* layers, arrays of a layer */
#define COUNT_LIMIT ((int64_t)1 << 28) /* elements of all arrays: ten times the largest published network for such scans */

typedef struct text_list {
    char **items;
    size_t count;
    size_t bytes;
} text_list;

static void text_list_release(text_list *list)
{
    for (size_t i = 0; i < list->count; ++i) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (text_list){0};
}

static dn_status text_list_add(text_list *list, const char *text, size_t length)
{
    char *copy;
    list->bytes += length;
    if (list->count >= NAME_LIMIT || list->bytes > TEXT_LIMIT) {
        DN_FAIL(DN_EFORMAT, "it lists more than %zu names or %zu MiB of text", NAME_LIMIT, TEXT_LIMIT >> 20);
    }
    DN_TRY(dn_asprintf(&copy, "%.*s", (int)length, text));
    dn_status status = dn_realloc(&list->items, list->count + 1, sizeof *list->items, "a list of names");
    if (status != DN_OK) {
        free(copy);
        return status;
    }
    list->items[list->count++] = copy;
    return DN_OK;
}

/* The texts of an open attribute, of fixed or variable length, appended to list. An attribute of another type (Keras
 * writes empty lists as empty arrays of numbers) must be empty. */
static dn_status read_texts(hid_t attribute, const char *path, const char *name, text_list *list)
{
    dn_status status = DN_OK;
    char *fixed = NULL;
    char **variable = NULL;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t points = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    if (type < 0 || points < 0 || (size_t)points > NAME_LIMIT) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the attribute %s cannot be read; the file is damaged", path, name);
    }
    if (points == 0) {
        goto done;
    }
    if (H5Tget_class(type) != H5T_STRING) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the attribute %s is not a text", path, name);
    }
    if (H5Tis_variable_str(type) > 0) {
        DN_TRY_GOTO(status, dn_alloc(&variable, (size_t)points, sizeof *variable, name), done);
        if (H5Aread(attribute, type, variable) < 0) {
            DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the attribute %s cannot be read; the file is damaged", path, name);
        }
        for (hssize_t i = 0; i < points && status == DN_OK; ++i) {
            const char *text = variable[i] != NULL ? variable[i] : "";
            size_t length = strlen(text);
            status = length > TEXT_LIMIT ? dn_error_set(DN_EFORMAT, "%s: the attribute %s is too long", path, name)
                                         : text_list_add(list, text, length);
        }
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, variable);
    } else {
        size_t width = H5Tget_size(type);
        if (width == 0 || width > TEXT_LIMIT || (size_t)points > TEXT_LIMIT / width) {
            DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the attribute %s is too long", path, name);
        }
        DN_TRY_GOTO(status, dn_alloc(&fixed, (size_t)points, width, name), done);
        if (H5Aread(attribute, type, fixed) < 0) {
            DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the attribute %s cannot be read; the file is damaged", path, name);
        }
        for (hssize_t i = 0; i < points; ++i) {
            const char *text = fixed + (size_t)i * width;
            DN_TRY_GOTO(status, text_list_add(list, text, strnlen(text, width)), done);
        }
    }
done:
    free(variable);
    free(fixed);
    if (space >= 0) {
        H5Sclose(space);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    return status;
}

static dn_status read_attribute(hid_t object, const char *path, const char *name, text_list *list)
{
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) {
        DN_FAIL(DN_EFORMAT, "%s: the attribute %s cannot be read; the file is damaged", path, name);
    }
    dn_status status = read_texts(attribute, path, name, list);
    H5Aclose(attribute);
    return dn_error_in_file(status, path);
}

/* A list that Keras may have cut into NAME0, NAME1, ... because HDF5 limits an attribute to 64 KB. */
static dn_status read_list(hid_t object, const char *path, const char *name, text_list *list)
{
    if (H5Aexists(object, name) > 0) {
        return read_attribute(object, path, name, list);
    }
    for (int part = 0;; ++part) {
        char part_name[64];
        snprintf(part_name, sizeof part_name, "%s%d", name, part);
        if (H5Aexists(object, part_name) <= 0) {
            if (part == 0) {
                DN_FAIL(DN_EFORMAT, "%s: has no attribute %s, so it is not a weight or model file of Keras", path, name);
            }
            return DN_OK;
        }
        DN_TRY(read_attribute(object, path, part_name, list));
    }
}

/* "" when absent. */
static dn_status read_one_text(hid_t object, const char *path, const char *name, bool *present, char **out)
{
    text_list list = {0};
    *present = H5Aexists(object, name) > 0;
    dn_status status = *present ? read_attribute(object, path, name, &list) : DN_OK;
    if (status == DN_OK) {
        status = dn_strdup(list.count > 0 ? list.items[0] : "", out);
    }
    text_list_release(&list);
    return status;
}

/* "conv2d_1/kernel:0" -> "kernel" */
static dn_status short_name(const char *name, char **out)
{
    const char *slash = strrchr(name, '/');
    const char *start = slash != NULL ? slash + 1 : name;
    return dn_asprintf(out, "%.*s", (int)strcspn(start, ":"), start);
}

/* Why an array's data could not be read: a filter that this HDF5 library lacks (a plugin's compression) is no damage. */
static dn_status cannot_read(hid_t set, const char *path, const char *layer, const char *name)
{
    hid_t plan = H5Dget_create_plist(set);
    const int filters = plan >= 0 ? H5Pget_nfilters(plan) : 0;
    for (int i = 0; i < filters; ++i) {
        unsigned flags, config;
        size_t values = 0;
        char filter_name[64] = "";
        H5Z_filter_t filter = H5Pget_filter2(plan, (unsigned)i, &flags, &values, NULL, sizeof filter_name, filter_name, &config);
        if (filter >= 0 && H5Zfilter_avail(filter) <= 0) {
            H5Pclose(plan);
            DN_FAIL(DN_EFORMAT,
                    "%s: the array %.100s of layer %.100s is packed by the filter %d%s%.60s, which this HDF5 library does not have; save "
                    "the network again without compression",
                    path, name, layer, (int)filter, *filter_name != '\0' ? " " : "", filter_name);
        }
    }
    if (plan >= 0) {
        H5Pclose(plan);
    }
    DN_FAIL(DN_EFORMAT, "%s: the array %.100s of layer %.100s cannot be read; the file is damaged", path, name, layer);
}

/* *left: elements that may still be read of the file. */
static dn_status read_array(hid_t group, const char *path, const char *layer, const char *name, int64_t *left, dn_keras_array *array)
{
    dn_status status = DN_OK;
    hsize_t dims[DN_KERAS_MAX_RANK] = {0};
    hid_t set = H5Dopen2(group, name, H5P_DEFAULT), type = -1, space = -1;
    if (set < 0) {
        DN_FAIL(DN_EFORMAT, "%s: the array %.100s of layer %.100s is missing", path, name, layer);
    }
    type = H5Dget_type(set);
    space = H5Dget_space(set);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    if (type < 0 || H5Tget_class(type) != H5T_FLOAT || rank < 0 || rank > DN_KERAS_MAX_RANK) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the array %.100s of layer %.100s is not one of up to %d axes of numbers", path, name,
                     layer, DN_KERAS_MAX_RANK);
    }
    if (rank > 0 && H5Sget_simple_extent_dims(space, dims, NULL) < 0) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the array %.100s of layer %.100s cannot be read", path, name, layer);
    }
    array->rank = (size_t)rank;
    for (int i = 0; i < rank; ++i) {
        array->dim[i] = dims[i] <= (hsize_t)COUNT_LIMIT ? (int64_t)dims[i] : -1;
    }
    if (!dn_mul_dims(array->dim, array->rank, &array->count) || array->count < 1) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the array %.100s of layer %.100s has an unusable size", path, name, layer);
    }
    if (array->count > *left) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT,
                     "%s: its arrays have more than %lld numbers, the most that is read of a network (at the array %.100s of layer %.100s)",
                     path, (long long)COUNT_LIMIT, name, layer);
    }
    *left -= array->count;
    /* A damaged header may promise more than the file holds. */
    if (H5Dget_storage_size(set) == 0) {
        DN_FAIL_GOTO(status, done, DN_EFORMAT, "%s: the array %.100s of layer %.100s has no data", path, name, layer);
    }
    DN_TRY_GOTO(status, short_name(name, &array->name), done);
    DN_TRY_GOTO(status, dn_alloc(&array->data, (size_t)array->count, sizeof *array->data, name), done);
    if (H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, array->data) < 0) {
        status = cannot_read(set, path, layer, name);
    }
done:
    if (space >= 0) {
        H5Sclose(space);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    H5Dclose(set);
    return status;
}

static dn_status read_layer(hid_t root, const char *path, int64_t *left, dn_keras_layer *layer)
{
    text_list names = {0};
    hid_t group = H5Gopen2(root, layer->name, H5P_DEFAULT);
    if (group < 0) {
        DN_FAIL(DN_EFORMAT, "%s: the layer %.100s is listed but missing", path, layer->name);
    }
    dn_status status;
    DN_TRY_GOTO(status, read_list(group, path, "weight_names", &names), done);
    DN_TRY_GOTO(status, dn_alloc(&layer->arrays, names.count, sizeof *layer->arrays, layer->name), done);
    for (size_t i = 0; i < names.count; ++i) {
        layer->array_count = i + 1;
        DN_TRY_GOTO(status, read_array(group, path, layer->name, names.items[i], left, &layer->arrays[i]), done);
    }
done:
    text_list_release(&names);
    H5Gclose(group);
    return status;
}

static dn_status read_layers(hid_t root, const char *path, dn_keras_file *file)
{
    text_list names = {0};
    dn_status status;
    int64_t left = COUNT_LIMIT;
    DN_TRY_GOTO(status, read_list(root, path, "layer_names", &names), done);
    DN_TRY_GOTO(status, dn_alloc(&file->layers, names.count, sizeof *file->layers, path), done);
    for (size_t i = 0; i < names.count; ++i) {
        file->layer_count = i + 1;
        file->layers[i].name = names.items[i];
        names.items[i] = NULL;
        DN_TRY_GOTO(status, read_layer(root, path, &left, &file->layers[i]), done);
    }
done:
    text_list_release(&names);
    return status;
}

static dn_status read_open_file(hid_t handle, const char *path, dn_keras_file *file)
{
    bool present;
    DN_TRY(read_one_text(handle, path, "model_config", &present, &file->config));
    if (!present) {
        free(file->config);
        file->config = NULL;
    }
    if (H5Lexists(handle, "model_weights", H5P_DEFAULT) <= 0) {
        DN_TRY(read_one_text(handle, path, "keras_version", &present, &file->version));
        return read_layers(handle, path, file);
    }
    hid_t root = H5Gopen2(handle, "model_weights", H5P_DEFAULT);
    if (root < 0) {
        DN_FAIL(DN_EFORMAT, "%s: model_weights cannot be read; the file is damaged", path);
    }
    dn_status status = read_one_text(handle, path, "keras_version", &present, &file->version);
    if (status == DN_OK && !present) {
        free(file->version);
        file->version = NULL;
        status = read_one_text(root, path, "keras_version", &present, &file->version);
    }
    if (status == DN_OK) {
        status = read_layers(root, path, file);
    }
    H5Gclose(root);
    return status;
}

static dn_status read_file(const char *path, dn_keras_file **out)
{
    dn_status status = DN_OK;
    dn_keras_file *file = NULL;
    H5E_auto2_t report;
    void *user;
    /* HDF5 prints its error stack by itself; our sentence is enough. */
    H5Eget_auto2(H5E_DEFAULT, &report, &user);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t handle = H5Fis_hdf5(path) > 0 ? H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT) : -1;
    if (handle < 0) {
        DN_FAIL_GOTO(status, done, DN_EINPUT,
                     "%s: is not an HDF5 file (Keras' .h5), or is cut short; the newer .keras files should be saved again as .h5", path);
    }
    DN_TRY_GOTO(status, dn_alloc(&file, 1, sizeof *file, path), done);
    DN_TRY_GOTO(status, read_open_file(handle, path, file), done);
    *out = file;
    file = NULL;
done:
    dn_keras_file_destroy(file);
    if (handle >= 0) {
        H5Fclose(handle);
    }
    H5Eset_auto2(H5E_DEFAULT, report, user);
    return status;
}

static dn_status read_and_forget(const char *path)
{
    dn_keras_file *file;
    DN_TRY(read_file(path, &file));
    dn_keras_file_destroy(file);
    return DN_OK;
}

dn_status dn_keras_file_read(const char *path, dn_keras_file **out)
{
    const dn_probe_limits limits = dn_probe_defaults();
    return dn_keras_file_read_within(path, &limits, out);
}

dn_status dn_keras_file_read_within(const char *path, const dn_probe_limits *limits, dn_keras_file **out)
{
    if (!dn_path_exists(path) || dn_path_is_folder(path)) {
        DN_FAIL(DN_EINPUT, "cannot read %s: there is no such file", path);
    }
    /* HDF5 is not made for several threads; and a child that another job started would keep this one's pipe open. */
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&one_at_a_time);
    dn_status status = dn_keras_probe(path, limits, read_and_forget);
    if (status == DN_OK) {
        status = read_file(path, out);
    }
    pthread_mutex_unlock(&one_at_a_time);
    return status;
}

void dn_keras_file_destroy(dn_keras_file *file)
{
    if (file == NULL) {
        return;
    }
    for (size_t i = 0; i < file->layer_count; ++i) {
        dn_keras_layer *layer = &file->layers[i];
        for (size_t k = 0; k < layer->array_count; ++k) {
            free(layer->arrays[k].name);
            free(layer->arrays[k].data);
        }
        free(layer->arrays);
        free(layer->name);
    }
    free(file->layers);
    free(file->config);
    free(file->version);
    free(file);
}

const dn_keras_layer *dn_keras_layer_find(const dn_keras_file *file, const char *name)
{
    for (size_t i = 0; i < file->layer_count; ++i) {
        if (strcmp(file->layers[i].name, name) == 0) {
            return &file->layers[i];
        }
    }
    return NULL;
}

/* Keras 1 called a layer's arrays NAME_W_1 and NAME_b_1. */
static bool has_old_names(const dn_keras_layer *layer)
{
    for (size_t i = 0; i < layer->array_count; ++i) {
        size_t length = strlen(layer->arrays[i].name);
        if (length < 3 || (strstr(layer->arrays[i].name, "_W") == NULL && strstr(layer->arrays[i].name, "_b") == NULL)) {
            return false;
        }
    }
    return layer->array_count > 0;
}

const dn_keras_array *dn_keras_array_find(const dn_keras_layer *layer, const char *name, size_t position)
{
    for (size_t i = 0; i < layer->array_count; ++i) {
        if (strcmp(layer->arrays[i].name, name) == 0) {
            return &layer->arrays[i];
        }
    }
    return has_old_names(layer) && position < layer->array_count ? &layer->arrays[position] : NULL;
}
