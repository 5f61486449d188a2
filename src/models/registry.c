/* The list of architectures, and the call of the one that a config names. */
#include "models/registry.h"

#include "models/fields.h"
#include "models/graph_json.h"
#include "models/unet2d.h"
#include "models/unet3d.h"

#include <stdio.h>
#include <string.h>

static const dn_architecture architectures[] = {
    {"graph", "any network, as a list of nodes", 0, dn_graph_json_build},
    {"unet3d", "3-D U-Net, plain or residual", 3, dn_unet3d_build},
    {"unet2d", "2-D U-Net with an image encoder, as in segmentation_models", 2, dn_unet2d_build},
    {"encoder2d", "image encoder alone, a start for unet2d", 2, dn_encoder2d_build},
};

size_t dn_architecture_count(void)
{
    return sizeof architectures / sizeof architectures[0];
}

const dn_architecture *dn_architecture_at(size_t i)
{
    return &architectures[i];
}

const dn_architecture *dn_architecture_find(const char *name)
{
    for (size_t i = 0; i < dn_architecture_count(); ++i) {
        if (strcmp(architectures[i].name, name) == 0) {
            return &architectures[i];
        }
    }
    return NULL;
}

int dn_architecture_dims(const dn_architecture *architecture, const json_t *config)
{
    if (architecture->dims != 0) {
        return architecture->dims;
    }
    return json_integer_value(json_object_get(config, "dims")) == 2 ? 2 : 3;
}

dn_status dn_architecture_build(const char *name, const char *config, const char *where, dn_shape input, dn_graph **out)
{
    dn_status status;
    json_t *json = NULL;
    dn_graph *graph = NULL;
    char place[512];
    const dn_architecture *architecture = dn_architecture_find(name);
    if (architecture == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: there is no architecture \"%.64s\"", where, name);
    }
    snprintf(place, sizeof place, "%.480s: dien.config", where);
    DN_TRY_GOTO(status, dn_fields_parse(config, JSON_OBJECT, place, &json), done);
    DN_TRY_GOTO(status, dn_graph_create(&graph), done);
    DN_TRY_GOTO(status, architecture->build(json, place, input, graph), done);
    status = dn_graph_finish(graph);
    if (status != DN_OK) {
        status = dn_error_context(status, "%.480s", where);
        goto done;
    }
    *out = graph;
    graph = NULL;
done:
    dn_graph_destroy(graph);
    json_decref(json);
    return status;
}
