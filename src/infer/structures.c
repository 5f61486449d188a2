/* Groups a model's labels by structure and side, and finds the mirrored partner of each channel. */
#include "infer/structures.h"

#include <stdio.h>
#include <string.h>

/* Structures that models divide into parts named STRUCTURE_part. */
static const char *const divided[] = {"hypothalamus", "thalamus"};

static void whole_name(const char *structure, char out[64])
{
    snprintf(out, 64, "%s", structure);
    for (size_t i = 0; i < sizeof divided / sizeof *divided; ++i) {
        size_t n = strlen(divided[i]);
        if (strncmp(structure, divided[i], n) == 0 && structure[n] == '_') {
            snprintf(out, 64, "%s", divided[i]);
        }
    }
}

dn_status dn_structures_init(const dn_model *model, dn_structures *out)
{
    memset(out, 0, sizeof *out);
    out->model = model;
    for (size_t c = 0; c < DN_CHANNEL_LIMIT; ++c) {
        out->group_of[c] = DN_NO_GROUP;
    }
    for (size_t i = 0; i < model->label_count; ++i) {
        const dn_model_label *label = &model->labels[i];
        if (label->channel < 0 || label->channel >= DN_CHANNEL_LIMIT || label->index < 0 || label->index > 65535 ||
            out->label_of[label->channel] != NULL) {
            DN_FAIL(DN_EFORMAT,
                    "model %s: its label '%s' has channel %lld and number %lld; each channel may be named once, channels are below "
                    "%d and numbers below 65536",
                    model->name, label->name, (long long)label->channel, (long long)label->index, (int)DN_CHANNEL_LIMIT);
        }
        out->label_of[label->channel] = label;
        out->channels = label->channel + 1 > out->channels ? label->channel + 1 : out->channels;
        if (label->index == 0) {
            continue;
        }
        dn_group group;
        whole_name(label->structure, group.structure);
        group.hemi = label->hemi;
        size_t g = 0;
        while (g < out->group_count && (strcmp(out->group[g].structure, group.structure) != 0 || out->group[g].hemi != group.hemi)) {
            ++g;
        }
        if (g == DN_GROUP_LIMIT) {
            DN_FAIL(DN_EFORMAT, "model %s names more than %d structures and sides", model->name, (int)DN_GROUP_LIMIT);
        }
        if (g == out->group_count) {
            out->group[out->group_count++] = group;
        }
        out->group_of[label->channel] = (int)g;
    }
    if (out->group_count == 0) {
        DN_FAIL(DN_EFORMAT, "model %s names no structure in its metadata (dien.labels), so its output cannot be labelled", model->name);
    }
    return DN_OK;
}

dn_status dn_structures_check_channels(const dn_structures *structures, int64_t channels)
{
    if (channels != structures->channels) {
        DN_FAIL(DN_EFORMAT, "model %s has %lld output channels but names %lld", structures->model->name, (long long)channels,
                (long long)structures->channels);
    }
    return DN_OK;
}

size_t dn_structures_mirror(const dn_structures *structures, size_t group)
{
    for (size_t g = 0; g < structures->group_count; ++g) {
        if (g != group && strcmp(structures->group[g].structure, structures->group[group].structure) == 0) {
            return g;
        }
    }
    return group;
}

void dn_structures_mirror_channels(const dn_structures *structures, int64_t mirror[DN_CHANNEL_LIMIT])
{
    for (int64_t c = 0; c < structures->channels; ++c) {
        const dn_model_label *own = structures->label_of[c];
        mirror[c] = c;
        for (int64_t o = 0; o < structures->channels && own != NULL && own->hemi != 'B'; ++o) {
            const dn_model_label *other = structures->label_of[o];
            if (other != NULL && other->hemi != 'B' && other->hemi != own->hemi && strcmp(other->structure, own->structure) == 0) {
                mirror[c] = o;
            }
        }
    }
}

bool dn_structures_sees_mirror(const dn_model *model)
{
    const char *note = dn_model_note_find(model, "mirror");
    return note == NULL || strcmp(note, "no") != 0;
}

bool dn_structures_has(const dn_structures *structures, const char *structure)
{
    for (size_t g = 0; g < structures->group_count; ++g) {
        if (strcmp(structures->group[g].structure, structure) == 0) {
            return true;
        }
    }
    return false;
}
