/* Cleaning a pass over a head, on made-up posteriors: what stays, what is given away and to whom, and that every voxel still adds up to 1.
 */
#include "test.h"

#include "models/model.h"
#include "segment/head/clean.h"

#include <math.h>
#include <string.h>

enum { OUTSIDE, LEFT, RIGHT, CSF, LEFT_VENTRICLE, RIGHT_VENTRICLE, CHANNELS };
enum { NX = 44, NY = 24, NZ = 20 };
static const int64_t dim[3] = {NX, NY, NZ};
static dn_model *model;

static int make(void **state)
{
    (void)state;
    assert_ok(dn_model_create("made-up", "graph", "{}", &model));
    assert_ok(dn_model_add_label(model, OUTSIDE, 0, "outside", "background", 'B', "#000000"));
    assert_ok(dn_model_add_label(model, LEFT, 10, "left_thalamus", "thalamus", 'L', "#ff0000"));
    assert_ok(dn_model_add_label(model, RIGHT, 49, "right_thalamus", "thalamus", 'R', "#00ff00"));
    assert_ok(dn_model_add_label(model, CSF, 24, "csf", "csf", 'B', "#0000ff"));
    assert_ok(dn_model_add_label(model, LEFT_VENTRICLE, 4, "left_lateral_ventricle", "lateral_ventricle", 'L', "#0000ff"));
    assert_ok(dn_model_add_label(model, RIGHT_VENTRICLE, 43, "right_lateral_ventricle", "lateral_ventricle", 'R', "#0000ff"));
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    dn_model_destroy(model);
    return 0;
}

/* A head whose average head lies with its middle at i = 22, so that the right side is i > 22; all voxels certainly outside. */
static void start(dn_head *head)
{
    memset(head, 0, sizeof *head);
    assert_ok(dn_structures_init(model, &head->structures));
    head->location.found = true;
    head->to_template = (dn_affine){{{1, 0, 0, -22}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    memcpy(head->coarse.grid.dim, dim, sizeof dim);
    assert_ok(dn_posteriors_alloc(&head->coarse.posteriors, dim, CHANNELS));
    for (int c = 0; c < 3; ++c) {
        head->coarse.grid.affine.m[c][c] = 1;
        head->coarse.map.scale[c] = 1;
    }
    for (int64_t v = 0; v < dn_posteriors_voxels(&head->coarse.posteriors); ++v) {
        dn_posteriors_of(&head->coarse.posteriors, v)[OUTSIDE] = 1.0f;
    }
}

/* Moves probability from outside to a channel in voxels low .. high - 1. */
static void put(dn_head *head, int64_t channel, float p, const int64_t low[3], const int64_t high[3])
{
    for (int64_t k = low[2]; k < high[2]; ++k) {
        for (int64_t j = low[1]; j < high[1]; ++j) {
            for (int64_t i = low[0]; i < high[0]; ++i) {
                float *values = dn_posteriors_at(&head->coarse.posteriors, i, j, k);
                values[OUTSIDE] -= p;
                values[channel] += p;
            }
        }
    }
}

#define BOX(...)                                                                                                                           \
    (const int64_t[3])                                                                                                                     \
    {                                                                                                                                      \
        __VA_ARGS__                                                                                                                        \
    }

static const float *at(const dn_head *head, int64_t i, int64_t j, int64_t k)
{
    return dn_posteriors_at(&head->coarse.posteriors, i, j, k);
}

static void assert_sums(const dn_head *head)
{
    for (int64_t v = 0; v < dn_posteriors_voxels(&head->coarse.posteriors); ++v) {
        double sum = 0;
        for (int64_t c = 0; c < CHANNELS; ++c) {
            sum += (double)dn_posteriors_of(&head->coarse.posteriors, v)[c];
        }
        assert_close(sum, 1, 1e-5);
    }
}

static size_t group_of(const dn_head *head, int64_t channel)
{
    assert_true(head->structures.group_of[channel] >= 0);
    return (size_t)head->structures.group_of[channel];
}

static void kinds(void **state)
{
    (void)state;
    assert_int_equal(dn_clean_of("cerebral_cortex"), DN_CLEAN_NOT);
    assert_int_equal(dn_clean_of("csf"), DN_CLEAN_NOT);
    assert_int_equal(dn_clean_of("thalamus"), DN_CLEAN_LARGEST);
    assert_int_equal(dn_clean_of("lateral_ventricle"), DN_CLEAN_LARGE);
    assert_int_equal(dn_clean_of("third_ventricle"), DN_CLEAN_LARGE);
    assert_true(dn_clean_deep("thalamus") && dn_clean_deep("lateral_ventricle"));
    assert_false(dn_clean_deep("cerebellum_white_matter"));
}

/* The inside is the largest piece, without cavities, with a soft rim of 3 voxels; the rest is outside. */
static void inside(void **state)
{
    (void)state;
    dn_head head;
    start(&head);
    put(&head, CSF, 0.9f, BOX(10, 5, 5), BOX(20, 15, 15));
    put(&head, CSF, 0.3f, BOX(20, 5, 5), BOX(26, 15, 15));   /* soft: 6 voxels, of which 3 stay */
    put(&head, CSF, 0.04f, BOX(10, 15, 5), BOX(20, 16, 15)); /* too little to be a rim */
    put(&head, CSF, 0.9f, BOX(34, 5, 5), BOX(38, 9, 9));     /* a smaller piece */
    put(&head, CSF, -0.8f, BOX(14, 9, 9), BOX(15, 10, 10));  /* a cavity: 0.9 outside, 0.1 fluid */
    put(&head, LEFT, 0.3f, BOX(14, 9, 9), BOX(15, 10, 10));  /* 0.6 outside, 0.1 fluid, 0.3 thalamus */
    put(&head, CSF, -0.9f, BOX(16, 9, 9), BOX(17, 10, 10));  /* and one of which nothing else is known */
    assert_ok(dn_head_keep_inside(&head.coarse));
    assert_sums(&head);
    assert_close(at(&head, 12, 7, 7)[CSF], 0.9, 1e-6);
    assert_close(at(&head, 22, 7, 7)[CSF], 0.3, 1e-6);
    assert_close(at(&head, 23, 7, 7)[OUTSIDE], 1, 0);
    assert_close(at(&head, 15, 15, 7)[OUTSIDE], 1, 0);
    assert_close(at(&head, 35, 6, 6)[OUTSIDE], 1, 0);
    assert_close(at(&head, 14, 9, 9)[OUTSIDE], 0, 0);
    assert_close(at(&head, 14, 9, 9)[CSF], 0.25, 1e-5);
    assert_close(at(&head, 14, 9, 9)[LEFT], 0.75, 1e-5);
    assert_close(at(&head, 16, 9, 9)[OUTSIDE], 0, 0);
    for (int64_t c = 1; c < CHANNELS; ++c) {
        assert_close(at(&head, 16, 9, 9)[c], 1.0 / (CHANNELS - 1), 1e-6);
    }
    dn_posteriors_release(&head.coarse.posteriors);
}

/* The largest piece of a thalamus, 3 voxels of rim, and what it is. */
static void largest_piece(void **state)
{
    (void)state;
    dn_head head;
    dn_head_part parts[DN_GROUP_LIMIT] = {0};
    double wrong = 0, paired = 0;
    start(&head);
    put(&head, LEFT, 0.8f, BOX(10, 5, 5), BOX(14, 9, 11));
    put(&head, LEFT, 0.2f, BOX(14, 5, 5), BOX(19, 9, 11));
    put(&head, LEFT, 0.6f, BOX(4, 18, 5), BOX(6, 20, 7)); /* a fragment, with fluid around it */
    put(&head, CSF, 0.3f, BOX(4, 18, 5), BOX(6, 20, 7));
    assert_ok(dn_head_clean(&head, &head.coarse, parts, &wrong, &paired));
    assert_sums(&head);
    const dn_head_part *left = &parts[group_of(&head, LEFT)];
    assert_int_equal(left->labelled_voxels, 4 * 4 * 6 + 8);
    assert_int_equal(left->kept_voxels, 4 * 4 * 6);
    assert_int_equal(left->components, 2);
    assert_close(left->centre[0], 11.5 - 22, 1e-9);
    assert_close(left->centre[1], 6.5, 1e-9);
    assert_close(left->centre[2], 7.5, 1e-9);
    assert_int_equal(parts[group_of(&head, RIGHT)].kept_voxels, 0);
    assert_close(at(&head, 11, 6, 7)[LEFT], 0.8, 1e-6);
    assert_close(at(&head, 16, 6, 7)[LEFT], 0.2, 1e-6);
    assert_close(at(&head, 17, 6, 7)[LEFT], 0, 0);
    assert_close(at(&head, 17, 6, 7)[OUTSIDE], 1, 1e-6);
    /* The fragment's 0.6 go to outside (0.1) and fluid (0.3), as these have it. */
    assert_close(at(&head, 4, 18, 5)[LEFT], 0, 0);
    assert_close(at(&head, 4, 18, 5)[OUTSIDE], 0.25, 1e-5);
    assert_close(at(&head, 4, 18, 5)[CSF], 0.75, 1e-5);
    assert_close(wrong, 0, 0);
    dn_posteriors_release(&head.coarse.posteriors);
}

/* Ventricles tear: pieces of at least a twentieth of the largest stay. Tissues are left alone. */
static void large_pieces(void **state)
{
    (void)state;
    dn_head head;
    dn_head_part parts[DN_GROUP_LIMIT] = {0};
    double wrong = 0, paired = 0;
    start(&head);
    put(&head, LEFT_VENTRICLE, 0.9f, BOX(4, 4, 4), BOX(9, 8, 9));        /* 100 */
    put(&head, LEFT_VENTRICLE, 0.9f, BOX(4, 12, 4), BOX(9, 13, 5));      /* 5: a twentieth */
    put(&head, LEFT_VENTRICLE, 0.9f, BOX(4, 18, 4), BOX(8, 19, 5));      /* 4 */
    put(&head, CSF, 0.9f, BOX(30, 4, 4), BOX(31, 5, 5));                 /* a single voxel of a tissue */
    put(&head, RIGHT_VENTRICLE, 0.9f, BOX(40, 18, 15), BOX(41, 19, 16)); /* the largest of its side, however small */
    assert_ok(dn_head_clean(&head, &head.coarse, parts, &wrong, &paired));
    assert_sums(&head);
    const dn_head_part *part = &parts[group_of(&head, LEFT_VENTRICLE)];
    assert_int_equal(part->labelled_voxels, 109);
    assert_int_equal(part->kept_voxels, 105);
    assert_int_equal(part->components, 3);
    assert_close(at(&head, 6, 12, 4)[LEFT_VENTRICLE], 0.9, 1e-6);
    assert_close(at(&head, 6, 18, 4)[LEFT_VENTRICLE], 0, 0);
    assert_close(at(&head, 30, 4, 4)[CSF], 0.9, 1e-6);
    assert_int_equal(parts[group_of(&head, CSF)].kept_voxels, 1);
    assert_int_equal(parts[group_of(&head, RIGHT_VENTRICLE)].kept_voxels, 1);
    dn_posteriors_release(&head.coarse.posteriors);
}

/* What lies more than 14 mm on the other side goes to the partner there; both directions are counted alike. */
static void sides(void **state)
{
    (void)state;
    for (int mirrored = 0; mirrored < 2; ++mirrored) {
        const int64_t own = mirrored ? LEFT : RIGHT, other = mirrored ? RIGHT : LEFT;
        const int64_t near = mirrored ? 22 - 14 : 22 + 14, far = mirrored ? near - 1 : near + 1;
        dn_head head;
        dn_head_part parts[DN_GROUP_LIMIT] = {0};
        double wrong = 0, paired = 0;
        start(&head);
        put(&head, other, 0.7f, BOX(far, 5, 5), BOX(far + 1, 10, 10));
        put(&head, other, 0.9f, BOX(near, 5, 5), BOX(near + 1, 10, 10)); /* 14 mm: not further */
        put(&head, own, 0.2f, BOX(far, 5, 5), BOX(far + 1, 10, 10));
        assert_ok(dn_head_clean(&head, &head.coarse, parts, &wrong, &paired));
        assert_sums(&head);
        assert_close(wrong, 25 * 0.7, 1e-5);
        assert_close(paired, 25 * (0.7 + 0.9 + 0.2), 1e-5);
        assert_close(at(&head, far, 7, 7)[own], 0.9, 1e-6);
        assert_close(at(&head, far, 7, 7)[other], 0, 0);
        assert_close(at(&head, near, 7, 7)[other], 0.9, 1e-6);
        assert_int_equal(parts[group_of(&head, own)].kept_voxels, 25);
        assert_int_equal(parts[group_of(&head, other)].kept_voxels, 25);
        dn_posteriors_release(&head.coarse.posteriors);
    }
}

/* Without the average head nobody knows the sides. */
static void without_a_place(void **state)
{
    (void)state;
    dn_head head;
    dn_head_part parts[DN_GROUP_LIMIT] = {0};
    double wrong = 0, paired = 0;
    start(&head);
    head.location.found = false;
    put(&head, LEFT, 0.7f, BOX(40, 5, 5), BOX(42, 10, 10));
    assert_ok(dn_head_clean(&head, &head.coarse, parts, &wrong, &paired));
    assert_close(wrong, 0, 0);
    assert_close(paired, 0, 0);
    assert_close(at(&head, 41, 7, 7)[LEFT], 0.7, 1e-6);
    dn_posteriors_release(&head.coarse.posteriors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds),        cmocka_unit_test(inside), cmocka_unit_test(largest_piece),
                                       cmocka_unit_test(large_pieces), cmocka_unit_test(sides),  cmocka_unit_test(without_a_place)};
    return cmocka_run_group_tests(tests, make, destroy);
}
