/* The consensus of a network with random weights: its members are counted, the mirror image of a scan gets the mirror image of
 * the answer, the intensities' scale does not matter; and the white-matter peak of a made-up brain is where it was put. */
#include "test.h"

#include "base/random.h"
#include "infer/consensus.h"
#include "infer/white_matter.h"
#include "models/model.h"
#include "register/head_template.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 24, CHANNELS = 5 };
static const int64_t dim[3] = {N, N, N};
static const int64_t zero[3] = {0, 0, 0};

static dn_model *model;
static dn_structures structures;
static dn_network *network;

static void make_network(void)
{
    dn_graph *graph = NULL;
    dn_random random;
    const dn_network_options options = {DN_PRECISION_F32, 0};
    assert_ok(
        dn_model_create("random", "unet3d",
                        "{\"classes\":5,\"features\":[8,16],\"convs\":1,\"norm\":\"none\",\"activation\":\"relu\",\"output\":\"softmax\"}",
                        &model));
    model->input.multiple = 4;
    assert_ok(dn_model_add_label(model, 0, 0, "background", "background", 'B', "#000000"));
    assert_ok(dn_model_add_label(model, 1, 801, "left_front", "hypothalamus_front", 'L', "#ff0000"));
    assert_ok(dn_model_add_label(model, 2, 802, "left_back", "hypothalamus_back", 'L', "#ff0000"));
    assert_ok(dn_model_add_label(model, 3, 806, "right_front", "hypothalamus_front", 'R', "#ff0000"));
    assert_ok(dn_model_add_label(model, 4, 807, "right_back", "hypothalamus_back", 'R', "#ff0000"));
    assert_ok(dn_model_graph(model, (dn_shape){1, N, N, N, 1}, &graph));
    dn_random_seed(&random, 7);
    dn_weights_destroy(model->weights);
    assert_ok(dn_graph_start_weights(graph, &random, &model->weights));
    dn_graph_destroy(graph);
    assert_ok(dn_structures_init(model, &structures));
    assert_ok(dn_network_create(model, &options, &network));
}

static dn_volume *make_scan(void);

static dn_volume *flipped(const dn_volume *scan)
{
    dn_volume *out = NULL;
    assert_ok(dn_volume_create(&scan->grid, &out));
    for (int64_t v = 0; v < N * N * N; ++v) {
        out->data[v] = scan->data[v - v % N + (N - 1 - v % N)];
    }
    return out;
}

/* The two answers by hand, averaged; and the same whether the first is known already. */
static void mirrored_pair(void **state)
{
    (void)state;
    static const int64_t partner[CHANNELS] = {0, 3, 4, 1, 2};
    const dn_consensus_options pair = dn_consensus_mirrored_pair();
    dn_volume *scan = make_scan();
    dn_volume *mirror = flipped(scan);
    dn_posteriors plain, seen, mean[2];
    dn_consensus report[2];
    for (int64_t v = 0; v < N * N * N; ++v) {
        scan->data[v] -= 0.1f; /* below 0, as z-scores are: nothing is cut off */
        mirror->data[v] -= 0.1f;
    }
    assert_ok(dn_network_run(network, scan, zero, dim, &plain));
    assert_ok(dn_network_run(network, mirror, zero, dim, &seen));
    for (int known = 0; known < 2; ++known) {
        assert_ok(
            dn_consensus_run(network, &structures, scan, zero, dim, 0.0, &pair, known == 1 ? &plain : NULL, &mean[known], &report[known]));
        assert_int_equal(report[known].members, 2);
    }
    assert_memory_equal(mean[0].data, mean[1].data, sizeof(float) * CHANNELS * N * N * N);
    double apart = 0.0, total = 0.0;
    for (int64_t v = 0; v < N * N * N; ++v) {
        int64_t there = v - v % N + (N - 1 - v % N);
        double sum[2] = {0.0, 0.0};
        for (int64_t c = 0; c < CHANNELS; ++c) {
            double p = (double)dn_posteriors_of(&plain, v)[c];
            double q = (double)dn_posteriors_of(&seen, there)[partner[c]];
            assert_close(dn_posteriors_of(&mean[1], v)[c], 0.5 * (p + q), 1e-6);
            sum[0] += c > 0 ? p : 0.0;
            sum[1] += c > 0 ? q : 0.0;
        }
        apart += fabs(sum[0] - sum[1]);
        total += sum[0] + sum[1];
    }
    print_message("disagreement %.4f\n", report[1].disagreement);
    assert_close(report[1].disagreement, apart / total, 1e-5);
    assert_true(report[1].disagreement > 0.0);
    dn_posteriors_release(&plain);
    dn_posteriors_release(&seen);
    dn_posteriors_release(&mean[0]);
    dn_posteriors_release(&mean[1]);
    dn_volume_destroy(scan);
    dn_volume_destroy(mirror);
}

/* Values 0..0.5, so that a gain of up to 2 clips nothing. */
static dn_volume *make_scan(void)
{
    const dn_grid grid = {{N, N, N}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    dn_volume *volume = NULL;
    dn_random random;
    assert_ok(dn_volume_create(&grid, &volume));
    dn_random_seed(&random, 11);
    for (int64_t v = 0; v < N * N * N; ++v) {
        volume->data[v] = (float)dn_random_uniform(&random, 0.0, 0.5);
    }
    return volume;
}

static dn_volume *changed(const dn_volume *scan, bool mirror, float gain)
{
    dn_volume *copy = NULL;
    assert_ok(dn_volume_create(&scan->grid, &copy));
    for (int64_t k = 0; k < N; ++k) {
        for (int64_t j = 0; j < N; ++j) {
            for (int64_t i = 0; i < N; ++i) {
                copy->data[dn_grid_offset(&scan->grid, mirror ? N - 1 - i : i, j, k)] =
                    gain * scan->data[dn_grid_offset(&scan->grid, i, j, k)];
            }
        }
    }
    return copy;
}

static dn_posteriors consensus(const dn_volume *scan, double peak, const dn_consensus_options *options, dn_consensus *report)
{
    dn_posteriors p;
    assert_ok(dn_consensus_run(network, &structures, scan, zero, dim, peak, options, NULL, &p, report));
    return p;
}

static void members_are_counted(void **state)
{
    (void)state;
    dn_volume *scan = make_scan();
    dn_consensus report;
    dn_consensus_options options = dn_consensus_defaults();
    dn_posteriors p = consensus(scan, 0.5, &options, &report);
    assert_int_equal(report.members, 16);
    assert_close(report.white_matter, 0.5, 0);
    double sum = 0.0;
    double squares = 0.0;
    for (int m = 0; m < report.members; ++m) {
        double whole = report.volume[m][0] + report.volume[m][1];
        sum += whole / 16;
        squares += whole * whole / 16;
    }
    assert_close(report.whole_mean, sum, 1e-6 * sum + 1e-9);
    assert_close(report.whole_sd, sqrt(fmax(0.0, squares - sum * sum) * 16 / 15), 1e-4 * sum + 1e-6);
    for (int64_t v = 0; v < N * N * N; ++v) { /* posteriors still add up to 1, also at the box's faces */
        double all = 0.0;
        for (int64_t c = 0; c < CHANNELS; ++c) {
            all += (double)dn_posteriors_of(&p, v)[c];
        }
        assert_close(all, 1.0, 1e-5);
    }
    dn_posteriors_release(&p);
    options = (dn_consensus_options){.peaks = 0, .mirror = false, .shifts = 1}; /* one member: the network itself */
    p = consensus(scan, 0.5, &options, &report);
    assert_int_equal(report.members, 1);
    dn_posteriors plain;
    assert_ok(dn_network_run(network, scan, zero, dim, &plain));
    assert_memory_equal(p.data, plain.data, CHANNELS * N * N * N * sizeof(float));
    dn_posteriors_release(&plain);
    dn_posteriors_release(&p);
    options.shifts = 6;
    assert_int_equal(dn_consensus_run(network, &structures, scan, zero, dim, 0.5, &options, NULL, &p, &report), DN_EUSAGE);
    dn_volume_destroy(scan);
}

static void mirror_image(void **state)
{
    (void)state;
    static const int64_t partner[CHANNELS] = {0, 3, 4, 1, 2};
    dn_volume *scan = make_scan();
    dn_volume *mirrored = changed(scan, true, 1.0f);
    dn_consensus a, b;
    dn_consensus_options options = {.peak = {0.4, 0.7}, .peaks = 2, .mirror = true, .shifts = 5};
    dn_posteriors p = consensus(scan, 0.5, &options, &a);
    dn_posteriors q = consensus(mirrored, 0.5, &options, &b);
    double largest = 0.0;
    double spread = 0.0;
    for (int64_t c = 0; c < CHANNELS; ++c) {
        for (int64_t v = 0; v < N * N * N; ++v) {
            int64_t w = v - v % N + (N - 1 - v % N);
            largest = fmax(largest, fabs((double)dn_posteriors_of(&p, v)[c] - (double)dn_posteriors_of(&q, w)[partner[c]]));
            spread = fmax(spread, fabs((double)dn_posteriors_of(&p, v)[c] - (double)dn_posteriors_of(&p, w)[partner[c]]));
        }
    }
    assert_close(largest, 0.0, 1e-5);
    assert_true(spread > 1e-3); /* the scan itself is not symmetric: the check above could have failed */
    assert_close(a.mean[0], b.mean[1], 1e-4 * a.mean[0] + 1e-6);
    assert_close(a.whole_sd, b.whole_sd, 1e-3 * a.whole_sd + 1e-6);
    dn_posteriors_release(&p);
    dn_posteriors_release(&q);
    dn_volume_destroy(mirrored);
    dn_volume_destroy(scan);
}

static void scale_does_not_matter(void **state)
{
    (void)state;
    static const float gains[] = {0.5f, 2.0f};
    dn_volume *scan = make_scan();
    dn_consensus a, b;
    const dn_consensus_options options = dn_consensus_defaults();
    dn_posteriors p = consensus(scan, 0.4, &options, &a);
    for (size_t g = 0; g < 2; ++g) {
        dn_volume *scaled = changed(scan, false, gains[g]);
        dn_posteriors q = consensus(scaled, 0.4 * (double)gains[g], &options, &b);
        assert_memory_equal(q.data, p.data, CHANNELS * N * N * N * sizeof(float));
        assert_close(b.whole_mean, a.whole_mean, 0.01 * a.whole_mean);
        dn_posteriors_release(&q);
        dn_volume_destroy(scaled);
    }
    dn_posteriors_release(&p);
    dn_volume_destroy(scan);
}

static void one_sided_labels(void **state)
{
    (void)state;
    dn_volume *scan = make_scan();
    dn_structures odd = structures;
    dn_model_label alone = *structures.label_of[1];
    dn_posteriors p;
    dn_consensus report;
    const dn_consensus_options options = dn_consensus_defaults();
    alone.structure = (char *)"other";
    odd.label_of[1] = &alone;
    assert_int_equal(dn_consensus_run(network, &odd, scan, zero, dim, 0.5, &options, NULL, &p, &report), DN_EUSAGE);
    assert_non_null(strstr(dn_error_message(), "one side only"));
    dn_volume_destroy(scan);
}

/* A brain of grey and white lumps, with fluid, a bright skull around it, noise and a bias field. */
static void peak_of_a_made_up_brain(void **state)
{
    (void)state;
    static const double white[] = {0.3, 0.6, 0.9};
    static const double share[] = {0.35, 0.5, 0.65};
    const dn_grid grid = {{90, 110, 90}, {{{2, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 2, 0}}}};
    dn_location location = {.found = true, .to_volume = {{{0.5, 0, 0, 45}, {0, 0.5, 0, 55}, {0, 0, 0.5, 36}}}};
    dn_head_template head;
    dn_random random;
    assert_ok(dn_head_template_get(&head));
    dn_random_seed(&random, 3);
    for (size_t w = 0; w < 3; ++w) {
        for (size_t s = 0; s < 3; ++s) {
            dn_volume *scan = NULL;
            double peak[2];
            assert_ok(dn_volume_create(&grid, &scan));
            for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
                double lump = dn_random_unit(&random);
                double y = (double)(v / 90 % 110) / 55.0 - 1.0;
                double value = lump < share[s] ? white[w] : lump < 0.92 ? 0.65 * white[w] : 0.2 * white[w];
                value = value * (1.0 + 0.08 * y) + 0.04 * white[w] * dn_random_normal(&random, 0, 1);
                scan->data[v] = (float)fmax(0.0, value);
            }
            assert_ok(dn_white_matter_peak(scan, &location, &peak[0]));
            assert_close(peak[0], white[w], 0.04 * white[w]);
            dn_white_matter_scale(scan, peak[0], 0.6);
            assert_ok(dn_white_matter_peak(scan, &location, &peak[1]));
            assert_close(peak[1], 0.6, 0.003);
            dn_volume_destroy(scan);
        }
    }
    dn_volume *empty = NULL;
    double peak;
    assert_ok(dn_volume_create(&grid, &empty));
    assert_int_equal(dn_white_matter_peak(empty, &location, &peak), DN_EDATA);
    location.found = false;
    assert_int_equal(dn_white_matter_peak(empty, &location, &peak), DN_EDATA);
    dn_volume_destroy(empty);
}

int main(void)
{
    make_network();
    const struct CMUnitTest tests[] = {cmocka_unit_test(members_are_counted), cmocka_unit_test(mirrored_pair),
                                       cmocka_unit_test(mirror_image),        cmocka_unit_test(scale_does_not_matter),
                                       cmocka_unit_test(one_sided_labels),    cmocka_unit_test(peak_of_a_made_up_brain)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dn_network_destroy(network);
    dn_model_destroy(model);
    return failed;
}
