/* The average head aligned with labels: a head of labels that is turned, moved and shrunk is found, whatever a scan of it would look like.
 */
#include "test.h"

#include "image/io.h"
#include "models/model.h"
#include "segment/head/as_t1.h"

#include <math.h>
#include <string.h>

static dn_model *model;
static dn_labels *map;
static int channel_of[1024]; /* by label of the map; 0: what is not inside the skull */
static double middle[3];     /* of the hypothalamus, in the map's world */

static int setup(void **state)
{
    (void)state;
    static const dn_scan_read_options options = {.trust = DN_TRUST_HEADER};
    assert_ok(dn_model_read_metadata(DIEN_SOURCE_FOLDER "/models/whole-head-coarse.safetensors", &model));
    assert_ok(dn_labels_read(DIEN_SOURCE_FOLDER "/share/template/head.nii.gz", &options, &map, NULL));
    for (size_t i = 0; i < model->label_count; ++i) {
        channel_of[model->labels[i].index] = (int)model->labels[i].channel;
    }
    static const int same[][2] = {{5, 4},    {136, 4}, {137, 4}, {44, 43}, {163, 43},
                                  {164, 43}, {72, 14}, {25, 2},  {57, 41}}; /* parts of a class */
    for (size_t i = 0; i < sizeof same / sizeof *same; ++i) {
        channel_of[same[i][0]] = channel_of[same[i][1]];
    }
    for (int l = 801; l <= 844; ++l) { /* the hypothalamus and what lies in it */
        const bool right = (l >= 806 && l <= 810) || l == 822 || l == 844;
        channel_of[l] = channel_of[right ? 60 : 28];
    }
    double sum[3] = {0, 0, 0}, count = 0;
    const int64_t *dim = map->grid.dim;
    for (int64_t v = 0; v < dn_grid_count(&map->grid); ++v) {
        if (map->data[v] >= 801 && map->data[v] <= 810) {
            sum[0] += (double)(v % dim[0]);
            sum[1] += (double)(v / dim[0] % dim[1]);
            sum[2] += (double)(v / (dim[0] * dim[1]));
            ++count;
        }
    }
    assert_true(count > 100);
    const double at[3] = {sum[0] / count, sum[1] / count, sum[2] / count};
    dn_affine_apply(&map->grid.affine, at, middle);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dn_labels_destroy(map);
    dn_model_destroy(model);
    return 0;
}

typedef struct pose {
    double pitch, size, at[3]; /* degrees; mm per mm; the hypothalamus in the box, mm */
} pose;

static void paint(const pose *p, dn_head *head)
{
    static const int64_t dim[3] = {88, 104, 88};
    dn_affine from_world;
    dn_head_look *look = &head->coarse;
    memset(head, 0, sizeof *head);
    assert_ok(dn_structures_init(model, &head->structures));
    assert_ok(dn_posteriors_alloc(&look->posteriors, dim, head->structures.channels));
    memcpy(look->grid.dim, dim, sizeof look->grid.dim);
    look->grid.affine = (dn_affine){{{2, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 2, 0}}};
    memcpy(head->oriented.dim, (const int64_t[]){196, 228, 196}, sizeof head->oriented.dim);
    for (int c = 0; c < 3; ++c) { /* the oriented scan has 1 mm and begins 10 mm further out */
        look->map.scale[c] = 2.0;
        look->map.offset[c] = 10.0;
    }
    assert_ok(dn_affine_invert(&map->grid.affine, &from_world));
    const double turn = p->pitch * 0.017453292519943295;
    for (int64_t v = 0; v < dn_posteriors_voxels(&look->posteriors); ++v) {
        const double d[3] = {2.0 * (double)(v % dim[0]) - p->at[0], 2.0 * (double)(v / dim[0] % dim[1]) - p->at[1],
                             2.0 * (double)(v / (dim[0] * dim[1])) - p->at[2]};
        const double mm[3] = {middle[0] + d[0] / p->size, middle[1] + (cos(turn) * d[1] + sin(turn) * d[2]) / p->size,
                              middle[2] + (cos(turn) * d[2] - sin(turn) * d[1]) / p->size};
        double at[3];
        dn_affine_apply(&from_world, mm, at);
        const int64_t i = llround(at[0]), j = llround(at[1]), k = llround(at[2]);
        const int64_t *size = map->grid.dim;
        const bool inside = i >= 0 && j >= 0 && k >= 0 && i < size[0] && j < size[1] && k < size[2];
        const uint16_t label = inside ? map->data[dn_grid_offset(&map->grid, i, j, k)] : 0;
        dn_posteriors_of(&look->posteriors, v)[label < 1024 ? channel_of[label] : 0] = 1.0f;
    }
}

static void found_where_it_lies(void **state)
{
    (void)state;
    static const pose poses[] = {{0, 1.0, {88, 122, 76}}, {-22, 0.93, {84, 112, 70}}, {15, 1.05, {92, 125, 80}}};
    dn_location first;
    for (size_t n = 0; n < sizeof poses / sizeof *poses; ++n) {
        dn_head head;
        dn_location found;
        paint(&poses[n], &head);
        assert_ok(dn_head_align_as_t1(&head, &found));
        dn_head_release(&head);
        assert_true(found.found);
        if (!(found.correlation > DN_ALIGN_CERTAIN && found.match > DN_ALIGN_MATCH)) {
            fail_msg("pose %zu: expected a correlation over %.2f and a match over %.2f, found %.3f and %.3f", n, DN_ALIGN_CERTAIN,
                     DN_ALIGN_MATCH, found.correlation, found.match);
        }
        double off = 0.0;
        for (int c = 0; c < 3; ++c) { /* voxels of the oriented scan are millimetres here */
            const double d = found.centre[c] - (poses[n].at[c] + 10.0);
            off += d * d;
        }
        if (sqrt(off) > 5.0) {
            fail_msg("pose %zu: expected %.1f %.1f %.1f, found %.1f %.1f %.1f", n, poses[n].at[0] + 10, poses[n].at[1] + 10,
                     poses[n].at[2] + 10, found.centre[0], found.centre[1], found.centre[2]);
        }
        if (n == 0) {
            first = found;
        }
        assert_close(found.rotation[0] - first.rotation[0], poses[n].pitch, 4.0);
        double zero[3] = {0, 0, 0}, at[3];
        dn_affine_apply(&found.to_volume, zero, at); /* the two ways to say where it lies agree */
        for (int c = 0; c < 3; ++c) {
            assert_close(at[c], found.centre[c], 1e-6);
        }
    }
}

/* What lies in the box but not in the scan has not been seen. */
static void a_cut_scan(void **state)
{
    (void)state;
    static const pose usual = {0, 1.0, {88, 122, 76}};
    dn_head head;
    dn_location whole, cut;
    paint(&usual, &head);
    assert_ok(dn_head_align_as_t1(&head, &whole));
    head.oriented.dim[2] = 110;
    assert_ok(dn_head_align_as_t1(&head, &cut));
    dn_head_release(&head);
    if (!(whole.brain_inside > 0.95 && (!cut.found || cut.brain_inside < 0.85))) {
        fail_msg("expected the whole brain, and less of the cut one; found %.2f and %.2f", whole.brain_inside, cut.brain_inside);
    }
}

/* A box without a head. */
static void nothing_there(void **state)
{
    (void)state;
    static const pose away = {0, 1.0, {900, 900, 900}};
    dn_head head;
    dn_location found;
    paint(&away, &head);
    assert_ok(dn_head_align_as_t1(&head, &found));
    dn_head_release(&head);
    assert_false(found.found && found.correlation >= DN_ALIGN_CERTAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(found_where_it_lies), cmocka_unit_test(a_cut_scan),
                                       cmocka_unit_test(nothing_there)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
