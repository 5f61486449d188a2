/* The quality score: marks by hand, entropy of made-up posteriors, the verdict and what overrules it. */
#include "test.h"

#include "quality/score.h"

#include <math.h>
#include <string.h>

enum { N = 8, CHANNELS = 3 };

static dn_model_label labels[] = {
    {0, 0, "background", "background", 'B', {0, 0, 0}},
    {1, 819, "left_hypothalamus", "hypothalamus", 'L', {255, 0, 0}},
    {2, 820, "right_hypothalamus", "hypothalamus", 'R', {0, 255, 0}},
};
static dn_model model = {.name = "made-up", .labels = labels, .label_count = CHANNELS};
static dn_structures structures;

static void marks(void **state)
{
    (void)state;
    static const struct {
        dn_mark mark;
        double measure, expected;
    } cases[] = {
        {DN_MARK_CERTAINTY, 0.5, 1},    {DN_MARK_CERTAINTY, 1.8, 0.5},   {DN_MARK_CERTAINTY, 2.4, 0},  {DN_MARK_CERTAINTY, 9, 0},
        {DN_MARK_AGREEMENT, 0.02, 1},   {DN_MARK_AGREEMENT, 0.125, 0.5}, {DN_MARK_AGREEMENT, 0.3, 0},  {DN_MARK_VOLUME, 850, 1},
        {DN_MARK_VOLUME, 424.264, 0.5}, {DN_MARK_VOLUME, 300, 0},        {DN_MARK_VOLUME, 0, 0},       {DN_MARK_VOLUME, 1700, 0},
        {DN_MARK_FOLDS, 0.07, 1},       {DN_MARK_FOLDS, 0.225, 0.5},     {DN_MARK_FOLDS, 0.3, 0},      {DN_MARK_MIRROR, 0.07, 1},
        {DN_MARK_MIRROR, 0.165, 0.5},   {DN_MARK_MIRROR, 0.26, 0},       {DN_MARK_SYMMETRY, 0.4, 0.5}, {DN_MARK_BRAIN, 0.8, 1},
        {DN_MARK_BRAIN, 0.6, 0.5},      {DN_MARK_BRAIN, 0.96, 0.5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        print_message("%s %g\n", dn_mark_name(cases[i].mark), cases[i].measure);
        assert_close(dn_score_mark(cases[i].mark, DN_LIMITS_VOLUMES, cases[i].measure), cases[i].expected, 1e-5);
    }
    assert_true(isnan(dn_score_mark(DN_MARK_BRAIN, DN_LIMITS_VOLUMES, (double)NAN)));
    assert_close(dn_score_mark(DN_MARK_CERTAINTY, DN_LIMITS_SLICES, 1.5), 0.5, 1e-5);
    assert_close(dn_score_mark(DN_MARK_CERTAINTY, DN_LIMITS_STACKS, 1.15), 0.5, 1e-5);
}

/* 4 voxels of 0.75 left, 4 of 1 right, and one of 0.25 that is not labelled. */
static void entropy(void **state)
{
    (void)state;
    float data[CHANNELS * N * N * N] = {0};
    dn_posteriors p = {{0, 0, 0}, {N, N, N}, CHANNELS, data};
    const double h = -0.75 * log2(0.75) - 0.25 * log2(0.25);
    assert_close(dn_score_entropy(&p, &structures), 0, 0);
    for (int v = 0; v < 4; ++v) {
        dn_posteriors_of(&p, v)[1] = 0.75f;
        dn_posteriors_of(&p, 10 + v)[2] = 1.0f;
    }
    dn_posteriors_of(&p, 100)[1] = 0.25f;
    assert_close(dn_score_entropy(&p, &structures), 5 * h / 8, 1e-6);
}

static dn_verdict judge(double left, double right, double sd, bool accept, dn_quality *quality, dn_score *score)
{
    float data[CHANNELS] = {0.1f, 0.9f, 0.0f};
    dn_posteriors p = {{0, 0, 0}, {1, 1, 1}, CHANNELS, data};
    dn_volume_row row[3] = {{.structure = "hypothalamus", .hemi = 'L', .volume_mm3 = left},
                            {.structure = "hypothalamus", .hemi = 'R', .volume_mm3 = right},
                            {.structure = "hypothalamus", .hemi = 'B', .volume_mm3 = left + right}};
    dn_volume_rows volumes = {row, 3};
    dn_consensus consensus = {.members = 16, .whole_mean = 100, .whole_sd = sd};
    dn_quality_evidence evidence = {.posteriors = &p, .structures = &structures, .volumes = &volumes};
    memset(quality, 0, sizeof *quality);
    dn_score_judge(&evidence, true, &consensus, accept, quality, score);
    return score->verdict;
}

static void verdicts(void **state)
{
    (void)state;
    dn_quality quality;
    dn_score score;
    assert_int_equal(judge(420, 430, 3, false, &quality, &score), DN_ACCEPTED);
    assert_close(score.score, 1, 1e-9);
    assert_int_equal(quality.count, 0);
    assert_int_equal(judge(420, 430, 3, true, &quality, &score), DN_ACCEPTED); /* nothing to overrule */
    assert_int_equal(judge(420, 430, 12.5, false, &quality, &score), DN_ACCEPTED);
    assert_close(score.score, 0.5, 1e-9);
    assert_int_equal(quality.count, 1);
    assert_int_equal(quality.flag[0].level, DN_FLAG_WARNING);
    assert_int_equal(judge(420, 430, 25, false, &quality, &score), DN_REJECTED);
    assert_true(quality.failed);
    assert_string_equal(quality.flag[0].code, "members_disagree");
    assert_int_equal(judge(420, 430, 25, true, &quality, &score), DN_ACCEPTED_BY_HAND);
    assert_string_equal(dn_verdict_name(score.verdict), "by_hand");
    assert_int_equal(judge(150, 140, 3, false, &quality, &score), DN_REJECTED);
    assert_close(score.mark[DN_MARK_VOLUME], 0, 1e-9);
    assert_true(isnan(score.mark[DN_MARK_BRAIN]));
}

/* What no hypothalamus was looked for in has the folds' mark alone, and none with one network. */
static void folds(void **state)
{
    (void)state;
    static dn_model_label other[] = {{0, 0, "background", "background", 'B', {0, 0, 0}},
                                     {1, 10, "left_thalamus", "thalamus", 'L', {1, 1, 1}}};
    static dn_model thalami = {.name = "made-up", .labels = other, .label_count = 2};
    static dn_structures of_thalamus;
    float data[2] = {0.1f, 0.9f};
    dn_posteriors p = {{0, 0, 0}, {1, 1, 1}, 2, data};
    dn_volume_rows volumes = {NULL, 0};
    dn_quality_evidence evidence = {
        .posteriors = &p, .structures = &of_thalamus, .volumes = &volumes, .limits = DN_LIMITS_STACKS, .is_stack = true};
    static const struct {
        double disagreement, score;
        dn_verdict verdict;
        size_t flags;
    } cases[] = {{0.0, (double)NAN, DN_ACCEPTED, 0}, {0.1, 1.0, DN_ACCEPTED, 0}, {0.225, 0.5, DN_ACCEPTED, 1}, {0.31, 0.0, DN_REJECTED, 1}};
    assert_int_equal(dn_structures_init(&thalami, &of_thalamus), DN_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        dn_quality quality = {.count = 0};
        dn_score score;
        print_message("disagreement %g\n", cases[i].disagreement);
        evidence.disagreement = cases[i].disagreement;
        dn_score_judge(&evidence, true, NULL, false, &quality, &score);
        assert_int_equal(score.verdict, cases[i].verdict);
        assert_int_equal(quality.count, cases[i].flags);
        assert_true(isnan(cases[i].score) ? isnan(score.score) : fabs(score.score - cases[i].score) < 1e-9);
    }
}

/* A head whose hypothalamus is not measured is judged by its noise and sharpness, too (noise of 25 % took 11 % off the thalamus, and
 * nothing was said). */
static void pictures_without_a_hypothalamus(void **state)
{
    (void)state;
    static const struct {
        double edge_mm, noise;
        const char *code;
        dn_verdict verdict;
    } cases[] = {{2.5, 0.09, NULL, DN_ACCEPTED},
                 {2.5, 0.16, "noisy", DN_ACCEPTED},
                 {2.5, 0.25, "noisy", DN_REJECTED},
                 {5.0, 0.05, "blurred", DN_ACCEPTED}};
    const dn_volume_rows volumes = {NULL, 0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const dn_quality_evidence evidence = {.structures = &structures, .volumes = &volumes, .image = {cases[i].edge_mm, cases[i].noise}};
        dn_quality quality = {.count = 0};
        dn_score score;
        dn_score_judge(&evidence, false, NULL, false, &quality, &score);
        assert_int_equal(score.verdict, cases[i].verdict);
        assert_int_equal(quality.count, cases[i].code != NULL);
        if (cases[i].code != NULL) {
            assert_string_equal(quality.flag[0].code, cases[i].code);
        }
    }
}

int main(void)
{
    if (dn_structures_init(&model, &structures) != DN_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(marks), cmocka_unit_test(entropy), cmocka_unit_test(verdicts),
                                       cmocka_unit_test(folds), cmocka_unit_test(pictures_without_a_hypothalamus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
