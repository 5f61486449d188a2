/* Any text as the configuration of any architecture: a graph or a refusal. The first byte chooses the architecture. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "models/registry.h"

#include <string.h>

static const char *const seeds[] = {
    "0{\"dims\":3,\"nodes\":[{\"op\":\"input\",\"name\":\"i\",\"channels\":1},"
    "{\"op\":\"conv\",\"name\":\"c\",\"input\":\"i\",\"out\":2,\"kernel\":[3,3,3],\"stride\":2,\"dilation\":1,\"groups\":1,\"padding\":"
    "\"same\",\"bias\":true},"
    "{\"op\":\"norm\",\"name\":\"n\",\"input\":\"c\",\"kind\":\"batch\",\"epsilon\":0.001},"
    "{\"op\":\"activation\",\"name\":\"a\",\"input\":\"n\",\"kind\":\"leaky_relu\",\"alpha\":0.1},"
    "{\"op\":\"pool\",\"name\":\"p\",\"input\":\"a\",\"kind\":\"max\",\"kernel\":2,\"padding\":\"explicit\",\"pad_begin\":0,\"pad_end\":1},"
    "{\"op\":\"deconv\",\"name\":\"d\",\"input\":\"p\",\"out\":2,\"kernel\":2,\"stride\":2,\"padding\":\"valid\"},"
    "{\"op\":\"global_pool\",\"name\":\"g\",\"input\":\"d\",\"kind\":\"average\"},"
    "{\"op\":\"dense\",\"name\":\"e\",\"input\":\"g\",\"out\":2},"
    "{\"op\":\"multiply\",\"name\":\"m\",\"inputs\":[\"d\",\"e\"]},"
    "{\"op\":\"add\",\"name\":\"s\",\"inputs\":[\"m\",\"d\"]},"
    "{\"op\":\"concat\",\"name\":\"k\",\"inputs\":[\"s\",\"d\"]},"
    "{\"op\":\"pad\",\"name\":\"z\",\"input\":\"k\",\"begin\":[1,0,0],\"end\":2},"
    "{\"op\":\"crop\",\"name\":\"r\",\"input\":\"z\",\"begin\":1,\"end\":[0,1,0]},"
    "{\"op\":\"upsample\",\"name\":\"u\",\"input\":\"r\",\"kind\":\"linear\",\"factor\":2},"
    "{\"op\":\"dropout\",\"name\":\"x\",\"input\":\"u\",\"rate\":0.5},"
    "{\"op\":\"softmax\",\"name\":\"o\",\"input\":\"x\"}],\"outputs\":[\"o\"]}",
    "1{\"classes\":3,\"features\":[2,3,4],\"convs\":2,\"kernel\":3,\"activation\":\"elu\",\"alpha\":1,\"norm\":\"instance\",\"epsilon\":0."
    "001,"
    "\"norm_at\":\"level\",\"skip\":\"before_norm\",\"residual\":true,\"down\":\"stride\",\"up\":\"deconv\",\"concat\":\"up_first\","
    "\"dropout\":0.1,"
    "\"output\":\"sigmoid\"}",
    "2{\"encoder\":\"vgg16\",\"classes\":2,\"decoder\":[8,8,8,8,8],\"output\":\"none\"}",
    "3{\"encoder\":\"resnet50\"}",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    dn_graph *graph;
    if (text == NULL || size == 0) {
        free(text);
        return 0;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
    const dn_architecture *architecture = dn_architecture_at(bytes[0] % dn_architecture_count());
    dn_shape shape = strstr(architecture->name, "2d") != NULL ? (dn_shape){1, 1, 32, 32, 3} : (dn_shape){1, 8, 8, 8, 1};
    dn_status status = dn_architecture_build(architecture->name, text + 1, "fuzz", shape, &graph);
    if (status == DN_OK) {
        dn_graph_destroy(graph);
    }
    fuzz_check(status);
    free(text);
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    return fuzz_seed_text(seeds, sizeof seeds / sizeof *seeds, index, out, capacity);
}
