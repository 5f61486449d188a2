/* How the scans of a data set are measured: what decides about the results, and is recorded with them. As JSON it goes to the worker
 * processes (worker.h) and into each scan's record (scan_status.h). */
#ifndef DN_COHORT_RUN_SETTINGS_H
#define DN_COHORT_RUN_SETTINGS_H

#include "cohort/measure.h"

#include <jansson.h>

/* Texts are borrowed. Zero, but for memory_gb, is what `dien segment` does without options. */
typedef struct dn_run_settings {
    const char *model;      /* NULL: dien's own */
    const char *structures; /* names with commas; NULL: everything */
    const char *norms;      /* paths with commas; NULL: none */
    dn_precision precision;
    dn_trust trust;
    double memory_gb; /* for one run of a network */
    double white_matter;
    bool whole_head, consensus, posteriors;
} dn_run_settings;

/* The segmenter's part of them. consensus: its options, borrowed, used if the settings ask for one. */
dn_segmenter_options dn_run_settings_segmenter(const dn_run_settings *settings, const dn_consensus_options *consensus);

/* *out: owned (json_decref); only what differs from the defaults, so that equal settings are equal objects, in all versions. DN_ENOMEM. */
DN_CHECKED dn_status dn_run_settings_write(const dn_run_settings *settings, json_t **out);
/* json: borrowed, as long as out is used. DN_EFORMAT. */
DN_CHECKED dn_status dn_run_settings_read(const json_t *json, dn_run_settings *out);
/* What differs between two, in words, "precision (f32, was bf16)"; owned. NULL: nothing. */
DN_CHECKED dn_status dn_run_settings_difference(const json_t *now, const json_t *before, char **out);

#endif
