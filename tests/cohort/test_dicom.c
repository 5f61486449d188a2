/* DICOM files: what their headers say, which series is T1-weighted, what identifies people, where slices lie, and the volume that is made.
 * The last part needs dcm2niix. */
#define _GNU_SOURCE
#include "base/job.h"
#include "base/program.h"
#include "cohort/dicom/contrast.h"
#include "cohort/dicom/intake.h"
#include "cohort/dicom/privacy.h"
#include "cohort/dicom/sidecar.h"
#include "cohort/dicom/slices.h"
#include "cohort/dicom/study.h"
#include "dicom_maker.h"
#include "image/io.h"
#include "test.h"

static char home[] = "/tmp/dien-dicom-XXXXXX";

static int begin(void **state)
{
    (void)state;
    return mkdtemp(home) == NULL;
}

static int end(void **state)
{
    (void)state;
    return test_remove_tree(home);
}

static bool has_dcm2niix(void)
{
    const char *const arguments[] = {"dcm2niix", "--version", NULL};
    dn_program_end it;
    const bool has = dn_program_run(arguments, 20.0, &it) == DN_OK && !it.missing;
    dn_program_end_release(&it);
    return has;
}

/* ---- headers ------------------------------------------------------------------------------------------------------ */

static void make_one(const char *path, bool implicit)
{
    const dicom_series s = {12, "t1_mprage", "ORIGINAL\\PRIMARY", "GR", "3D", 8, 3, 0, 9, "Gadovist", NULL, implicit, 1};
    const uint16_t pixels[6] = {1, 2, 3, 4, 5, 6};
    assert_ok(dicom_write(path, &s, 7, pixels, 2, 3, 1.0, (const double[3]){1.5, -2, 3}, (const double[6]){1, 0, 0, 0, 1, 0}));
}

static void check_one(const dn_dicom_header *h)
{
    assert_string_equal(h->text[DN_DICOM_PATIENT_NAME], "Zebrowska^Wanda^Q");
    assert_string_equal(h->text[DN_DICOM_AGE], "062Y");
    assert_string_equal(h->text[DN_DICOM_SEX], "F");
    assert_string_equal(h->text[DN_DICOM_CONTRAST_AGENT], "Gadovist");
    assert_string_equal(h->text[DN_DICOM_SERIES_DESCRIPTION], "t1_mprage");
    assert_string_equal(h->text[DN_DICOM_SERIES_NUMBER], "12");
    assert_string_equal(h->text[DN_DICOM_INSTANCE_NUMBER], "7");
    assert_int_equal(h->rows, 2);
    assert_int_equal(h->columns, 3);
    assert_true(h->has_place);
    assert_close(h->position[1], -2.0, 0);
    assert_close(h->orientation[4], 1.0, 0);
}

static void headers(void **state)
{
    (void)state;
    for (int implicit = 0; implicit < 2; ++implicit) {
        char path[256];
        unsigned char *bytes = NULL;
        size_t size;
        dn_dicom_header header;
        bool is_one;
        snprintf(path, sizeof path, "%s/one", home);
        make_one(path, implicit);
        assert_true(dn_dicom_is_input(path));
        assert_ok(dn_dicom_read(path, &header, &is_one));
        assert_true(is_one);
        check_one(&header);
        assert_ok(dn_file_read(path, 1 << 20, &bytes, &size));
        /* Any beginning of it, and any damaged byte: no more is read than there is (sanitizers see to it). */
        for (size_t n = 0; n <= size; ++n) {
            unsigned char *part = malloc(n > 0 ? n : 1);
            memcpy(part, bytes, n);
            const bool complete = dn_dicom_parse(part, n, &header);
            assert_true(n < size || complete);
            free(part);
        }
        for (size_t n = 128; n < size; ++n) {
            const unsigned char before = bytes[n];
            bytes[n] = (unsigned char)(255 - before);
            (void)dn_dicom_parse(bytes, size, &header);
            bytes[n] = before;
        }
        free(bytes);
    }
}

/* Sequences of undefined length, one inside the other, are passed over; a name inside one is not the patient's. */
static void sequences(void **state)
{
    dicom_bytes out = {.implicit = false};
    const unsigned char zeros[128] = {0};
    dn_dicom_header header;
    (void)state;
    dicom_raw(&out, zeros, 128);
    dicom_raw(&out, "DICM", 4);
    dicom_text(&out, 0x0008, 0x0060, "CS", "MR");
    dicom_raw(&out, "\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff", 12);
    for (int level = 0; level < 2; ++level) {
        dicom_raw(&out, "\xfe\xff\x00\xe0\xff\xff\xff\xff", 8);
        dicom_text(&out, 0x0010, 0x0010, "PN", "Inner^Name");
        if (level == 0) {
            dicom_raw(&out, "\x08\x00\x41\x11SQ\0\0\xff\xff\xff\xff", 12);
        }
    }
    for (int level = 0; level < 2; ++level) {
        dicom_raw(&out, "\xfe\xff\x0d\xe0\0\0\0\0", 8);
        dicom_raw(&out, "\xfe\xff\xdd\xe0\0\0\0\0", 8);
    }
    dicom_text(&out, 0x0010, 0x0020, "LO", "ID7");
    dicom_short(&out, 0x0028, 0x0010, 5);
    dicom_short(&out, 0x0028, 0x0100, 16);
    assert_true(dn_dicom_parse(out.data, out.size, &header));
    assert_string_equal(header.text[DN_DICOM_PATIENT_NAME], "");
    assert_string_equal(header.text[DN_DICOM_PATIENT_ID], "ID7");
    assert_string_equal(header.text[DN_DICOM_MODALITY], "MR");
    assert_int_equal(header.rows, 5);
    assert_false(header.agent_in_sequence);
    free(out.data);
    /* What a sequence of unknown kind (UN) and undefined length holds has no VRs, though the file has. An agent that is named in a
     * sequence. */
    out = (dicom_bytes){.implicit = false};
    dicom_raw(&out, zeros, 128);
    dicom_raw(&out, "DICM", 4);
    dicom_text(&out, 0x0008, 0x0060, "CS", "MR");
    dicom_raw(&out, "\x12\x00\x64\x00UN\0\0\xff\xff\xff\xff", 12);
    dicom_raw(&out, "\xfe\xff\x00\xe0\xff\xff\xff\xff", 8);
    dicom_raw(&out,
              "\x08\x00\x00\x01\x06\0\0\x00"
              "113100",
              14);
    dicom_raw(&out, "\xfe\xff\x0d\xe0\0\0\0\0", 8);
    dicom_raw(&out, "\xfe\xff\xdd\xe0\0\0\0\0", 8);
    dicom_raw(&out, "\x18\x00\x12\x00SQ\0\0\xff\xff\xff\xff", 12);
    dicom_raw(&out, "\xfe\xff\x00\xe0\0\0\0\0", 8);
    dicom_raw(&out, "\xfe\xff\xdd\xe0\0\0\0\0", 8);
    dicom_short(&out, 0x0028, 0x0010, 5);
    dicom_short(&out, 0x0028, 0x0100, 16);
    assert_true(dn_dicom_parse(out.data, out.size, &header));
    assert_int_equal(header.rows, 5);
    assert_true(header.agent_in_sequence);
    free(out.data);
    assert_false(dn_dicom_begins((const unsigned char *)"\x5c\x01\0\0 a NIfTI header", 20));
    assert_false(dn_dicom_begins((const unsigned char *)"hello, this is a text, not a scan", 33));
}

/* ---- people ------------------------------------------------------------------------------------------------------- */

static void people(void **state)
{
    dn_dicom_header h;
    dn_private_values list = {0};
    char shown[64];
    (void)state;
    memset(&h, 0, sizeof h);
    strcpy(h.text[DN_DICOM_PATIENT_NAME], "Li^Anna Maria^^Dr");
    strcpy(h.text[DN_DICOM_PATIENT_ID], "88-1234");
    strcpy(h.text[DN_DICOM_BIRTH_DATE], "19570312");
    strcpy(h.text[DN_DICOM_INSTITUTION], "Brain Center");
    assert_ok(dn_private_add(&list, &h));
    const struct {
        const char *text;
        bool hidden;
    } cases[] = {{"t1_ANNA_sag", true},      {"scan of maria", true}, {"t1 mprage", false},         {"scanning manna", false},
                 {"x88-1234y", true},        {"12.03.1957", true},    {"b_1957-03-12", true},       {"T1 brain", false},
                 {"brain center, T1", true}, {"Li", false},           {"annarbor_protocol", false}, {"12031957", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        if (dn_private_in(&list, cases[i].text) != cases[i].hidden) {
            fail_msg("'%s': expected %s", cases[i].text, cases[i].hidden ? "hidden" : "shown");
        }
    }
    dn_private_show(&list, "t1 of Anna", shown, sizeof shown);
    assert_string_equal(shown, "(not shown)");
    dn_private_show(&list, "", shown, sizeof shown);
    assert_string_equal(shown, "(no description)");
    dn_private_show(&list, "t1\x1b[2J \xe9t\xc3\xa9", shown, sizeof shown);
    assert_string_equal(shown, "t1?[2J ?t\xc3\xa9");
    dn_private_show(&list, "abcdef\xc3\xa9", shown, 8);
    assert_string_equal(shown, "abcdef");
    dn_private_release(&list);
}

/* Names with letters beyond ASCII, in whatever character set and spelling; parts of double names; the day of the examination. */
static void foreign_names(void **state)
{
    dn_dicom_header h;
    dn_private_values list = {0};
    (void)state;
    memset(&h, 0, sizeof h);
    strcpy(h.text[DN_DICOM_PATIENT_NAME], "M\xfcller^Anna-Lena"); /* Latin-1 */
    strcpy(h.text[DN_DICOM_STUDY_DATE], "20190402");
    assert_ok(dn_private_add(&list, &h));
    const struct {
        const char *text;
        bool hidden;
    } cases[] = {{"T1 M\xc3\xbcller", true}, {"t1 mueller", true}, {"T1 MULLER", true},   {"T1 M\xc3\x9cLLER", true}, {"T1 Lena", true},
                 {"T1 milder", false},       {"T1 Miller", true},  {"T1 20190402", true}, {"T1 2019-04-02", true},    {"T1 mprage", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        if (dn_private_in(&list, cases[i].text) != cases[i].hidden) {
            fail_msg("'%s': expected %s", cases[i].text, cases[i].hidden ? "hidden" : "shown");
        }
    }
    dn_private_release(&list);
    strcpy(h.text[DN_DICOM_PATIENT_NAME], "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd"); /* Cyrillic: any text of such letters may be it */
    assert_ok(dn_private_add(&list, &h));
    assert_true(dn_private_in(&list, "T1 \xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd"));
    assert_false(dn_private_in(&list, "T1 mprage sag"));
    dn_private_release(&list);
}

static void sidecars(void **state)
{
    dn_dicom_header h;
    dn_private_values list = {0};
    json_t *in =
        json_pack("{s:s, s:s, s:s, s:s, s:f, s:[s,s], s:s}", "PatientName", "Zebrowska", "SeriesDescription", "t1_Zebrowska",
                  "ProtocolName", "t1", "InstitutionName", "X", "EchoTime", 0.003, "ImageType", "ORIGINAL", "PRIMARY", "NewKey", "y");
    json_t *out = NULL;
    (void)state;
    memset(&h, 0, sizeof h);
    strcpy(h.text[DN_DICOM_PATIENT_NAME], "Zebrowska^W");
    strcpy(h.text[DN_DICOM_BIRTH_DATE], "19570312");
    strcpy(h.text[DN_DICOM_STUDY_DATE], "20190311");
    strcpy(h.text[DN_DICOM_SEX], "F");
    assert_ok(dn_private_add(&list, &h));
    assert_ok(dn_dicom_sidecar(in, &h, &list, &out));
    assert_int_equal(json_object_size(out), 5); /* ProtocolName, EchoTime, ImageType, age, sex */
    assert_close(json_number_value(json_object_get(out, "PatientAge")), 61.0, 0);
    json_decref(out);
    strcpy(h.text[DN_DICOM_AGE], "018M");
    assert_ok(dn_dicom_sidecar(in, &h, &list, &out));
    assert_close(json_number_value(json_object_get(out, "PatientAge")), 1.5, 1e-12);
    json_decref(out);
    json_decref(in);
    dn_private_release(&list);
}

/* ---- which series ------------------------------------------------------------------------------------------------- */

typedef struct example {
    const char *description, *type, *sequence, *kind;
    double tr, te, ti, flip; /* ms */
    int slices;
    const char *expected; /* a part of the reasons; "+...": taken */
} example;

static const example examples[] = {
    {"t1_mprage_sag_p2_iso", "ORIGINAL/PRIMARY/M/ND/NORM", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176,
     "+T1-weighted by its name and its times"},
    {"Sag 3D T1 BRAVO", "ORIGINAL/PRIMARY/OTHER", "GR", "3D", 8.2, 3.2, 450, 12, 180, "+T1-weighted by its name and its times"},
    {"T1W_3D_TFE", "ORIGINAL/PRIMARY/M_FFE/M/FFE", "GR", "3D", 8.1, 3.7, 0, 8, 170, "+T1-weighted by its name and its times"},
    {"anat", "ORIGINAL/PRIMARY/M", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "+T1-weighted by its times"},
    {"T1 SE ax", "ORIGINAL/PRIMARY/M", "SE", "2D", 550, 9, 0, 90, 24, "+T1-weighted by its name and its times"},
    {"T1 FLAIR ax", "ORIGINAL/PRIMARY/M", "SE\\IR", "2D", 2200, 24, 860, 90, 24, "+T1-weighted by its name and its times"},
    {"3D_T1_SPACE", "ORIGINAL/PRIMARY/M", "SE", "3D", 600, 11, 0, 120, 176, "+T1-weighted by its name and its times"},
    {"t1_mprage_post_gd", "ORIGINAL/PRIMARY/M", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "+with a contrast agent"},
    {"t1_mprage pre contrast", "ORIGINAL/PRIMARY/M", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "+no contrast agent"},
    {"MPRAGE KM ohne FS", "ORIGINAL/PRIMARY/M", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "+with a contrast agent"},
    {"t1 Gd pre-op", "ORIGINAL/PRIMARY/M", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "+with a contrast agent"},
    {"t1 mprage ohne KM", "ORIGINAL/PRIMARY/M", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "+no contrast agent"},
    {"T1 +C", "ORIGINAL/PRIMARY/M", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "+with a contrast agent"},
    {"t1_mprage", "DERIVED/SECONDARY/MPR", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "derived"},
    {"t1_mprage", "DERIVED/PRIMARY/M", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "derived"},
    {"t1_mprage", "ORIGINAL/PRIMARY/P/ND", "GR\\IR", "3D", 2300, 2.98, 900, 9, 176, "phase"},
    {"t1_fl3d MIP", "ORIGINAL/PRIMARY/M", "GR", "3D", 20, 3, 0, 20, 60, "derived"},
    {"localizer", "ORIGINAL/PRIMARY/M", "GR", "2D", 8, 4, 0, 20, 3, "only 3 slices"},
    {"AAHead_Scout", "ORIGINAL/PRIMARY/M", "GR", "3D", 3.2, 1.4, 0, 8, 128, "localizer"},
    {"t2_space_sag", "ORIGINAL/PRIMARY/M", "SE", "3D", 3200, 408, 0, 120, 176, "T2-weighted by its times"},
    {"t2_spc_da-fl_sag", "ORIGINAL/PRIMARY/M", "SE\\IR", "3D", 5000, 387, 1800, 120, 176, "FLAIR by its times"},
    {"pd_tse", "ORIGINAL/PRIMARY/M", "SE", "2D", 2400, 12, 0, 150, 40, "proton density"},
    {"TOF_3D_multi-slab", "ORIGINAL/PRIMARY/M", "GR", "3D", 21, 3.4, 0, 18, 160, "angiography"},
    {"Mag_Images SWI", "ORIGINAL/PRIMARY/M", "GR", "3D", 28, 20, 0, 15, 80, "T2*-weighted by its times"},
    {"ep2d_bold", "ORIGINAL/PRIMARY/M", "EP", "2D", 2000, 30, 0, 90, 40, "echo-planar"},
    {"gre_field_mapping", "ORIGINAL/PRIMARY/M", "GR", "2D", 488, 4.92, 0, 60, 36, "field map"},
    {"t1", "ORIGINAL/PRIMARY/M", "SE", "2D", 4000, 100, 0, 150, 24, "T2-weighted by its times"},
    {"mp2rage_INV1", "ORIGINAL/PRIMARY/M", "GR\\IR", "3D", 5000, 2.98, 700, 4, 176, "a map or a part"},
    {"unknown", "ORIGINAL/PRIMARY/M", "RM", "2D", 0, 0, 0, 0, 30, "neither its name nor its times"},
};

static json_t *sidecar_of(const example *it)
{
    json_t *root = json_pack("{s:s, s:s, s:s}", "Modality", "MR", "ScanningSequence", it->sequence, "MRAcquisitionType", it->kind);
    json_t *types = json_array();
    const struct {
        const char *key;
        double value;
    } numbers[] = {{"RepetitionTime", it->tr / 1e3}, {"EchoTime", it->te / 1e3}, {"InversionTime", it->ti / 1e3}, {"FlipAngle", it->flip}};
    for (size_t i = 0; i < 4; ++i) {
        if (numbers[i].value > 0) {
            json_object_set_new(root, numbers[i].key, json_real(numbers[i].value));
        }
    }
    for (const char *p = it->type; *p != '\0';) {
        const size_t n = strcspn(p, "/");
        json_array_append_new(types, json_stringn(p, n));
        p += n + (p[n] != '\0');
    }
    json_object_set_new(root, "ImageType", types);
    return root;
}

static void judge(const example *it, const char *agent, dn_series_verdict *out)
{
    json_t *sidecar = sidecar_of(it);
    const dn_series_facts facts = {.description = it->description,
                                   .protocol = "",
                                   .sidecar = sidecar,
                                   .agent = agent,
                                   .images = it->slices,
                                   .slices = it->slices,
                                   .spacing = strcmp(it->kind, "3D") == 0 ? 1.0 : 5.0};
    dn_series_judge(&facts, out);
    json_decref(sidecar);
}

static void contrasts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; ++i) {
        const example *it = &examples[i];
        dn_series_verdict found;
        judge(it, "", &found);
        const bool taken = it->expected[0] == '+';
        if (found.taken != taken || strstr(found.text, it->expected + taken) == NULL) {
            fail_msg("%s: expected '%s', found %s '%s'", it->description, it->expected, found.taken ? "taken" : "not taken", found.text);
        }
    }
}

static void scores(void **state)
{
    dn_series_verdict plain, agent, thick, unnamed;
    example two = examples[0], three = examples[0];
    (void)state;
    judge(&examples[0], "", &plain);
    judge(&examples[0], "Dotarem", &agent);
    two.kind = "2D";
    two.slices = 24;
    judge(&two, "", &thick);
    three.description = "brain";
    judge(&three, "", &unnamed);
    assert_close(plain.score, 14.0, 0); /* 3 + 3 + 3 + 2 + 2 + 1 */
    assert_close(agent.score, 9.0, 0);
    assert_close(thick.score, 7.0, 0);
    assert_close(unnamed.score, 11.0, 0);
}

/* ---- slices ------------------------------------------------------------------------------------------------------- */

static dn_slices measure(double (*position)[3], size_t count)
{
    const double oblique[6] = {0.8, 0.6, 0, 0, 0, -1}; /* normal: -0.6, 0.8, 0 */
    for (size_t i = 0; i < count; ++i) {
        const double d = position[i][0], r = position[i][1];
        position[i][0] = -0.6 * d + 0.8 * r;
        position[i][1] = 0.8 * d + 0.6 * r;
    }
    dn_slices_sort(position, count, oblique);
    dn_slices out;
    assert_ok(dn_slices_measure((const double(*)[3])position, count, &out));
    return out;
}

static void stacks(void **state)
{
    double p[40][3];
    (void)state;
    for (int kind = 0; kind < 5; ++kind) {
        for (int i = 0; i < 40; ++i) {
            const int k = (i * 17) % 40; /* in any order */
            p[i][0] = 1.2 * (kind == 1 && k > 10 ? k + 3 : k) + (kind == 2 && k % 2 == 1 ? 0.3 : 0.0);
            p[i][1] = kind == 3 ? 0.2 * k : 0.0;
            p[i][2] = 5.0;
        }
        if (kind == 4) { /* two images at each place */
            for (int i = 20; i < 40; ++i) {
                memcpy(p[i], p[i - 20], sizeof p[i]);
            }
        }
        const dn_slices s = measure(p, 40);
        assert_int_equal(s.places, kind == 4 ? 20 : 40);
        assert_int_equal(s.missing, kind == 1 ? 3 : kind == 4 ? s.missing : 0);
        assert_int_equal(s.uneven, kind == 2);
        assert_close(s.lean, kind == 3 ? atan2(0.2, 1.2) * 57.29577951308232 : 0.0, 1e-6);
        if (kind != 4 && kind != 2) {
            assert_close(s.spacing, 1.2, 1e-9);
        }
    }
}

/* ---- volumes ------------------------------------------------------------------------------------------------------ */

/* A head of smooth waves, whose value at any place is known. */
static double wave(const double x[3])
{
    return 200.0 + 60.0 * sin(0.12 * x[0]) + 50.0 * sin(0.1 * x[1] + 0.5) + 55.0 * cos(0.11 * x[2]);
}

static dn_volume *make_head(void)
{
    dn_grid grid = {.dim = {40, 44, 48}, .affine = {{{1.5, 0, 0, -30}, {0, 1.5, 0, -33}, {0, 0, 1.5, -36}}}};
    dn_volume *head = NULL;
    assert_ok(dn_volume_create(&grid, &head));
    for (int64_t v = 0; v < dn_grid_count(&grid); ++v) {
        const double ijk[3] = {(double)(v % 40), (double)(v / 40 % 44), (double)(v / (40 * 44))};
        double xyz[3];
        dn_affine_apply(&grid.affine, ijk, xyz);
        head->data[v] = (float)wave(xyz);
    }
    return head;
}

/* Largest difference from the waves, within the margin of some voxels; the maker multiplied by 8. lean, uneven: the maker's fault moves the
 * slice's label, and so the place of what is in it. */
static double largest_error(const dn_volume *v, const dicom_fault *fault)
{
    double worst = 0.0;
    for (int64_t i = 4; i < v->grid.dim[0] - 4; ++i) {
        for (int64_t j = 4; j < v->grid.dim[1] - 4; ++j) {
            for (int64_t k = 4; k < v->grid.dim[2] - 4; ++k) {
                const double ijk[3] = {(double)i, (double)j, (double)k};
                double xyz[3];
                dn_affine_apply(&v->grid.affine, ijk, xyz);
                const double slice = (xyz[2] + 36.0) / 1.5;
                xyz[1] += fault->lean * slice;
                if (xyz[1] < -30.0 || xyz[1] > 30.0) {
                    continue; /* nothing was there */
                }
                worst = fmax(worst, fabs((double)v->data[dn_grid_offset(&v->grid, i, j, k)] / 8.0 - wave(xyz)));
            }
        }
    }
    return worst;
}

static void check_volume(const char *kind, const dicom_fault *fault, double tolerance, const char *warning)
{
    char folder[256];
    dn_dicom_scan scan = {.path = NULL};
    dn_volume *head = make_head(), *found = NULL;
    const dn_dicom_options options = {.name = "sub-01"};
    const dicom_series s = {3, "t1_mprage", "ORIGINAL\\PRIMARY\\M", "GR\\IR", "3D", 2300, 2.98, 900, 9, NULL, NULL, false, 1};
    double spacing[3];
    snprintf(folder, sizeof folder, "%s/%s", home, kind);
    assert_ok(dn_path_make_folder(folder));
    assert_ok(dicom_write_head(folder, &s, head, fault));
    assert_ok(dn_dicom_open(folder, &options, &scan));
    assert_string_equal(dn_path_name(scan.path), "sub-01.nii");
    assert_ok(dn_scan_read(scan.path, NULL, &found, NULL));
    dn_grid_spacing(&found->grid, spacing);
    for (int a = 0; a < 3; ++a) {
        assert_close(spacing[a], 1.5, 1e-3);
    }
    if (fault->uneven == 0.0) { /* the content of a moved slice is where it was made */
        assert_int_equal(found->grid.dim[2], 48);
        const double worst = largest_error(found, fault);
        if (worst > tolerance) {
            fail_msg("%s: expected at most %g, found %g", kind, tolerance, worst);
        }
    }
    assert_int_equal(scan.warnings.count, warning != NULL);
    if (warning != NULL && strstr(scan.warnings.text[0], warning) == NULL) {
        fail_msg("%s: expected '%s' in '%s'", kind, warning, scan.warnings.text[0]);
    }
    dn_volume_destroy(found);
    dn_volume_destroy(head);
    char *path = strdup(scan.scratch.path);
    dn_dicom_close(&scan);
    assert_false(dn_path_exists(path));
    free(path);
}

static void volumes(void **state)
{
    (void)state;
    if (!has_dcm2niix()) {
        printf("skipped: dcm2niix is not installed\n");
        skip();
    }
    /* The maker cuts off what is below one: 1 / 8. */
    check_volume("regular", &(dicom_fault){0}, 0.13, NULL);
    /* Linear over 4.5 mm of waves: 55 * 0.11^2 * 4.5^2 / 8. */
    check_volume("gap", &(dicom_fault){.missing_from = 20, .missing_count = 2}, 1.8, "2 of 48 slices are missing");
    check_volume("lean", &(dicom_fault){.lean = 0.3}, 0.4, "gantry tilt");
    check_volume("uneven", &(dicom_fault){.uneven = 0.4}, 0.0, "1.10 to 1.90 mm apart");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(headers),       cmocka_unit_test(sequences), cmocka_unit_test(people),
                                       cmocka_unit_test(foreign_names), cmocka_unit_test(sidecars),  cmocka_unit_test(contrasts),
                                       cmocka_unit_test(scores),        cmocka_unit_test(stacks),    cmocka_unit_test(volumes)};
    return cmocka_run_group_tests(tests, begin, end);
}
