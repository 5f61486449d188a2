/* Reads the part `augmentation:` of a config: how shape and appearance of samples are changed. */
#include "train/config_private.h"

#include <stdbool.h>
#include <string.h>

/* Whether the preset is "plain", whatever line it stands on: what is named beside it changes it. */
static bool is_plain(dn_yaml *yaml, const yaml_node_t *node)
{
    bool plain = false;
    for (const yaml_node_pair_t *pair = node != NULL ? node->data.mapping.pairs.start : NULL;
         pair != NULL && pair < node->data.mapping.pairs.top; ++pair) {
        const yaml_node_t *key = yaml_document_get_node(&yaml->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&yaml->document, pair->value);
        if (key->type == YAML_SCALAR_NODE && strcmp((const char *)key->data.scalar.value, "preset") == 0 &&
            value->type == YAML_SCALAR_NODE) {
            plain = strcmp((const char *)value->data.scalar.value, "plain") == 0;
        }
    }
    return plain;
}

/* What does not fit is refused; what is not used is left out of the canonical form. */
static dn_status settle(dn_yaml *yaml, const yaml_node_t *node, const dn_train_config *config, json_t *canonical)
{
    const dn_deform_options *shape = &config->synth.shape;
    if (config->dims == 3) {
        static const char *const of_slices[] = {"tilt_degrees", "slip_mm", "contrast_probability", "zscore_jitter"};
        for (size_t i = 0; i < sizeof of_slices / sizeof *of_slices; ++i) {
            json_object_del(canonical, of_slices[i]);
        }
    }
    if (config->dims == 2 && (shape->cleft_mm > 0.0 || shape->sides_change > 0.0)) {
        return dn_yaml_fail(yaml, node, "augmentation.%s is for 3-D networks", shape->cleft_mm > 0.0 ? "ventricle_mm" : "sides_volume");
    }
    if (!(shape->sides_change > 0.0)) {
        json_object_del(canonical, "sides_volume");
    }
    if (!(shape->cleft_mm > 0.0) || !(shape->cleft_pressed > 0.0)) {
        json_object_del(canonical, "ventricle_pressed");
    }
    if (!(shape->cleft_mm > 0.0)) {
        json_object_del(canonical, "ventricle_mm"); /* runs from before it was there go on */
    }
    if (config->range_low >= config->range_high) {
        return dn_yaml_fail(yaml, node, "augmentation.range_low is %g, not below range_high (%g)", config->range_low, config->range_high);
    }
    return DN_OK;
}

dn_status dn_config_augmentation(dn_yaml *yaml, const yaml_node_t *node, dn_train_config *config)
{
    int preset = 0;
    yaml_node_t *contrast = NULL;
    json_t *canonical = json_object();
    json_object_set_new(config->canonical, "augmentation", canonical);
    config->range_high = 1.0;
    preset = is_plain(yaml, node);
    config->synth = preset == 1 ? dn_synth_plain() : dn_synth_defaults();
    dn_deform_options *shape = &config->synth.shape;
    dn_appearance_options *look = &config->synth.appearance;
#define REAL(name, place, least, most) {.key = #name, .kind = DN_YAML_REAL, .to = &(place), .low = (least), .high = (most)}
    shape->flat = config->dims == 2;
    config->slices.contrast_probability = 1.0;
    const dn_yaml_field fields[] = {
        {.key = "preset", .kind = DN_YAML_CHOICE, .to = &preset, .choices = "shipped|plain"},
        REAL(rotation_degrees, shape->rotation_degrees, 0, 180),
        REAL(scaling, shape->scaling, 0, 0.9),
        REAL(shear, shape->shear, 0, 1),
        REAL(translation_mm, shape->translation_mm, 0, 500),
        REAL(displacement_mm, shape->displacement_mm, 0, 100),
        REAL(control_mm, shape->control_mm, 1, 500),
        REAL(mirror_probability, shape->mirror_probability, 0, 1),
        REAL(free_contrast_probability, look->free_contrast_probability, 0, 1),
        REAL(prior_width, look->prior_width, 0, 100),
        REAL(inner_gradient, look->inner.gradient, 0, 1),
        REAL(inner_texture, look->inner.texture, 0, 1),
        REAL(inner_texture_mm, look->inner.texture_mm, 1, 100),
        REAL(pulvinar, look->pulvinar, 0, 1),
        REAL(border_share, look->border.share, 0, 1),
        REAL(rim_probability, look->border.rim_probability, 0, 1),
        REAL(texture_mm, look->texture_mm, 0, 20),
        REAL(bias_sd, look->bias_sd, 0, 5),
        REAL(bias_control_mm, look->bias_control_mm, 5, 1000),
        REAL(noise_sd, look->noise_sd, 0, 2),
        REAL(gamma_sd, look->gamma_sd, 0, 3),
        REAL(blur_mm, look->blur_mm, 0, 20),
        REAL(thick_probability, look->thick_probability, 0, 1),
        REAL(thick_mm, look->thick_mm, 1, 50),
        REAL(ghost_probability, look->ghost_probability, 0, 1),
        REAL(ghost_strength, look->ghost_strength, 0, 1),
        REAL(strip_probability, look->strip_probability, 0, 1),
        REAL(deface_probability, look->deface_probability, 0, 1),
        REAL(crop_probability, look->crop_probability, 0, 1),
        REAL(range_low, config->range_low, 0, 0.5),
        REAL(range_high, config->range_high, 0.1, 1),
        REAL(ventricle_mm, shape->cleft_mm, 0, 10),
        REAL(ventricle_pressed, shape->cleft_pressed, 0, 1),
        REAL(sides_volume, shape->sides_change, 0, 0.5),
        REAL(tilt_degrees, shape->tilt_degrees, 0, 45),
        REAL(slip_mm, shape->slip_mm, 0, 50),
        REAL(contrast_probability, config->slices.contrast_probability, 0, 1),
        REAL(zscore_jitter, config->slices.jitter, 0, 1),
        {.key = "contrast_factors", .kind = DN_YAML_SEQUENCE, .to = &contrast},
        {0},
    };
#undef REAL
    if (node == NULL) {
        json_object_set_new(canonical, "preset", json_string("shipped"));
        return DN_OK;
    }
    DN_TRY(dn_yaml_fields(yaml, node, "augmentation", fields, canonical));
    if (contrast != NULL) {
        DN_TRY(dn_config_contrast(yaml, contrast, config, canonical));
    }
    return settle(yaml, node, config, canonical);
}
