/* How a series is weighted, by its name and by its times, and how well it suits. */
#define _GNU_SOURCE
#include "cohort/dicom/contrast.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FEWEST_SLICES = 12, SOME_SLICES = 40, MANY_SLICES = 100 };

/* ---- the name ----------------------------------------------------------------------------------------------------- */

/* A hint in a name: letters and digits, in words that are divided by anything else. "*": the word may go on. */
typedef struct hint {
    const char *word, *what;
} hint;

static const hint t1_hints[] = {{"t1*", ""},       {"mprage*", ""}, {"mpragevolume*", ""}, {"mp rage*", ""}, {"memprage*", ""},
                                {"bravo*", ""},    {"fspgr*", ""},  {"efgre3d*", ""},      {"spgr*", ""},    {"irfspgr*", ""},
                                {"ir fspgr*", ""}, {"tfl3d*", ""},  {"mp2rage*", ""},      {"adni*", ""}};

static const hint other_hints[] = {{"localizer*", "a localizer"},
                                   {"localiser*", "a localizer"},
                                   {"scout*", "a localizer"},
                                   {"survey*", "a localizer"},
                                   {"loc", "a localizer"},
                                   {"3 plane*", "a localizer"},
                                   {"3plane*", "a localizer"},
                                   {"calib*", "a calibration"},
                                   {"asset*", "a calibration"},
                                   {"t2*", "T2-weighted by its name"},
                                   {"flair*", "FLAIR by its name"},
                                   {"tirm*", "FLAIR or STIR by its name"},
                                   {"dark fluid*", "FLAIR by its name"},
                                   {"stir*", "STIR by its name"},
                                   {"pd", "proton density by its name"},
                                   {"pdw*", "proton density by its name"},
                                   {"swi*", "susceptibility-weighted by its name"},
                                   {"swan*", "susceptibility-weighted by its name"},
                                   {"qsm*", "susceptibility-weighted by its name"},
                                   {"hemo*", "susceptibility-weighted by its name"},
                                   {"tof*", "an angiography by its name"},
                                   {"mra", "an angiography by its name"},
                                   {"angio*", "an angiography by its name"},
                                   {"venogr*", "an angiography by its name"},
                                   {"dwi*", "diffusion by its name"},
                                   {"dti*", "diffusion by its name"},
                                   {"diff*", "diffusion by its name"},
                                   {"adc*", "diffusion by its name"},
                                   {"trace*", "diffusion by its name"},
                                   {"ep2d*", "echo-planar by its name"},
                                   {"epi", "echo-planar by its name"},
                                   {"bold*", "functional by its name"},
                                   {"fmri*", "functional by its name"},
                                   {"rest*", "functional by its name"},
                                   {"perf*", "perfusion by its name"},
                                   {"asl*", "perfusion by its name"},
                                   {"pcasl*", "perfusion by its name"},
                                   {"dsc*", "perfusion by its name"},
                                   {"field map*", "a field map by its name"},
                                   {"fieldmap*", "a field map by its name"},
                                   {"gre field*", "a field map by its name"},
                                   {"b0*", "a field map by its name"},
                                   {"b1*", "a field map by its name"},
                                   {"ciss*", "T2-weighted by its name"},
                                   {"fiesta*", "T2-weighted by its name"},
                                   {"drive*", "T2-weighted by its name"},
                                   {"svs*", "spectroscopy by its name"},
                                   {"csi*", "spectroscopy by its name"},
                                   {"press*", "spectroscopy by its name"}};

/* Images made from others, whatever ImageType says. "mpr" is not among them: it also stands for MPRAGE. */
static const hint derived_hints[] = {{"mip*", ""}, {"reformat*", ""}, {"subtr*", ""}, {"projection*", ""}};
/* Derived maps of T1, which are no T1-weighted images. */
static const hint map_hints[] = {{"t1 map*", ""}, {"t1map*", ""}, {"t1 images*", ""}, {"inv1", ""}, {"inv2", ""}, {"t1rho*", ""}};
static const hint agent_hints[] = {{"gd*", ""},      {"gad*", ""},      {"km", ""},       {"post", ""}, {"postgad*", ""},
                                   {"postcon*", ""}, {"contrast*", ""}, {"dotarem*", ""}, {"ce", ""},   {"enhanced*", ""}};
static const hint no_agent_hints[] = {{"no contrast*", ""}, {"non contrast*", ""}, {"without*", ""}, {"pre", ""},
                                      {"ohne*", ""},        {"no gad*", ""},       {"sans*", ""}};
/* Which leave no doubt. */
static const hint native_hints[] = {{"precon*", ""}, {"pregad*", ""}, {"nativ*", ""}};

/* Letters and digits, with a blank at both ends and between words: " t1 mprage sag ". */
static void words_of(const char *description, const char *protocol, char out[300])
{
    size_t n = 0;
    out[n++] = ' ';
    for (int part = 0; part < 2; ++part) {
        for (const char *p = part == 0 ? description : protocol; *p != '\0' && n + 8 < 300; ++p) {
            if (isalnum((unsigned char)*p)) {
                out[n++] = (char)tolower((unsigned char)*p);
            } else if (*p == '+' && (tolower((unsigned char)p[1]) == 'c' || (p > description && tolower((unsigned char)p[-1]) == 'c'))) {
                memcpy(out + n, " gd ", 4); /* "+C", "C+" */
                n += 4;
            } else if (out[n - 1] != ' ') {
                out[n++] = ' ';
            }
        }
        if (out[n - 1] != ' ') {
            out[n++] = ' ';
        }
    }
    out[n] = '\0';
}

static const hint *find(const char *words, const hint *hints, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        char wanted[32];
        const bool open = strchr(hints[i].word, '*') != NULL;
        snprintf(wanted, sizeof wanted, " %.*s%s", (int)strcspn(hints[i].word, "*"), hints[i].word, open ? "" : " ");
        if (strstr(words, wanted) != NULL) {
            return &hints[i];
        }
    }
    return NULL;
}

#define FIND(words, hints) find(words, hints, sizeof(hints) / sizeof *(hints))

/* ---- the times ---------------------------------------------------------------------------------------------------- */

typedef enum { BY_TIMES_UNKNOWN, BY_TIMES_T1, BY_TIMES_T2, BY_TIMES_FLAIR, BY_TIMES_PD, BY_TIMES_T2STAR, BY_TIMES_EPI } weighting;

/* s; NaN: not known. */
typedef struct times {
    double repetition, echo, inversion, flip;
} times;

static double number_of(const json_t *sidecar, const char *key)
{
    const json_t *value = json_object_get(sidecar, key);
    const double x = json_is_number(value) ? json_number_value(value) : (double)NAN;
    return x > 0.0 ? x : (double)NAN;
}

static const char *text_of(const json_t *sidecar, const char *key)
{
    const char *text = json_string_value(json_object_get(sidecar, key));
    return text != NULL ? text : "";
}

static times times_of(const json_t *sidecar)
{
    return (times){number_of(sidecar, "RepetitionTime"), number_of(sidecar, "EchoTime"), number_of(sidecar, "InversionTime"),
                   number_of(sidecar, "FlipAngle")};
}

/* ScanningSequence is "GR\IR", in newer files absent. */
static bool uses(const json_t *sidecar, const char *part)
{
    const char *sequence = text_of(sidecar, "ScanningSequence");
    const size_t length = strlen(part);
    while (*sequence != '\0') {
        const size_t n = strcspn(sequence, "\\_, ");
        if (n == length && strncasecmp(sequence, part, n) == 0) {
            return true;
        }
        sequence += n + (sequence[n] != '\0');
    }
    return false;
}

static weighting weighting_of(const json_t *sidecar)
{
    const times t = times_of(sidecar);
    const bool spin = uses(sidecar, "SE"), gradient = uses(sidecar, "GR"), inverted = !isnan(t.inversion);
    if (uses(sidecar, "EP")) {
        return BY_TIMES_EPI;
    }
    if (isnan(t.echo) || isnan(t.repetition)) {
        return BY_TIMES_UNKNOWN;
    }
    if (inverted && t.inversion > 1.5 && t.echo > 0.06) {
        return BY_TIMES_FLAIR;
    }
    if (t.echo > 0.06) {
        return BY_TIMES_T2;
    }
    if (gradient || (!spin && t.echo < 0.012)) {
        if (t.echo >= 0.012) {
            return BY_TIMES_T2STAR;
        }
        const bool prepared = inverted && t.inversion > 0.3 && t.inversion < 1.5;
        const bool spoiled = t.repetition < 0.06 && !(t.flip < 5.0);
        const bool slices = t.repetition < 0.6 && t.flip >= 50.0; /* 2D FLASH */
        return prepared || spoiled || slices ? BY_TIMES_T1 : BY_TIMES_UNKNOWN;
    }
    if (t.echo < 0.035 && (t.repetition < 1.2 || (inverted && t.inversion > 0.5 && t.inversion < 1.2))) {
        return BY_TIMES_T1;
    }
    return t.echo < 0.035 && t.repetition > 1.8 && !inverted ? BY_TIMES_PD : BY_TIMES_UNKNOWN;
}

/* ---- what the scanner says about the images ------------------------------------------------------------------------- */

static bool has_type(const json_t *sidecar, const char *type)
{
    const json_t *list = json_object_get(sidecar, "ImageType");
    size_t i;
    const json_t *value;
    json_array_foreach(list, i, value)
    {
        const char *text = json_string_value(value);
        if (text != NULL && strcasecmp(text, type) == 0) {
            return true;
        }
    }
    return false;
}

/* Why images are not those of a T1w scan, by what the scanner says they are; NULL: nothing speaks against them. */
static const char *derived(const json_t *sidecar, const char *words)
{
    static const char *const secondary[] = {"SECONDARY", "DERIVED"};
    static const char *const made[] = {"MPR", "MIP", "MNIP", "PROJECTION IMAGE", "REFORMATTED", "SUBTRACTION", "CSA REPORT", "SCREEN SAVE"};
    const char *modality = text_of(sidecar, "Modality");
    if (*modality != '\0' && strcmp(modality, "MR") != 0) {
        return "not an MRI series";
    }
    if (has_type(sidecar, "LOCALIZER")) {
        return "a localizer";
    }
    for (size_t i = 0; i < sizeof made / sizeof *made; ++i) {
        if (has_type(sidecar, made[i])) {
            return "derived images (reformatted, projected or computed from another series)";
        }
    }
    for (size_t i = 0; i < 2; ++i) {
        if (has_type(sidecar, secondary[i])) {
            return "derived images (computed from another series)";
        }
    }
    if (has_type(sidecar, "P") || has_type(sidecar, "PHASE") || has_type(sidecar, "PHASE MAP") || has_type(sidecar, "IMAGINARY") ||
        has_type(sidecar, "REAL")) {
        return "phase images, not magnitude";
    }
    if (FIND(words, map_hints) != NULL) {
        return "a map or a part of a computed T1 image by its name";
    }
    return FIND(words, derived_hints) != NULL ? "derived images by their name" : NULL;
}

/* ---- the agent ---------------------------------------------------------------------------------------------------- */

/* words without "no", "without", "ohne", "pre" and what follows each, which there is none of. */
static void strike_out(const char *words, char out[300])
{
    static const char *const denials[] = {"no", "non", "without", "ohne", "sans", "pre"};
    size_t n = 0;
    bool denied = false;
    out[n++] = ' ';
    for (const char *at = words; *(at += strspn(at, " ")) != '\0';) {
        const size_t length = strcspn(at, " ");
        bool denies = false;
        for (size_t i = 0; i < sizeof denials / sizeof *denials; ++i) {
            denies = denies || (strlen(denials[i]) == length && strncmp(at, denials[i], length) == 0);
        }
        if (!denies && !denied && n + length + 2 < 300) {
            memcpy(out + n, at, length);
            n += length;
            out[n++] = ' ';
        }
        denied = denies;
        at += length;
    }
    out[n] = '\0';
}

/* By the description, and where that says nothing by the protocol, which may be that of the whole examination. */
static bool agent_by_name(const dn_series_facts *facts)
{
    for (int part = 0; part < 2; ++part) {
        char words[300], left[300];
        words_of(part == 0 ? facts->description : facts->protocol, "", words);
        strike_out(words, left);
        if (FIND(left, agent_hints) != NULL && FIND(words, native_hints) == NULL) {
            return true;
        }
        if (FIND(words, no_agent_hints) != NULL || FIND(words, native_hints) != NULL) {
            return false;
        }
    }
    return false;
}

/* ---- words -------------------------------------------------------------------------------------------------------- */

static void add(dn_series_verdict *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(dn_series_verdict *out, const char *format, ...)
{
    const size_t n = strlen(out->text);
    va_list list;
    va_start(list, format);
    vsnprintf(out->text + n, sizeof out->text - n, format, list);
    va_end(list);
}

static void add_times(dn_series_verdict *out, const json_t *sidecar)
{
    const times t = times_of(sidecar);
    const char *between = " (";
    const struct {
        const char *name;
        double value;
    } all[] = {{"TR", t.repetition}, {"TE", t.echo}, {"TI", t.inversion}};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
        if (!isnan(all[i].value)) {
            add(out, "%s%s %.4g ms", between, all[i].name, 1e3 * all[i].value);
            between = ", ";
        }
    }
    if (!isnan(t.flip)) {
        add(out, "%sflip angle %.3g\xc2\xb0", between, t.flip);
        between = ", ";
    }
    add(out, "%s", *between == ',' ? ")" : "");
}

static void refuse(dn_series_verdict *out, const char *why, const json_t *sidecar)
{
    add(out, "%s", why);
    if (sidecar != NULL) {
        add_times(out, sidecar);
    }
}

/* ---- the verdict -------------------------------------------------------------------------------------------------- */

/* By name and times together; false: it is not T1-weighted, and out says why. */
static bool is_t1(const dn_series_facts *facts, const char *words, dn_series_verdict *out)
{
    static const char *const others[] = {[BY_TIMES_T2] = "T2-weighted by its times",
                                         [BY_TIMES_FLAIR] = "FLAIR by its times",
                                         [BY_TIMES_PD] = "proton density by its times",
                                         [BY_TIMES_T2STAR] = "T2*-weighted by its times",
                                         [BY_TIMES_EPI] = "echo-planar (functional, diffusion or perfusion)"};
    const weighting by_times = weighting_of(facts->sidecar);
    const bool by_name = FIND(words, t1_hints) != NULL;
    const hint *other = FIND(words, other_hints);
    if (by_times != BY_TIMES_UNKNOWN && by_times != BY_TIMES_T1) {
        refuse(out, others[by_times], facts->sidecar);
        return false;
    }
    if (other != NULL && !(by_name && by_times == BY_TIMES_T1)) {
        refuse(out, other->what, facts->sidecar);
        return false;
    }
    if (!by_name && by_times != BY_TIMES_T1) {
        refuse(out, "neither its name nor its times say that it is T1-weighted", facts->sidecar);
        return false;
    }
    add(out, "T1-weighted by its %s", by_name && by_times == BY_TIMES_T1 ? "name and its times" : by_name ? "name" : "times");
    add_times(out, facts->sidecar);
    out->score += (by_name ? 3.0 : 0.0) + (by_times == BY_TIMES_T1 ? 3.0 : 0.0);
    return true;
}

static void weigh_volume(const dn_series_facts *facts, dn_series_verdict *out)
{
    const char *kind = text_of(facts->sidecar, "MRAcquisitionType");
    const double thickness = number_of(facts->sidecar, "SliceThickness");
    const double apart = facts->spacing > 0.0 ? facts->spacing : thickness;
    const long long slices = facts->slices > 0 ? facts->slices : facts->images;
    if (*kind != '\0') {
        add(out, ", %s", kind);
        out->score += strcmp(kind, "3D") == 0 ? 3.0 : 0.0;
    }
    add(out, ", %lld slices", slices);
    out->score += slices >= MANY_SLICES ? 2.0 : slices >= SOME_SLICES ? 1.0 : 0.0;
    if (apart > 0.0) {
        add(out, " of %.3g mm", apart);
        out->score += apart <= 1.5 ? 2.0 : apart <= 3.0 ? 1.0 : 0.0;
    }
}

void dn_series_judge(const dn_series_facts *facts, dn_series_verdict *out)
{
    char words[300];
    *out = (dn_series_verdict){.taken = false};
    words_of(facts->description, facts->protocol, words);
    if (facts->sidecar == NULL) {
        add(out, "dcm2niix makes no volume of it");
        return;
    }
    const char *why = derived(facts->sidecar, words);
    const long long slices = facts->slices > 0 ? facts->slices : facts->images;
    if (why != NULL) {
        add(out, "%s", why);
    } else if (slices < FEWEST_SLICES && facts->mixed) {
        add(out, "a localizer (%lld slices in this direction, others in other directions)", slices);
    } else if (slices < FEWEST_SLICES) {
        add(out, "only %lld slices", slices);
    } else if (is_t1(facts, words, out)) {
        const bool agent = *facts->agent != '\0' || agent_by_name(facts);
        weigh_volume(facts, out);
        if (has_type(facts->sidecar, "NORM")) {
            add(out, ", corrected for the coil");
            out->score += 1.0;
        }
        add(out, agent ? ", with a contrast agent" : ", no contrast agent named");
        out->score -= agent ? 5.0 : 0.0;
        out->taken = true;
    }
}
