/* dien selftest: does this installation measure what the release did? */
#include "cli/command.h"
#include "cli/scan_list.h"
#include "cohort/selftest/selftest.h"

static const dn_option options[] = {
    {.name = "expected",
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "folder of the expected values, volumes.tsv and files.tsv (default: those of the release, which come with dien)"},
    {.name = "write",
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "write these two tables from what is measured now, and compare nothing: a reference of your own for later"},
    {.name = NULL},
};

static dn_status run(const dn_arguments *arguments)
{
    const dn_line_sink lines = dn_print_lines();
    const dn_selftest_options how = {.expected = dn_arguments_text(arguments, "expected"),
                                     .write = dn_arguments_text(arguments, "write"),
                                     .lines = &lines};
    if (how.expected != NULL && how.write != NULL) {
        DN_FAIL(DN_EUSAGE, "--write makes expected values and --expected compares with some; give only one of them");
    }
    return dn_selftest(&how);
}

const dn_command dn_command_selftest = {
    .name = "selftest",
    .summary = "check that this installation measures what the release did",
    .positional_max = 0,
    .options = options,
    .description =
        "Makes the demo head (the average head that comes with dien, painted as a T1-weighted scan), measures it as 'dien segment' does, "
        "and "
        "compares each volume with the value that the release measured, within a stated bound (0.01 %, and at least 0.01 mm3). Prints a "
        "record for your files: version, system, processor and its instruction sets, libraries, the checksums of the networks, a line "
        "per structure and side, and PASSED or FAILED. Nothing but temporary files in TMPDIR (or /tmp) is written, and they are "
        "removed.\n\n"
        "Run it after installing, and after each upgrade of the system. It shows that the computation is right; how accurate the networks "
        "are is another question (docs/evidence).\n\n"
        "Exit codes: 0 passed; 3 a file of the installation cannot be read; 4 failed: a volume is outside its bound, or a network is not "
        "the release's; 5 not enough memory or disk.",
    .examples = "dien selftest",
    .run = run,
};
