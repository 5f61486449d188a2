/* Makes one sample from a label map: shape, appearance, removed skull or face, and the field of view. */
#include "synth/generator.h"

#include "synth/pulvinar.h"

dn_synth_options dn_synth_defaults(void)
{
    return (dn_synth_options){
        .shape = {.rotation_degrees = 15.0,
                  .scaling = 0.15,
                  .shear = 0.08,
                  .translation_mm = 8.0,
                  .displacement_mm = 5.0,
                  .control_mm = 24.0,
                  .mirror_probability = 0.5},
        .appearance = {.free_contrast_probability = 0.2,
                       .prior_width = 1.5,
                       .inner = {.texture_mm = 6.0},
                       .texture_mm = 0.8,
                       .bias_sd = 0.4,
                       .bias_control_mm = 60.0,
                       .noise_sd = 0.08,
                       .gamma_sd = 0.25,
                       .blur_mm = 0.8,
                       .thick_probability = 0.3,
                       .thick_mm = 5.0,
                       .ghost_probability = 0.1,
                       .ghost_strength = 0.1,
                       .strip_probability = 0.25,
                       .deface_probability = 0.1,
                       .crop_probability = 0.1},
    };
}

dn_synth_options dn_synth_plain(void)
{
    /* With all of the spread the noise has 13 % of the contrast; real scans have 1 to 8 (docs/evidence/quality_limits.md). */
    return (dn_synth_options){.shape = {.control_mm = 50.0},
                              .appearance = {.less_spread = 0.7, .inner = {.texture_mm = 6.0}, .texture_mm = 0.6, .noise_sd = 0.01}};
}

#define FACE_MM 60.0
#define FACE_PER_LEAN 0.3

/* A stripped scan shows the brain, sometimes with the fluid around it. */
static void strip(const dn_labels *truth, const dn_tissues *tissues, dn_random *random, dn_volume *scan)
{
    uint8_t kept = dn_random_unit(random) < 0.5 ? DN_REGION_CSF : DN_REGION_BRAIN;
    int64_t count = dn_grid_count(&truth->grid);
    for (int64_t v = 0; v < count; ++v) {
        if (tissues->region[truth->data[v]] < kept) {
            scan->data[v] = 0.0f;
        }
    }
}

/* Cuts away the head (never the brain) in front of and below a plane that leans forward. World axes are RAS. Upright, the plane would lie
 * FACE_MM in front of the brain's middle; the more it leans, the further away it passes, so that the forehead stays. Both are a choice. */
static void deface(const dn_labels *truth, const dn_tissues *tissues, dn_random *random, dn_volume *scan)
{
    const dn_grid *grid = &truth->grid;
    double lean = dn_random_uniform(random, 0.3, 1.2);
    double centre[3] = {0.0, 0.0, 0.0};
    double brain = 0.0;
    for (int pass = 0; pass < 2; ++pass) {
        for (int64_t k = 0; k < grid->dim[2]; ++k) {
            for (int64_t j = 0; j < grid->dim[1]; ++j) {
                for (int64_t i = 0; i < grid->dim[0]; ++i) {
                    int64_t v = dn_grid_offset(grid, i, j, k);
                    dn_region region = (dn_region)tissues->region[truth->data[v]];
                    double xyz[3];
                    dn_affine_apply(&grid->affine, (const double[3]){(double)i, (double)j, (double)k}, xyz);
                    if (pass == 0 && region == DN_REGION_BRAIN) {
                        centre[1] += xyz[1];
                        centre[2] += xyz[2];
                        brain += 1.0;
                    } else if (pass == 1 && region == DN_REGION_HEAD &&
                               (xyz[1] - centre[1]) - lean * (xyz[2] - centre[2]) > FACE_MM * (1.0 + FACE_PER_LEAN * lean)) {
                        scan->data[v] = 0.0f;
                    }
                }
            }
        }
        if (pass == 0) {
            if (brain < 1.0) {
                return;
            }
            centre[1] /= brain;
            centre[2] /= brain;
        }
    }
}

dn_status dn_synth_sample(const dn_labels *map, const dn_tissues *tissues, const dn_grid *target, const double centre[3],
                          const dn_synth_options *options, dn_random *random, dn_volume **scan, dn_labels **truth)
{
    dn_status status = DN_OK;
    dn_deform *deform = NULL;
    dn_labels *labels = NULL;
    dn_volume *volume = NULL;
    const dn_appearance_options *appearance = &options->appearance;
    DN_TRY_GOTO(status, dn_deform_random(target, centre, &options->shape, random, &deform), done);
    DN_TRY_GOTO(status, dn_deform_labels(map, deform, tissues->swap, &labels), done);
    DN_TRY_GOTO(status, dn_appearance_paint(labels, tissues, appearance, random, &volume), done);
    DN_TRY_GOTO(status, dn_inner_paint(volume, labels, tissues, &appearance->inner, random), done);
    dn_pulvinar_paint(volume, labels, tissues, appearance->pulvinar, random);
    DN_TRY_GOTO(status, dn_border_rim(volume, labels, tissues, &appearance->border, random), done);
    double sd = dn_random_uniform(random, 0.3 * appearance->texture_mm, appearance->texture_mm);
    DN_TRY_GOTO(status, dn_border_blur(volume, labels, tissues, &appearance->border, sd, random), done);
    double what = dn_random_unit(random);
    if (what < appearance->strip_probability) {
        strip(labels, tissues, random, volume);
    } else if (what < appearance->strip_probability + appearance->deface_probability) {
        deface(labels, tissues, random, volume);
    }
    DN_TRY_GOTO(status, dn_appearance_degrade(volume, appearance, random), done);
    *scan = volume;
    *truth = labels;
    volume = NULL;
    labels = NULL;
done:
    dn_volume_destroy(volume);
    dn_labels_destroy(labels);
    dn_deform_destroy(deform);
    return status;
}
