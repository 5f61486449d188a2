#include "cli/remedy.h"

#include "base/status.h"

#include <string.h>

static const char *const clauses[] = {
    [DN_REMEDY_NONE] = "",
    [DN_REMEDY_MORE_MEMORY] = "; raise --memory",
    [DN_REMEDY_SMALLER_TILES] = "; with a lower --memory it runs in smaller tiles",
    [DN_REMEDY_TRUST_SFORM] = "; if its sform is right, use --trust sform",
    [DN_REMEDY_TRUST_QFORM] = "; if its qform is right, use --trust qform",
    [DN_REMEDY_TRUST_EITHER] = "; find out which is right, then use --trust sform or --trust qform",
    [DN_REMEDY_GO_ON] = "; the same command with --resume continues it",
    [DN_REMEDY_GO_ON_OR_BEGIN] = "; continue it with --resume, begin a new one with --restart, or name another folder with -o",
    [DN_REMEDY_OTHER_FOLDER] = " (-o DIR)",
    [DN_REMEDY_RESAMPLE] = "; --resample resamples the prediction onto the truth's grid",
    [DN_REMEDY_POSTERIORS] = "; 'dien segment --posteriors' writes both",
    [DN_REMEDY_IMPORT] = "; 'dien models import FILE.h5' makes a model of a Keras file",
    [DN_REMEDY_SYNTH] = "; 'dien synth' makes scans of label maps",
    [DN_REMEDY_AGREEMENT] = "; 'dien stats agreement' compares several methods",
    [DN_REMEDY_FIT_NORM] = "; a norm is made by 'dien normative fit'",
    [DN_REMEDY_NAME_LABELS] = "; name its numbers with --labels",
    [DN_REMEDY_MIX_VERSIONS] = "; --mix-versions allows it",
    [DN_REMEDY_SERIES] = "; to measure one of them anyway, use --series NUMBER",
    [DN_REMEDY_DICOM] = "; 'dien segment' does this itself for a folder or a zip archive of DICOM files",
    [DN_REMEDY_NAME_SCAN] = "; name it with --name NAME",
    [DN_REMEDY_KEEP_ROWS] = ", or choose with --where COLUMN=VALUE",
};

const char *dn_remedy_clause(void)
{
    const dn_remedy remedy = dn_error_remedy();
    return (size_t)remedy < sizeof clauses / sizeof *clauses ? clauses[remedy] : "";
}

const char *dn_remedy_clause_for(const char *text)
{
    const char *message = dn_error_message();
    return *message != '\0' && strstr(text, message) != NULL ? dn_remedy_clause() : "";
}
