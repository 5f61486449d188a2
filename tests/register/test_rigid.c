/* Rigid motions: exponential and logarithm are inverse, a turn about an axis is what it should be, and the middle of motions is the middle.
 */
#include "test.h"

#include "base/random.h"
#include "register/rigid.h"

#include <math.h>
#include <string.h>

static dn_twist draw(dn_random *random, double turn, double shift)
{
    dn_twist t;
    for (int c = 0; c < 3; ++c) {
        t.turn[c] = dn_random_uniform(random, -turn, turn);
        t.shift[c] = dn_random_uniform(random, -shift, shift);
    }
    return t;
}

static void assert_same(const dn_affine *a, const dn_affine *b, double tolerance)
{
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 4; ++j) {
            assert_close(a->m[i][j], b->m[i][j], tolerance);
        }
    }
}

static void inverse_of_each_other(void **state)
{
    (void)state;
    static const double sizes[] = {1e-9, 1e-4, 1e-2, 0.5, 1.7};
    dn_random random;
    dn_random_seed(&random, 5);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        for (int n = 0; n < 50; ++n) {
            const dn_twist twist = draw(&random, sizes[s], 40);
            dn_twist back;
            dn_affine motion;
            dn_affine undo;
            dn_affine both;
            static const dn_affine identity = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
            dn_rigid_exp(&twist, &motion);
            dn_rigid_log(&motion, &back);
            for (int c = 0; c < 3; ++c) {
                assert_close(back.turn[c], twist.turn[c], 1e-9);
                assert_close(back.shift[c], twist.shift[c], 1e-7);
            }
            dn_rigid_invert(&motion, &undo);
            dn_affine_compose(&motion, &undo, &both);
            assert_same(&both, &identity, 1e-12);
        }
    }
}

static void known_turn(void **state)
{
    (void)state;
    const dn_twist twist = {{0, 0, 0.3}, {0, 0, 2}}; /* a screw along z */
    const dn_affine expected = {{{cos(0.3), -sin(0.3), 0, 0}, {sin(0.3), cos(0.3), 0, 0}, {0, 0, 1, 2}}};
    dn_affine motion;
    dn_rigid_exp(&twist, &motion);
    assert_same(&motion, &expected, 1e-14);
    dn_twist back;
    dn_rigid_log(&motion, &back);
    assert_close(back.turn[2], 0.3, 1e-14);
}

/* Of two motions: halfway; in any order; and what moves all of them alike moves the middle alike. */
static void middle(void **state)
{
    (void)state;
    dn_random random;
    dn_random_seed(&random, 6);
    for (int n = 0; n < 20; ++n) {
        dn_affine motion[3];
        dn_affine back[2];
        for (int k = 0; k < 3; ++k) {
            const dn_twist twist = draw(&random, 0.2, 15);
            dn_rigid_exp(&twist, &motion[k]);
        }
        dn_rigid_centre(motion, 3, &back[0]);
        dn_twist sum = {{0}, {0}};
        for (int k = 0; k < 3; ++k) {
            dn_affine moved;
            dn_twist t;
            dn_affine_compose(&motion[k], &back[0], &moved);
            dn_rigid_log(&moved, &t);
            for (int c = 0; c < 3; ++c) {
                sum.turn[c] += t.turn[c];
                sum.shift[c] += t.shift[c];
            }
        }
        for (int c = 0; c < 3; ++c) {
            assert_close(sum.turn[c], 0, 1e-10);
            assert_close(sum.shift[c], 0, 1e-9);
        }
        const dn_affine turned[3] = {motion[2], motion[0], motion[1]};
        dn_rigid_centre(turned, 3, &back[1]);
        assert_same(&back[0], &back[1], 1e-10);
    }
    const dn_twist whole = {{0.2, -0.1, 0.4}, {3, 2, -7}};
    const dn_twist half = {{-0.1, 0.05, -0.2}, {-1.5, -1, 3.5}};
    dn_affine two[2] = {{{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_affine expected;
    dn_affine found;
    dn_rigid_exp(&whole, &two[1]);
    dn_rigid_exp(&half, &expected);
    dn_rigid_centre(two, 2, &found);
    assert_same(&found, &expected, 1e-10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inverse_of_each_other),
        cmocka_unit_test(known_turn),
        cmocka_unit_test(middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
