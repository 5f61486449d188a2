/* Model files from elsewhere: a header of JSON, offsets into data, a network described by text. A file that is accepted
 * must also build, or be refused with a sentence. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "base/file.h"
#include "base/random.h"
#include "models/model.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[64];
    int fd = memfd_create("model", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    dn_model *model = NULL;
    dn_status status = dn_model_read(path, &model);
    fuzz_check(status);
    if (status == DN_OK) {
        dn_graph *graph = NULL;
        int64_t channels = model->input.channels;
        status = dn_model_graph(model, (dn_shape){1, 16, 16, 16, channels}, &graph);
        fuzz_check(status);
        if (status == DN_OK) {
            fuzz_check(dn_graph_check_weights(graph, model->weights));
            dn_graph_destroy(graph);
        }
        dn_model_destroy(model);
    }
    close(fd);
    return 0;
}

static dn_status make(const char *architecture, const char *config, const char *path)
{
    dn_status status = DN_OK;
    dn_model *model = NULL;
    dn_graph *graph = NULL;
    dn_random random;
    dn_random_seed(&random, 1);
    DN_TRY(dn_model_create("seed", architecture, config, &model));
    DN_TRY_GOTO(status, dn_model_add_label(model, 0, 0, "background", "background", 'B', "#000000"), done);
    DN_TRY_GOTO(status, dn_model_add_label(model, 1, 10, "left_thalamus", "thalamus", 'L', "#00ff00"), done);
    DN_TRY_GOTO(status, dn_model_graph(model, (dn_shape){1, 16, 16, 16, 1}, &graph), done);
    dn_weights_destroy(model->weights);
    model->weights = NULL;
    DN_TRY_GOTO(status, dn_graph_start_weights(graph, &random, &model->weights), done);
    DN_TRY_GOTO(status, dn_model_write(model, DN_STORE_F16, path), done);
done:
    dn_graph_destroy(graph);
    dn_model_destroy(model);
    return status;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    static const char *const seeds[][2] = {
        {"unet3d", "{\"classes\": 2, \"features\": [1, 1], \"convs\": 1}"},
        {"graph", "{\"dims\": 3, \"nodes\": [{\"op\":\"input\",\"name\":\"scan\",\"channels\":1},"
                  "{\"op\":\"conv\",\"name\":\"c0\",\"input\":\"scan\",\"out\":2,\"kernel\":[3,3,3],\"padding\":\"same\",\"bias\":true},"
                  "{\"op\":\"activation\",\"name\":\"a0\",\"input\":\"c0\",\"kind\":\"elu\",\"alpha\":1.0},"
                  "{\"op\":\"softmax\",\"name\":\"s\",\"input\":\"a0\"}],\"outputs\": [\"s\"]}"},
    };
    if (index >= sizeof seeds / sizeof *seeds) {
        return 0;
    }
    char path[] = "/tmp/dien-fuzz-XXXXXX";
    int fd = mkstemp(path);
    unsigned char *bytes = NULL;
    size_t size = 0;
    if (fd < 0) {
        return 0;
    }
    close(fd);
    dn_status status = make(seeds[index][0], seeds[index][1], path);
    if (status == DN_OK) {
        status = dn_file_read(path, (int64_t)capacity, &bytes, &size);
    }
    unlink(path);
    if (status != DN_OK) {
        fprintf(stderr, "seed %u: %s\n", index, dn_error_message());
        return 0;
    }
    memcpy(out, bytes, size);
    free(bytes);
    return size;
}
