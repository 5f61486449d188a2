/* Reads and checks the nodes of the architecture "graph", and adds them to a network. */
#include "models/graph_json.h"

#include "base/memory.h"
#include "models/fields.h"
#include "net/ops/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_INPUTS 256
#define NODE_LIMIT 100000

typedef struct builder {
    dn_graph *graph;
    dn_shape input;
    int dims;
    json_t *names;     /* name -> node index */
    const char *where; /* of the config */
    bool has_input;
} builder;

/* One node while it is added: place is "FILE: dien.config, node \"c0\"". */
typedef struct node_source {
    const json_t *json;
    const char *name;
    char place[512];
} node_source;

static dn_status find_node(const builder *b, const node_source *node, const json_t *name, int *out)
{
    const json_t *index = json_is_string(name) ? json_object_get(b->names, json_string_value(name)) : NULL;
    if (index == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: there is no node \"%.64s\" before it for its input", node->place,
                json_is_string(name) ? json_string_value(name) : "?");
    }
    *out = (int)json_integer_value(index);
    return DN_OK;
}

static dn_status input_node(builder *b, const node_source *node, int *out)
{
    int64_t channels;
    DN_TRY(dn_fields_only(node->json, node->place, "op name channels"));
    DN_TRY(dn_fields_integer(node->json, node->place, "channels", 1, DN_FIELD_MOST, &channels));
    if (b->has_input) {
        DN_FAIL(DN_EFORMAT, "%s: a second input; a network must have one input", node->place);
    }
    if (channels != b->input.c) {
        DN_FAIL(DN_ESHAPE, "%s: the network takes %lld channels, but the image has %lld", node->place, (long long)channels,
                (long long)b->input.c);
    }
    b->has_input = true;
    *out = dn_graph_input(b->graph, node->name, b->input);
    return DN_OK;
}

/* Indices of the node's inputs, from "input" or "inputs" and by their names. *count: at most MOST_INPUTS. */
static dn_status read_inputs(const builder *b, const node_source *node, const dn_op *op, int inputs[MOST_INPUTS], int *count)
{
    json_t *names;
    *count = 1;
    if (op->max_inputs == 1) {
        const json_t *name = json_object_get(node->json, "input");
        if (name == NULL) {
            DN_FAIL(DN_EFORMAT, "%s: the key \"input\" is missing", node->place);
        }
        return find_node(b, node, name, &inputs[0]);
    }
    size_t most = op->max_inputs > MOST_INPUTS ? MOST_INPUTS : (size_t)op->max_inputs;
    DN_TRY(dn_fields_array(node->json, node->place, "inputs", 2, most, &names));
    *count = (int)json_array_size(names);
    for (int i = 0; i < *count; ++i) {
        DN_TRY(find_node(b, node, json_array_get(names, (size_t)i), &inputs[i]));
    }
    return DN_OK;
}

static dn_status known_keys(const node_source *node, const dn_op *op)
{
    char allowed[256];
    int length = snprintf(allowed, sizeof allowed, "op name %s", op->max_inputs == 1 ? "input" : "inputs");
    for (int f = 0; f < op->field_count; ++f) {
        length += snprintf(allowed + length, sizeof allowed - (size_t)length, " %s", op->fields[f].key);
    }
    return dn_fields_only(node->json, node->place, allowed);
}

/* One attribute of a node, from its JSON to its place. */
static dn_status read_field(const builder *b, const node_source *node, const dn_op_field *field, dn_node *out)
{
    void *to = (unsigned char *)out + field->offset;
    int choice;
    double real;
    dn_field_need need = field->decide != NULL ? field->decide(out) : field->need;
    if (need == DN_FIELD_UNREAD || (need == DN_FIELD_OPTIONAL && !dn_fields_has(node->json, field->key))) {
        return DN_OK;
    }
    switch (field->type) {
    case DN_FIELD_INTEGER:
        return dn_fields_integer(node->json, node->place, field->key, (int64_t)field->low, (int64_t)field->high, to);
    case DN_FIELD_REAL:
        DN_TRY(dn_fields_real(node->json, node->place, field->key, field->low, field->high, &real));
        *(float *)to = (float)real;
        return DN_OK;
    case DN_FIELD_BOOLEAN:
        return dn_fields_boolean(node->json, node->place, field->key, to);
    case DN_FIELD_CHOICE:
        DN_TRY(dn_fields_choice(node->json, node->place, field->key, field->choices, &choice));
        choice += field->first;
        memcpy(to, &choice, sizeof choice); /* an enum */
        return DN_OK;
    case DN_FIELD_AXES:
        return dn_fields_axes(node->json, node->place, field->key, b->dims, field->depth, (int64_t)field->low, (int64_t)field->high, to);
    }
    return DN_OK;
}

/* Any operation but the input, by its row in the table of operations (net/ops/op.h). */
static dn_status op_node(builder *b, const node_source *node, dn_op_kind kind, int *out)
{
    const dn_op *op = dn_op_of(kind);
    dn_node made = {.kind = kind};
    int inputs[MOST_INPUTS];
    int count;
    DN_TRY(known_keys(node, op));
    DN_TRY(read_inputs(b, node, op, inputs, &count));
    if (op->defaults != NULL) {
        op->defaults(&made);
    }
    for (int f = 0; f < op->field_count; ++f) {
        DN_TRY(read_field(b, node, &op->fields[f], &made));
    }
    *out = dn_graph_append(b->graph, made, node->name, inputs, count);
    return DN_OK;
}

static dn_status add_any(builder *b, const json_t *json, size_t position)
{
    node_source node = {.json = json};
    const char *op;
    int index = -1;
    snprintf(node.place, sizeof node.place, "%.400s, node %zu", b->where, position);
    if (!json_is_object(json)) {
        DN_FAIL(DN_EFORMAT, "%s: is not an object", node.place);
    }
    DN_TRY(dn_fields_text(json, node.place, "name", &node.name));
    snprintf(node.place, sizeof node.place, "%.400s, node \"%.80s\"", b->where, node.name);
    DN_TRY(dn_fields_text(json, node.place, "op", &op));
    if (*node.name == '\0' || json_object_get(b->names, node.name) != NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the name is %s", node.place, *node.name == '\0' ? "empty" : "taken by a node before it");
    }
    dn_op_kind kind;
    if (dn_op_find(op, &kind) == NULL) {
        DN_FAIL(DN_EFORMAT, "%s: the operation \"%.40s\" is not known", node.place, op);
    }
    DN_TRY(kind == DN_OP_INPUT ? input_node(b, &node, &index) : op_node(b, &node, kind, &index));
    if (json_object_set_new(b->names, node.name, json_integer(index)) != 0) {
        DN_FAIL(DN_ENOMEM, "%s: no memory", node.place);
    }
    return DN_OK;
}

static dn_status build(builder *b, const json_t *config)
{
    json_t *nodes, *outputs;
    int64_t dims;
    DN_TRY(dn_fields_only(config, b->where, "dims nodes outputs"));
    DN_TRY(dn_fields_integer(config, b->where, "dims", 2, 3, &dims));
    b->dims = (int)dims;
    if (b->dims == 2 && b->input.d != 1) {
        DN_FAIL(DN_ESHAPE, "%s: the network is 2-D and takes images of depth 1, not %lld", b->where, (long long)b->input.d);
    }
    DN_TRY(dn_fields_array(config, b->where, "nodes", 1, NODE_LIMIT, &nodes));
    DN_TRY(dn_fields_array(config, b->where, "outputs", 1, 16, &outputs));
    for (size_t i = 0; i < json_array_size(nodes); ++i) {
        DN_TRY(add_any(b, json_array_get(nodes, i), i));
    }
    for (size_t i = 0; i < json_array_size(outputs); ++i) {
        const json_t *name = json_array_get(outputs, i);
        const json_t *index = json_is_string(name) ? json_object_get(b->names, json_string_value(name)) : NULL;
        if (index == NULL) {
            DN_FAIL(DN_EFORMAT, "%s: output %zu names no node", b->where, i);
        }
        dn_graph_output(b->graph, (int)json_integer_value(index), json_string_value(name));
    }
    return DN_OK;
}

dn_status dn_graph_json_build(const json_t *config, const char *where, dn_shape input, dn_graph *graph)
{
    builder b = {.graph = graph, .input = input, .where = where, .names = json_object()};
    if (b.names == NULL) {
        DN_FAIL(DN_ENOMEM, "%s: no memory", where);
    }
    dn_status status = build(&b, config);
    json_decref(b.names);
    return status;
}
