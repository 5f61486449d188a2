/* The brain of a made hemisphere is found again on two contrasts, in fluid and a bag and under a bias field, and the field with it. */
#include "hemisphere_maker.h"
#include "labelmap/background.h"
#include "prepare/bias_field.h"
#include "test.h"

#include "image/morphology.h"

static const char head[] = DIEN_SOURCE_FOLDER "/share/template/head.nii.gz";

/* The truth of the mask: tissue, and cavities that are closed all around, as the mask has them. */
static void true_mask(const hemisphere *it, uint8_t *mask)
{
    for (int64_t v = 0; v < dn_grid_count(&it->truth->grid); ++v) {
        mask[v] = it->truth->data[v] != 0;
    }
    assert_ok(dn_mask_fill_holes(mask, it->truth->grid.dim));
}

static double dice(const uint8_t *a, const uint16_t *b, int64_t count, bool of_background)
{
    double both = 0.0, sum = 0.0;
    for (int64_t v = 0; v < count; ++v) {
        const bool x = (a[v] != 0) != of_background, y = (b[v] != 0) != of_background;
        both += x && y;
        sum += x + y;
    }
    return 2.0 * both / sum;
}

/* Correlation of the logarithms of two fields inside the mask. */
static double correlation(const dn_volume *a, const dn_volume *b, const uint8_t *mask)
{
    double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (int64_t v = 0; v < dn_grid_count(&a->grid); ++v) {
        if (mask[v]) {
            const double p = log((double)a->data[v]), q = log((double)b->data[v]);
            n += 1;
            x += p;
            y += q;
            xx += p * p;
            yy += q * q;
            xy += p * q;
        }
    }
    return (xy - x * y / n) / sqrt((xx - x * x / n) * (yy - y * y / n));
}

static void found_again(bool inverted)
{
    static const dn_background_options usual = {.seed = 1};
    static const dn_bias_options bias = {.seed = 1};
    hemisphere_how how = hemisphere_usual;
    hemisphere it;
    dn_labels *mask = NULL;
    dn_volume *field = NULL;
    dn_background found;
    dn_bias_field fitted;
    uint8_t *truth = NULL;
    how.inverted = inverted;
    assert_ok(hemisphere_make(head, &how, &it));
    const int64_t count = dn_grid_count(&it.truth->grid);
    assert_ok(dn_alloc(&truth, (size_t)count, 1, "a mask"));
    true_mask(&it, truth);
    assert_ok(dn_background_find(it.scan, &usual, &mask, &found));
    const double background = dice(truth, mask->data, count, true), brain = dice(truth, mask->data, count, false);
    for (int64_t v = 0; v < count; ++v) {
        truth[v] = mask->data[v] != 0;
    }
    assert_ok(dn_bias_find(it.scan, truth, &bias, &fitted));
    assert_ok(dn_bias_field_draw(&fitted, &it.scan->grid, &field));
    const double r = correlation(field, it.field, truth);
    printf("%s: background Dice %.4f, brain Dice %.4f (%.0f mL), field r = %.4f\n", inverted ? "fluid bright" : "fluid dark", background,
           brain, found.volume_ml, r);
    assert_true(background >= 0.99);
    assert_true(brain >= 0.98);
    assert_true(r > 0.95);
    dn_volume_destroy(field);
    dn_labels_destroy(mask);
    hemisphere_release(&it);
    free(truth);
}

static void dark_fluid(void **state)
{
    (void)state;
    found_again(false);
}

static void bright_fluid(void **state)
{
    (void)state;
    found_again(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dark_fluid), cmocka_unit_test(bright_fluid)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
