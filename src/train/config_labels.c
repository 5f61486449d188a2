/* Reads the part `labels:` of a config: which labels of the maps become which channel of the network. */
#include "train/config_private.h"

#include "base/memory.h"
#include "image/label_list.h"
#include "models/label_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "502" or "502-530". */
static dn_status read_range(const dn_yaml *yaml, const yaml_node_t *node, const char *where, uint16_t *low, uint16_t *high)
{
    const char *text;
    DN_TRY(dn_yaml_text(yaml, node, where, &text));
    const char *end = dn_label_range(text, 0, low, high);
    if (end == NULL || *end != '\0') {
        return dn_yaml_fail(yaml, node, "%s holds \"%.40s\"; it takes label numbers 0 to 65535 and ranges like 502-530", where, text);
    }
    return DN_OK;
}

static dn_status assign(dn_yaml *yaml, const yaml_node_t *list, const char *where, int16_t class, dn_train_config *config)
{
    const yaml_node_t *item;
    for (size_t i = 0; (item = dn_yaml_item(yaml, list, i)) != NULL; ++i) {
        uint16_t low, high;
        DN_TRY(read_range(yaml, item, where, &low, &high));
        for (int label = low; label <= high; ++label) {
            int16_t before = config->class_of[label];
            if (before != DN_CLASS_NONE) {
                return dn_yaml_fail(yaml, item, "label %d of %s is already taken by %s", label, where,
                                    before == DN_CLASS_IGNORE ? "ignore_labels" : config->classes[before].name);
            }
            config->class_of[label] = class;
        }
    }
    return DN_OK;
}

static dn_status fill(char **field, const char *text)
{
    return *field != NULL ? DN_OK : dn_strdup(text, field);
}

/* A colour of its own for each class that the table of labels does not know, bright, neighbours apart. */
static dn_status pick_colour(int64_t i, char **out)
{
    static const char *const palette[] = {"#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#46f0f0",
                                          "#f032e6", "#bcf60c", "#fabebe", "#008080", "#e6beff", "#9a6324", "#fffac8",
                                          "#800000", "#aaffc3", "#808000", "#ffd8b1", "#000075", "#a9a9a9"};
    return dn_strdup(i == 0 ? "#000000" : palette[(size_t)(i - 1) % (sizeof palette / sizeof *palette)], out);
}

static dn_status read_class(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config, json_t *canonical)
{
    int64_t number = config->class_count;
    dn_train_class *class = &config->classes[number];
    char where[64];
    yaml_node_t *from = NULL;
    int hemi = 3;
    snprintf(where, sizeof where, "labels[%d]", (int)number);
    if (node->type != YAML_MAPPING_NODE) {
        return dn_yaml_fail(yaml, node, "%s should hold `key: value` pairs: {name: left_thalamus, from: [10]}", where);
    }
    class->weight = 1.0;
    class->centre = 1.0;
    class->index = -1;
    ++config->class_count; /* what it owns is released with the config from now on */
    const dn_yaml_field fields[] = {
        {.key = "name", .kind = DN_YAML_TEXT, .to = &class->name, .required = true},
        {.key = "structure", .kind = DN_YAML_TEXT, .to = &class->structure},
        {.key = "hemi", .kind = DN_YAML_CHOICE, .to = &hemi, .choices = "L|R|B"},
        {.key = "index", .kind = DN_YAML_INTEGER, .to = &class->index, .high = 65535},
        {.key = "color", .kind = DN_YAML_TEXT, .to = &class->color},
        {.key = "weight", .kind = DN_YAML_REAL, .to = &class->weight, .high = 1e6},
        {.key = "centre", .kind = DN_YAML_REAL, .to = &class->centre, .high = 1e6},
        {.key = "from", .kind = DN_YAML_SEQUENCE, .to = &from, .required = true},
        {0},
    };
    DN_TRY(dn_yaml_fields(yaml, node, where, fields, canonical));
    bool left = strncmp(class->name, "left_", 5) == 0;
    bool right = strncmp(class->name, "right_", 6) == 0;
    class->hemi = hemi < 3 ? "LRB"[hemi] : left ? 'L' : right ? 'R' : 'B';
    DN_TRY(fill(&class->structure, class->name + (left ? 5 : right ? 6 : 0)));
    if (class->color == NULL) {
        dn_label_entry entry;
        bool known = number > 0 && dn_label_table_structure(class->structure, class->hemi, &entry);
        DN_TRY(known ? dn_asprintf(&class->color, "#%02x%02x%02x", entry.color[0], entry.color[1], entry.color[2])
                     : pick_colour(number, &class->color));
    }
    DN_TRY(assign(yaml, from, class->name, (int16_t)number, config));
    const yaml_node_t *first = dn_yaml_item(yaml, from, 0);
    if (first == NULL) {
        return dn_yaml_fail(yaml, from, "%s.from names no label", where);
    }
    if (class->index < 0) {
        uint16_t low, high;
        DN_TRY(read_range(yaml, first, where, &low, &high));
        class->index = low;
    }
    if (number == 0 && class->index != 0) {
        return dn_yaml_fail(yaml, node, "the first class is the background and needs index 0 (%s has %d)", class->name, (int)class->index);
    }
    for (int64_t i = 0; i < number; ++i) {
        if (strcmp(config->classes[i].name, class->name) == 0 || config->classes[i].index == class->index) {
            return dn_yaml_fail(yaml, node, "%s (index %d) and %s (index %d) have the same name or index", class->name, (int)class->index,
                                config->classes[i].name, (int)config->classes[i].index);
        }
    }
    return DN_OK;
}

static dn_status list_of_labels(const int16_t *class_of, int16_t class, json_t *out)
{
    for (int64_t label = 0; label < 65536; ++label) {
        if (class_of[label] == class && json_array_append_new(out, json_integer(label)) != 0) {
            DN_FAIL(DN_ENOMEM, "no memory for the labels of a config");
        }
    }
    return DN_OK;
}

dn_status dn_config_labels(dn_yaml *yaml, const yaml_node_t *labels, const yaml_node_t *ignore, dn_train_config *config)
{
    size_t count = (size_t)(labels->data.sequence.items.top - labels->data.sequence.items.start);
    if (count < 2 || count > DN_CLASS_LIMIT) {
        return dn_yaml_fail(yaml, labels, "labels lists %zu classes; it takes 2 to %d, the background first", count, DN_CLASS_LIMIT);
    }
    DN_TRY(dn_alloc(&config->classes, count, sizeof *config->classes, "the classes"));
    DN_TRY(dn_alloc(&config->class_of, 65536, sizeof *config->class_of, "the classes"));
    for (size_t i = 0; i < 65536; ++i) {
        config->class_of[i] = DN_CLASS_NONE;
    }
    if (ignore != NULL) {
        DN_TRY(assign(yaml, ignore, "ignore_labels", DN_CLASS_IGNORE, config));
    }
    json_t *list = json_array();
    json_t *ignored = json_array();
    json_object_set_new(config->canonical, "labels", list);
    json_object_set_new(config->canonical, "ignore_labels", ignored);
    for (size_t i = 0; i < count; ++i) {
        json_t *one = json_object();
        json_array_append_new(list, one);
        DN_TRY(read_class(yaml, dn_yaml_item(yaml, labels, i), config, one));
        json_t *from = json_array();
        json_object_set_new(one, "from", from);
        DN_TRY(list_of_labels(config->class_of, (int16_t)i, from));
        /* Looks do not decide the curve. */
        json_object_del(one, "color");
    }
    return list_of_labels(config->class_of, DN_CLASS_IGNORE, ignored);
}

dn_status dn_train_config_mirror(const dn_train_config *config, uint8_t mirror[256])
{
    mirror[DN_CLASS_IGNORE] = DN_CLASS_IGNORE;
    for (int64_t c = 0; c < config->class_count; ++c) {
        const dn_train_class *one = &config->classes[c];
        mirror[c] = (uint8_t)c;
        bool found = one->hemi == 'B';
        for (int64_t o = 0; o < config->class_count && !found; ++o) {
            const dn_train_class *other = &config->classes[o];
            if (other->hemi == (one->hemi == 'L' ? 'R' : 'L') && strcmp(one->structure, other->structure) == 0) {
                mirror[c] = (uint8_t)o;
                found = true;
            }
        }
        if (!found && config->synth.shape.mirror_probability > 0.0) {
            DN_FAIL(DN_EFORMAT,
                    "%s: class %s of structure %s has no partner on the other side, which mirroring needs; set "
                    "augmentation.mirror_probability to 0",
                    config->path, one->name, one->structure);
        }
    }
    return DN_OK;
}
