/* Any text as a Keras model_config: a network or a refusal. The HDF5 container around it is for fuzz_hdf5.c. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "models/keras/graph.h"
#include "models/registry.h"

#include <string.h>

#define INPUT(rank) "{\"class_name\":\"InputLayer\",\"name\":\"i\",\"config\":{\"batch_input_shape\":[" rank "2]},\"inbound_nodes\":[]}"
#define L(class_name, name, from, config)                                                                                                  \
    ",{\"class_name\":\"" class_name "\",\"name\":\"" name "\",\"config\":{" config "},\"inbound_nodes\":[[" from "]]}"
#define F(name) "[\"" name "\",0,0,{}]"
#define END(name) "],\"output_layers\":[[\"" name "\",0,0]]}}"

static const char *const seeds[] = {
    "{\"class_name\":\"Model\",\"config\":{\"layers\":[" INPUT("null,null,16,")
        L("Conv2D", "a", F("i"), "\"filters\":4,\"kernel_size\":[3,3],\"padding\":\"same\",\"strides\":[2,2],\"activation\":\"relu\"")
            L("BatchNormalization", "b", F("a"), "\"axis\":[3],\"epsilon\":0.001,\"scale\":false")
                L("Activation", "s", F("b"), "\"activation\":{\"class_name\":\"function\",\"config\":\"swish\"}")
                    L("GlobalAveragePooling2D", "g", F("s"), "") L("Reshape", "h", F("g"), "\"target_shape\":[1,1,4]")
                        L("Multiply", "m", F("h") "," F("s"), "")
                            L("DepthwiseConv2D", "d", F("m"), "\"kernel_size\":[3,3],\"depth_multiplier\":2,\"padding\":\"same\"")
                                L("SeparableConv2D", "e", F("d"), "\"filters\":3,\"kernel_size\":[3,3],\"padding\":\"same\"")
                                    L("Conv2DTranspose", "t", F("e"),
                                      "\"filters\":3,\"kernel_size\":[4,4],\"strides\":[2,2],\"padding\":\"same\"")
                                        L("Concatenate", "c", F("t") "," F("i"), "\"axis\":-1") L("ZeroPadding2D", "z", F("c"),
                                                                                                  "\"padding\":[[1,0],[0,1]]")
                                            L("LeakyReLU", "l", F("z"), "\"alpha\":{\"type\":\"ndarray\",\"value\":0.3}")
                                                L("FixedDropout", "f", F("l"), "\"rate\":0.2")
                                                    L("Lambda", "n", F("f"),
                                                      "\"function\":[\"c29mdG1heA==\",null,null],\"function_type\":\"lambda\"") END("n"),
    "{\"class_name\":\"Functional\",\"config\":{\"layers\":[" INPUT("null,8,8,8,")
        L("Conv3D", "a", F("i"), "\"filters\":4,\"kernel_size\":3,\"dilation_rate\":[2,2,2],\"groups\":2")
            L("ELU", "e", F("a"), "\"alpha\":1.0") L("MaxPooling3D", "p", F("e"), "\"pool_size\":[2,2,2],\"strides\":null")
                L("UpSampling3D", "u", F("p"), "\"size\":[2,2,2]") L("Cropping3D", "c", F("u"), "\"cropping\":1")
                    L("Add", "s", F("c") "," F("c") "," F("c"), "") L("Dense", "d", F("s"), "\"units\":3,\"activation\":\"softmax\"")
                        END("d"),
    "{\"class_name\":\"Sequential\",\"config\":[{\"class_name\":\"Conv2D\",\"config\":{\"name\":\"a\",\"filters\":4,\"kernel_size\":[3,3],"
    "\"batch_input_shape\":[null,16,16,3]}},{\"class_name\":\"ReLU\",\"config\":{\"name\":\"r\",\"negative_slope\":0.1}}]}",
    "{\"class_name\":\"Functional\",\"config\":{\"layers\":[" INPUT(
        "null,16,16,") ",{\"class_name\":\"Softmax\",\"name\":\"o\",\"config\":{},\"inbound_nodes\":[{\"args\":[{\"class_name\":\"__keras_"
                       "tensor__\",\"config\":"
                       "{\"keras_history\":[\"i\",0,0]}}],\"kwargs\":{}}]}],\"output_layers\":[\"o\",0,0]}}",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    char version[] = "2.4.0";
    dn_keras_network network = {0};
    if (text == NULL) {
        return 0;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
    dn_keras_file file = {.config = text, .version = version};
    dn_status status = dn_keras_network_read(&file, "fuzz", NULL, &network);
    if (status == DN_OK) { /* what is translated can be built, or is refused */
        char *config = json_dumps(network.config, 0);
        dn_graph *graph;
        int64_t depth = network.dims == 3 ? 16 : 1;
        status =
            config != NULL ? dn_architecture_build("graph", config, "fuzz", (dn_shape){1, depth, 16, 16, network.channels}, &graph) : DN_OK;
        if (config != NULL && status == DN_OK) {
            dn_graph_destroy(graph);
        }
        free(config);
    }
    fuzz_check(status);
    dn_keras_network_release(&network);
    free(text);
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t *out, size_t capacity)
{
    return fuzz_seed_text(seeds, sizeof seeds / sizeof *seeds, index, out, capacity);
}
