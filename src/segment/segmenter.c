/* Chooses and loads the models that a run needs, and checks that they fit together. */
#include "segment/segmenter.h"

#include "base/file.h"
#include "base/job.h"
#include "base/memory.h"
#include "infer/divide.h"
#include "models/keras/import.h"
#include "models/store.h"
#include "segment/head/contrast.h"
#include "segment/hypothalamus/stack.h"

#include <stdlib.h>
#include <string.h>

/* Beside them, those of the whole head for T1-weighted scans and for others. */
enum { DN_SLICE_MODELS = DN_SEGMENT_MODELS - 4 };

static dn_status load_model(const char *name, dn_model **out)
{
    if (dn_path_has_extension(name, ".h5") || dn_path_has_extension(name, ".hdf5")) {
        return dn_import_keras(name, NULL, out);
    }
    return dn_model_open(name, out);
}

static dn_status is_there(const char *name, bool *out)
{
    return dn_error_excuse(dn_model_find(name, NULL), DN_EINPUT, out);
}

/* What a network that is missing would have measured is left out, unless it was asked for by name. */
static dn_status settle(const char *network, dn_select_from from, const char *what, const char *verb, dn_selection *selection)
{
    if (!dn_select_needs(selection, from)) {
        return DN_OK;
    }
    if (selection->named) {
        dn_status status = dn_model_find(network, NULL);
        return status == DN_OK ? DN_OK : dn_error_context(status, "%s not measured", what);
    }
    bool there;
    DN_TRY(is_there(network, &there));
    if (!there) {
        dn_log(DN_LOG_NOTE, "the network '%s' is not installed, so %s %s not measured", network, what, verb);
        dn_select_drop(selection, from);
    }
    return DN_OK;
}

static dn_status choose(const dn_segmenter_options *options, dn_segmenter *s)
{
    dn_selection *selection = &s->selection;
    if (options->model != NULL && options->structures == NULL) {
        selection->chosen = 0; /* only what that network labels */
        return DN_OK;
    }
    DN_TRY(dn_select_parse(options->structures, selection));
    if (options->model != NULL) {
        /* Only what it does not label itself is asked from the others. */
        bool has_more = false;
        for (size_t g = 0; g < s->structures.group_count; ++g) {
            has_more = has_more || dn_select_has(selection, s->structures.group[g].structure);
        }
        if (dn_select_needs(selection, DN_FROM_SUBUNITS) && !dn_structures_has(&s->structures, "hypothalamus")) {
            DN_FAIL(DN_EUSAGE,
                    "model %s does not measure 'hypothalamus'; leave the hypothalamus out of the structures, or name another model",
                    s->model->name);
        }
        if (!has_more) {
            DN_FAIL(DN_EUSAGE, "model %s measures none of the named structures", s->model->name);
        }
        for (size_t g = 0; g < s->structures.group_count; ++g) {
            dn_select_drop_one(selection, s->structures.group[g].structure);
        }
    } else {
        DN_TRY(settle(DN_SEGMENT_MODEL, DN_FROM_SUBUNITS, "the hypothalamus", "is", selection));
    }
    DN_TRY(settle(DN_WHOLE_HEAD_COARSE, DN_FROM_COARSE, "intracranial volume and tissues", "are", selection));
    DN_TRY(settle(DN_WHOLE_HEAD_COARSE, DN_FROM_FINE, "thalamus, deep grey matter, ventricles and brain stem", "are", selection));
    return settle(DN_WHOLE_HEAD_FINE, DN_FROM_FINE, "thalamus, deep grey matter, ventricles and brain stem", "are", selection);
}

/* NULL: the network of the hypothalamus sees volumes, or there is none. */
static const dn_stack_models *slices_of(const dn_segmenter *s)
{
    return s->acpc != NULL ? dn_acpc_models(s->acpc) : s->stacks;
}

/* Networks that work on slices: what they cannot do. */
static dn_status check_slices(const dn_segmenter_options *options, const dn_segmenter *s)
{
    if (options->consensus != NULL || options->white_matter > 0.0) {
        DN_FAIL(DN_EUSAGE,
                "%s is for networks that work on volumes, like " DN_SEGMENT_MODEL
                "; model %s works on slices in z-scores, which do not depend on the intensity scale",
                options->consensus != NULL ? "a consensus" : "a place for the white matter's intensity", s->model->name);
    }
    if (dn_stack_models_count(slices_of(s)) > DN_SLICE_MODELS) {
        DN_FAIL(DN_EUSAGE, "at most %d models can be averaged", DN_SLICE_MODELS);
    }
    return DN_OK;
}

static dn_status open_alone(const char *name, const dn_network_options *options, dn_box_network *box)
{
    DN_TRY(load_model(name, &box->model));
    DN_TRY(dn_structures_init(box->model, &box->structures));
    return dn_network_create(box->model, options, &box->network);
}

static dn_status open_box(const char *name, const dn_segmenter_options *options, dn_box_network *box)
{
    const dn_network_options network = {options->precision, options->memory_limit};
    DN_TRY(open_alone(name, &network, box));
    if (dn_divide_of(box->model) == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_alloc(&box->whole, 1, sizeof *box->whole, "a network"));
    dn_status status = open_alone(dn_divide_of(box->model), &network, box->whole);
    if (status != DN_OK) {
        return dn_error_context(status, "model %s divides what another network finds", box->model->name);
    }
    return dn_divide_check(&box->whole->structures, &box->structures);
}

static void release_box(dn_box_network *box)
{
    if (box->whole != NULL) {
        release_box(box->whole);
        free(box->whole);
    }
    dn_network_destroy(box->network);
    dn_model_destroy(box->model);
}

static dn_status load_parts(const char *name, const dn_segmenter_options *options, dn_segmenter *s)
{
    dn_stack_models *slices = NULL;
    DN_TRY(dn_stack_models_open(name, options->precision, &slices));
    if (slices != NULL) {
        bool stacks;
        dn_status status = dn_stacks_given(slices, options->scans, options->scan_count, options->trust, &stacks);
        if (status != DN_OK) {
            dn_stack_models_destroy(slices);
            return status;
        }
        if (stacks) {
            s->stacks = slices;
        } else {
            DN_TRY(dn_acpc_create(slices, &s->acpc));
        }
        s->model = dn_stack_models_at(slices_of(s), 0);
        s->structures = *dn_stack_models_structures(slices_of(s));
        return check_slices(options, s);
    }
    DN_TRY(open_box(name, options, &s->box));
    s->model = s->box.model;
    s->structures = s->box.structures;
    return DN_OK;
}

/* Of a stack all that its network labels is measured, and nothing else. */
static dn_status check_stack_structures(const dn_segmenter_options *options, const dn_segmenter *s)
{
    dn_selection selection;
    DN_TRY(dn_select_parse(options->structures, &selection));
    const bool more = dn_select_needs(&selection, DN_FROM_FINE) || dn_select_needs(&selection, DN_FROM_COARSE);
    if (more && strcmp(options->structures, "all") != 0) {
        DN_FAIL(DN_EUSAGE,
                "in stacks of slices only the labels of model %s can be measured; leave the other structures out, or give whole heads",
                s->model->name);
    }
    for (size_t g = 0; g < s->structures.group_count; ++g) {
        if (dn_select_has(&selection, s->structures.group[g].structure)) {
            return DN_OK;
        }
    }
    DN_FAIL(DN_EUSAGE, "model %s measures none of the named structures", s->model->name);
}

/* The frame comes from the whole head's labels. */
static dn_status check_frame(const dn_segmenter *s)
{
    static const char *const needed[] = {DN_WHOLE_HEAD_COARSE, DN_WHOLE_HEAD_FINE};
    for (size_t i = 0; s->acpc != NULL && i < sizeof needed / sizeof *needed; ++i) {
        dn_status status = dn_model_find(needed[i], NULL);
        if (status != DN_OK) {
            return dn_error_context(status, "model %s needs the AC-PC frame, which the network '%s' finds", s->model->name, needed[i]);
        }
    }
    return DN_OK;
}

dn_status dn_segmenter_create(const dn_segmenter_options *options, dn_segmenter **out)
{
    dn_segmenter *s = NULL;
    dn_status status;
    DN_TRY(dn_alloc(&s, 1, sizeof *s, "the segmenter"));
    s->options = *options;
    if (options->model != NULL) {
        DN_TRY_GOTO(status, load_parts(options->model, options, s), fail);
    }
    if (s->stacks != NULL) { /* nothing but the hypothalamus is in them */
        if (options->structures != NULL) {
            DN_TRY_GOTO(status, check_stack_structures(options, s), fail);
        }
        *out = s;
        return DN_OK;
    }
    DN_TRY_GOTO(status, choose(options, s), fail);
    bool deep = dn_select_needs(&s->selection, DN_FROM_FINE);
    s->measures_head = deep || dn_select_needs(&s->selection, DN_FROM_COARSE);
    if (options->model == NULL && (dn_select_needs(&s->selection, DN_FROM_SUBUNITS) || !s->measures_head)) {
        /* With no network at all, the message about this one says what to do. */
        DN_TRY_GOTO(status, load_parts(DN_SEGMENT_MODEL, options, s), fail);
    }
    DN_TRY_GOTO(status, check_frame(s), fail);
    bool coarse_there, fine_there;
    DN_TRY_GOTO(status, is_there(DN_WHOLE_HEAD_COARSE, &coarse_there), fail);
    DN_TRY_GOTO(status, is_there(DN_WHOLE_HEAD_FINE, &fine_there), fail);
    s->fills = s->box.network != NULL && options->consensus != NULL && coarse_there;
    if (s->measures_head || s->acpc != NULL || s->fills) {
        bool fine = deep || s->acpc != NULL || (s->fills && fine_there);
        dn_whole_head_options whole = {.coarse_only = !fine, .precision = options->precision, .memory_limit = options->memory_limit};
        DN_TRY_GOTO(status, dn_whole_head_create(&whole, &s->head), fail);
    }
    if (s->box.network != NULL && s->head != NULL &&
        strcmp(s->model->input.orientation, dn_whole_head_coarse(s->head)->input.orientation) != 0) {
        DN_FAIL_GOTO(status, fail, DN_EUSAGE,
                     "models %s and %s expect different orientations and cannot be used together; run them one after the other",
                     s->model->name, dn_whole_head_coarse(s->head)->name);
    }
    *out = s;
    return DN_OK;
fail:
    dn_segmenter_destroy(s);
    return status;
}

void dn_segmenter_destroy(dn_segmenter *segmenter)
{
    if (segmenter != NULL) {
        dn_whole_head_destroy(segmenter->head);
        dn_whole_head_destroy(segmenter->any_head);
        for (size_t i = 0; i < sizeof segmenter->others / sizeof *segmenter->others; ++i) {
            dn_model_destroy(segmenter->others[i]);
        }
        release_box(&segmenter->any);
        release_box(&segmenter->box);
        dn_acpc_destroy(segmenter->acpc);
        dn_stack_models_destroy(segmenter->stacks);
        free(segmenter);
    }
}

const dn_box_network *dn_segmenter_box(const dn_segmenter *segmenter, const dn_segment_result *result)
{
    return result->any_contrast ? &segmenter->any : &segmenter->box;
}

dn_whole_head *dn_segmenter_head(const dn_segmenter *segmenter, const dn_segment_result *result)
{
    return result->any_contrast_head ? segmenter->any_head : segmenter->head;
}

static void exchange(dn_segment_result *r, const dn_model *one, const dn_model *other)
{
    for (size_t i = 0; i < r->model_count; ++i) {
        r->models[i] = r->models[i] == one ? other : r->models[i];
    }
}

/* Two networks are there, in one folder. */
static dn_status are_together(const char *name, const char *other, bool *out)
{
    char *paths[2] = {NULL, NULL};
    dn_status status;
    DN_TRY_GOTO(status, dn_error_excuse(dn_model_find(name, &paths[0]), DN_EINPUT, out), done);
    if (*out) {
        DN_TRY_GOTO(status, dn_error_excuse(dn_model_find(other, &paths[1]), DN_EINPUT, out), done);
    }
    if (*out) {
        const size_t folder = (size_t)(dn_path_name(paths[0]) - paths[0]);
        *out = folder == (size_t)(dn_path_name(paths[1]) - paths[1]) && strncmp(paths[0], paths[1], folder) == 0;
    }
done:
    free(paths[0]);
    free(paths[1]);
    return status;
}

/* The networks of the whole head for any contrast are there, each beside the one for T1-weighted scans at whose weights it started:
 * somebody else's networks of the whole head are not exchanged for ours. */
static dn_status any_head_is_there(const dn_segmenter *s, bool *out)
{
    DN_TRY(are_together(DN_WHOLE_HEAD_COARSE, DN_WHOLE_HEAD_COARSE_ANY, out));
    const bool fine = *out && dn_whole_head_fine(s->head) != NULL;
    return fine ? are_together(DN_WHOLE_HEAD_FINE, DN_WHOLE_HEAD_FINE_ANY, out) : DN_OK;
}

dn_status dn_segmenter_settle_head(dn_segmenter *s, dn_segment_result *r)
{
    if (s->any_head == NULL) {
        const dn_whole_head_options options = {.coarse = DN_WHOLE_HEAD_COARSE_ANY,
                                               .fine = DN_WHOLE_HEAD_FINE_ANY,
                                               .coarse_only = dn_whole_head_fine(s->head) == NULL,
                                               .any_contrast = true,
                                               .precision = s->options.precision,
                                               .memory_limit = s->options.memory_limit};
        bool there;
        DN_TRY(any_head_is_there(s, &there));
        if (!there) {
            return DN_OK;
        }
        DN_TRY(dn_whole_head_create(&options, &s->any_head));
    }
    exchange(r, dn_whole_head_coarse(s->head), dn_whole_head_coarse(s->any_head));
    exchange(r, dn_whole_head_fine(s->head), dn_whole_head_fine(s->any_head));
    r->any_contrast_head = true;
    dn_log(DN_LOG_NOTE, "%s: the scan is not T1-weighted; the whole head is measured by the %s '" DN_WHOLE_HEAD_COARSE_ANY "'%s", r->stem,
           dn_whole_head_fine(s->any_head) != NULL ? "networks" : "network",
           dn_whole_head_fine(s->any_head) != NULL ? " and '" DN_WHOLE_HEAD_FINE_ANY "'" : "");
    return DN_OK;
}

dn_status dn_segmenter_settle_contrast(dn_segmenter *s, dn_segment_result *r)
{
    const bool other = r->like != NULL ? r->like->any_contrast : dn_contrast_is_other(r->contrast.contrast);
    bool there;
    if (s->options.model != NULL || s->options.consensus != NULL || s->box.network == NULL || !other) {
        return DN_OK;
    }
    if (s->any.network == NULL) {
        DN_TRY(is_there(DN_SEGMENT_ANY_CONTRAST, &there));
        if (!there) {
            return DN_OK;
        }
        dn_status status = open_box(DN_SEGMENT_ANY_CONTRAST, &s->options, &s->any);
        if (status != DN_OK) {
            release_box(&s->any);
            s->any = (dn_box_network){.network = NULL};
            return status;
        }
    }
    exchange(r, s->box.model, s->any.model);
    if (s->any.whole != NULL) {
        r->models[r->model_count++] = s->any.whole->model;
    }
    r->structures = s->any.structures;
    r->any_contrast = true;
    dn_log(DN_LOG_NOTE, "%s: the scan is not T1-weighted; the hypothalamus is measured by the network '" DN_SEGMENT_ANY_CONTRAST "'",
           r->stem);
    return DN_OK;
}

bool dn_segmenter_takes_stacks(const dn_segmenter *segmenter)
{
    return segmenter->stacks != NULL;
}

const dn_model_input *dn_segmenter_contract(const dn_segmenter *segmenter)
{
    return segmenter->box.network != NULL || segmenter->stacks != NULL ? &segmenter->model->input
           : dn_whole_head_fine(segmenter->head) != NULL               ? &dn_whole_head_fine(segmenter->head)->input
                                                                       : &dn_whole_head_coarse(segmenter->head)->input;
}

bool dn_segmenter_wants_head(const dn_segmenter *segmenter, const dn_segment_result *result)
{
    return segmenter->measures_head || segmenter->acpc != NULL ||
           (segmenter->fills && result->location != NULL && result->location->stripped);
}

void dn_segmenter_name_head(const dn_segmenter *segmenter, dn_segment_result *result)
{
    const dn_whole_head *head = dn_segmenter_head(segmenter, result);
    const dn_model *const networks[] = {dn_whole_head_coarse(head), dn_whole_head_fine(head)};
    for (size_t i = 0; i < sizeof networks / sizeof *networks; ++i) {
        bool named = networks[i] == NULL;
        for (size_t n = 0; n < result->model_count; ++n) {
            named = named || result->models[n] == networks[i];
        }
        if (!named) {
            result->models[result->model_count++] = networks[i];
        }
    }
}

void dn_segmenter_describe(const dn_segmenter *segmenter, dn_segment_result *result)
{
    result->structures = segmenter->structures;
    result->precision = segmenter->options.precision;
    if (segmenter->box.network != NULL) {
        result->models[result->model_count++] = segmenter->model;
    }
    if (segmenter->box.whole != NULL) {
        result->models[result->model_count++] = segmenter->box.whole->model;
    }
    const dn_stack_models *slices = slices_of(segmenter);
    for (size_t i = 0; slices != NULL && i < dn_stack_models_count(slices); ++i) {
        result->models[result->model_count++] = dn_stack_models_at(slices, i);
    }
    if (segmenter->measures_head || segmenter->acpc != NULL) {
        dn_segmenter_name_head(segmenter, result);
    }
}

/* Those for other contrasts are opened only to be named, in front of the first scan. */
static dn_status open_others(dn_segmenter *s)
{
    bool box = s->options.model == NULL && s->options.consensus == NULL && s->box.network != NULL;
    bool head = s->head != NULL;
    size_t n = 0;
    if (s->others_open) {
        return DN_OK;
    }
    if (box) {
        DN_TRY(is_there(DN_SEGMENT_ANY_CONTRAST, &box));
    }
    if (box) {
        DN_TRY(dn_model_open(DN_SEGMENT_ANY_CONTRAST, &s->others[n]));
        const char *divides = dn_divide_of(s->others[n++]);
        if (divides != NULL) {
            DN_TRY(dn_model_open(divides, &s->others[n++]));
        }
    }
    if (head) {
        DN_TRY(any_head_is_there(s, &head));
    }
    if (head) {
        DN_TRY(dn_model_open(DN_WHOLE_HEAD_COARSE_ANY, &s->others[n++]));
    }
    if (head && dn_whole_head_fine(s->head) != NULL) {
        DN_TRY(dn_model_open(DN_WHOLE_HEAD_FINE_ANY, &s->others[n++]));
    }
    s->others_open = true;
    return DN_OK;
}

dn_status dn_segmenter_models(dn_segmenter *segmenter, const dn_model *out[], size_t *count)
{
    dn_segment_result all = {.model_count = 0};
    dn_segmenter_describe(segmenter, &all);
    if (segmenter->head != NULL) {
        dn_segmenter_name_head(segmenter, &all);
    }
    DN_TRY(open_others(segmenter));
    for (size_t i = 0; i < sizeof segmenter->others / sizeof *segmenter->others && segmenter->others[i] != NULL; ++i) {
        all.models[all.model_count++] = segmenter->others[i];
    }
    memcpy(out, all.models, all.model_count * sizeof *out);
    *count = all.model_count;
    return DN_OK;
}

void dn_segmenter_wanted(const dn_segmenter *segmenter, dn_segment_result *result)
{
    const dn_model *coarse = dn_whole_head_coarse(dn_segmenter_head(segmenter, result));
    dn_head_measured *head = result->head;
    memset(head->wanted, 0, sizeof head->wanted);
    for (size_t i = 0; i < coarse->label_count; ++i) {
        const dn_model_label *label = &coarse->labels[i];
        head->wanted[label->channel] = label->index > 0 && dn_select_has(&segmenter->selection, label->structure);
    }
    head->icv_wanted = dn_select_has(&segmenter->selection, "icv");
}
