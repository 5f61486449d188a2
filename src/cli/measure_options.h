/* The options that decide how a scan is measured, the same for one scan (`dien segment`) and for a data set (`dien run`). */
#ifndef DN_CLI_MEASURE_OPTIONS_H
#define DN_CLI_MEASURE_OPTIONS_H

#include "cli/command.h"
#include "cohort/run/settings.h"

/* Rows of an option table, without the comma after the last one: those of every command that measures, of those that do so in several
 * processes, and all of the former. */
#define DN_OPTION_STRUCTURES                                                                                                               \
    {                                                                                                                                      \
        .name = "structures", .kind = DN_OPTION_CHOICE, .value = "LIST", .choices = DN_SELECT_NAMES, .list = true,                         \
        .help = "what to measure, separated by commas (default: everything that the installed networks measure)"                           \
    }
#define DN_OPTION_PRECISION                                                                                                                \
    {                                                                                                                                      \
        .name = "precision", .kind = DN_OPTION_CHOICE, .value = "TYPE", .preset = "f32", .choices = "f32|bf16|auto",                       \
        .help = "arithmetic of the network; auto uses bf16 if the processor has it (faster; labels differ in about 1 of 500 voxels)"       \
    }
#define DN_OPTION_MEMORY                                                                                                                   \
    {                                                                                                                                      \
        .name = "memory", .kind = DN_OPTION_REAL, .value = "GB", .preset = "2", .low = 0.05, .high = 1024,                                 \
        .help = "largest memory for a run of the network"                                                                                  \
    }
#define DN_OPTION_JOBS(most, what)                                                                                                         \
    {                                                                                                                                      \
        .name = "jobs", .letter = 'j', .kind = DN_OPTION_INTEGER, .value = "N", .preset = "0", .low = 0, .high = most,                     \
        .help = "scans at a time, each in a process of its own; 0: as many as there are cores" what                                        \
    }
#define DN_OPTION_MEMORY_BUDGET(what)                                                                                                      \
    {                                                                                                                                      \
        .name = "memory-budget", .kind = DN_OPTION_REAL, .value = "GB", .low = 0.1, .high = 1e6,                                           \
        .help = "memory for " what "; what does not fit waits (default: nine tenths of what is free)"                                      \
    }
#define DN_MEASURE_OPTIONS                                                                                                                 \
    DN_OPTION_STRUCTURES,                                                                                                                  \
        {.name = "model",                                                                                                                  \
         .kind = DN_OPTION_FILE,                                                                                                           \
         .value = "NAME|FILE",                                                                                                             \
         .help =                                                                                                                           \
             "network of the hypothalamus: a name from 'dien models list', or a file (default: " DN_SEGMENT_MODEL                          \
             "). With --model and without --structures, only the labels of this network are measured. Networks that work on slices "       \
             "(" DN_SEGMENT_SLICES ") find the AC-PC frame of a scan themselves; they also accept stacks of `dien prepare`. Several of "   \
             "them (FILE,FILE,...: the folds of `dien crossval`) are averaged"},                                                           \
        {.name = "norm",                                                                                                                   \
         .kind = DN_OPTION_FILE,                                                                                                           \
         .value = "FILE",                                                                                                                  \
         .help = "norm of `dien normative fit`, or several separated by commas: the report compares the volume with it (z, percentile, "   \
                 "range)"},                                                                                                                \
        {.name = "posteriors", .kind = DN_OPTION_FLAG, .help = "also write the probabilities of all labels, STEM_probseg.nii.gz"},         \
        DN_OPTION_PRECISION, DN_OPTION_MEMORY,                                                                                             \
        {.name = "whole-head",                                                                                                             \
         .kind = DN_OPTION_FLAG,                                                                                                           \
         .help = "search the whole head for the hypothalamus, instead of its usual place only"},                                           \
        {.name = "white-matter",                                                                                                           \
         .kind = DN_OPTION_REAL,                                                                                                           \
         .value = "PEAK",                                                                                                                  \
         .low = 0.2,                                                                                                                       \
         .high = 1,                                                                                                                        \
         .help = "multiply the intensities so that the peak of white matter lies at this value (0 to 1); makes volumes from scans with "   \
                 "different intensity scales comparable"},                                                                                 \
        {.name = "consensus",                                                                                                              \
         .kind = DN_OPTION_FLAG,                                                                                                           \
         .help = "mean of 16 runs of the network: white matter at 0.5, 0.6, 0.7 and 0.8, mirrored and not, moved by a voxel and not; it "  \
                 "also says "                                                                                                              \
                 "how much the volumes of these runs differ. If the scan has no skull, fluid and a bright shell are first added around "   \
                 "the brain"},                                                                                                             \
    {                                                                                                                                      \
        .name = "trust", .kind = DN_OPTION_CHOICE, .value = "FORM", .choices = "sform|qform",                                              \
        .help = "which orientation to use if a NIfTI header contradicts itself"                                                            \
    }

/* Their values; texts are those of arguments. */
dn_run_settings dn_measure_settings(const dn_arguments *arguments);
/* Of --precision alone. */
dn_precision dn_measure_precision(const dn_arguments *arguments);

#endif
