/* `dien synth --from-scan`: real scans through simulated scanners. */
#ifndef DN_CLI_SYNTH_SCANNERS_H
#define DN_CLI_SYNTH_SCANNERS_H

#include "cli/command.h"

/* Writes STEM_scanner-NN_T1w.nii.gz for every scan and scanner, and scanners.tsv with their settings, into --output. */
DN_CHECKED dn_status dn_synth_scanners_run(const dn_arguments *arguments);

#endif
