/* The table of remedies: the option or the command of the program for each. */
#include "cli/terminal/remedy.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

/* "%s" is what the text is about, or "where" in its place. */
static const struct {
    const char *clause, *where;
} words[DN_REMEDY_COUNT] = {
    [DN_REMEDY_NONE] = {"", ""},
    [DN_REMEDY_MORE_MEMORY] = {"; raise --memory", ""},
    [DN_REMEDY_SMALLER_TILES] = {"; with a lower --memory it runs in smaller tiles", ""},
    [DN_REMEDY_TRUST_SFORM] = {"; if its sform is right, use --trust sform", ""},
    [DN_REMEDY_TRUST_QFORM] = {"; if its qform is right, use --trust qform", ""},
    [DN_REMEDY_TRUST_EITHER] = {"; find out which is right, then use --trust sform or --trust qform", ""},
    [DN_REMEDY_GO_ON] = {"; the same command with --resume continues it", ""},
    [DN_REMEDY_GO_ON_OR_BEGIN] = {"; continue it with --resume, begin a new one with --restart, or name another folder with -o", ""},
    [DN_REMEDY_OTHER_FOLDER] = {" (-o DIR)", ""},
    [DN_REMEDY_NAME_FILE] = {" (-o FILE)", ""},
    [DN_REMEDY_RESAMPLE] = {"; --resample resamples the prediction onto the truth's grid", ""},
    [DN_REMEDY_POSTERIORS] = {"; 'dien segment --posteriors' writes both", ""},
    [DN_REMEDY_IMPORT] = {"; 'dien models import FILE.h5' makes a model of a Keras file", ""},
    [DN_REMEDY_SYNTH] = {"; 'dien synth' makes scans of label maps", ""},
    [DN_REMEDY_AGREEMENT] = {"; 'dien stats agreement' compares several methods", ""},
    [DN_REMEDY_FIT_NORM] = {"; a norm is made by 'dien normative fit'", ""},
    [DN_REMEDY_NAME_LABELS] = {"; name its numbers with --labels", ""},
    [DN_REMEDY_SERIES] = {"; to measure one of them anyway, use --series NUMBER", ""},
    [DN_REMEDY_DICOM] = {"; 'dien segment' does this itself for a folder or a zip archive of DICOM files", ""},
    [DN_REMEDY_NAME_SCAN] = {"; name it with --name NAME", ""},
    [DN_REMEDY_MEASURE_SET] = {"; 'dien run DATASET OUTPUT participant' measures it", ""},
    [DN_REMEDY_RUN_SET] = {"; 'dien run' measures data sets", ""},
    [DN_REMEDY_MIX_VERSIONS] = {"; --mix-versions allows it", ""},
    [DN_REMEDY_KEEP_ROWS] = {", or choose with --where COLUMN=VALUE", ""},
    [DN_REMEDY_SEGMENT] = {"; 'dien segment' writes them", ""},
    [DN_REMEDY_CUT_STACKS] = {"; 'dien prepare' cuts stacks", ""},
    [DN_REMEDY_WRITE_FRAME] = {"; 'dien prepare' writes one", ""},
    [DN_REMEDY_UPRIGHT] = {" 'dien prepare --stacks head --intensities scan' makes an upright copy of the scan.", ""},
    [DN_REMEDY_APPLY_NORM] = {"; use 'dien normative apply'", ""},
    [DN_REMEDY_NETWORK_NAME] = {" with --name", ""},
    [DN_REMEDY_TOKEN_FILE] = {" and give it with --token-file", ""},
    [DN_REMEDY_PAGE_FOLDER] = {" with --folder DIR", ""},
    [DN_REMEDY_TISSUES] = {" (--tissues)", ""},
    [DN_REMEDY_ANY_SIZE] = {" (--any-size takes it all the same)", ""},
    [DN_REMEDY_CLASSES] = {" (--classes)", ""},
    [DN_REMEDY_AGE] = {": give --age", ""},
    [DN_REMEDY_SEX] = {": give --sex", ""},
    [DN_REMEDY_UNIT] = {" (--unit)", ""},
    [DN_REMEDY_VALUE] = {" (--value COLUMN)", ""},
    [DN_REMEDY_VALUES] = {" (--value manual,network)", ""},
    [DN_REMEDY_VALUE_AND_FOLDER] = {" ('dien normative fit' takes --value COLUMN and -o DIR)", ""},
    [DN_REMEDY_VALUE_ICV_FOLDER] = {" ('dien stats normalise' takes --value COLUMNS, --icv COLUMN and -o DIR)", ""},
    [DN_REMEDY_GROUP] = {" (--group COLUMN)", ""},
    [DN_REMEDY_CONTROL] = {"; with --icv, give --control NAME", ""},
    [DN_REMEDY_GROUP_AND_CONTROL] = {" (--group COLUMN and --control NAME)", ""},
    [DN_REMEDY_PAIRS] = {" (--value A,B or --value A --group COLUMN)", ""},
    [DN_REMEDY_X_AND_Y] = {" (--x COLUMN --y COLUMN)", ""},
    [DN_REMEDY_SCORE_AND_TIME] = {" (--alsfrs COLUMN and --duration COLUMN)", ""},
    [DN_REMEDY_CATEGORIES] = {" (--categories %s)", "COLUMNS"},
    [DN_REMEDY_ORDER] = {" (--order)", ""},
    [DN_REMEDY_WHERE] = {" (--where COLUMN=VALUE)", ""},
    [DN_REMEDY_SESSION] = {" (--session %s)", "NAME"},
    [DN_REMEDY_JOIN_HOW] = {" (--join alike, or --join exact)", ""},
    [DN_REMEDY_JOIN_ALIKE] = {"; --join alike joins them", ""},
    [DN_REMEDY_COUNT_REJECTED] = {" --count-rejected counts them.", ""},
    [DN_REMEDY_COUNTED] = {" (--count-rejected)", ""},
    [DN_REMEDY_STRICT] = {"; --strict refuses such tables", ""},
    [DN_REMEDY_NOT_STRICT] = {" (without --strict, all doubts are listed)", ""},
    [DN_REMEDY_REFERENCE] = {" (--reference)", ""},
    [DN_REMEDY_NORMS] = {" (--norm)", ""},
    [DN_REMEDY_BETWEEN_SD] = {" (--between-sd)", ""},
    [DN_REMEDY_NORMS_OR_SD] = {" (--norm or --between-sd)", ""},
    [DN_REMEDY_NORM_AND_TABLE] = {": dien normative apply norm.json patients.tsv", ""},
    [DN_REMEDY_CHART] = {" (--chart)", ""},
    [DN_REMEDY_POWER_OF_T] = {" (--n, --difference, --sd, --power)", ""},
    [DN_REMEDY_POWER_OF_ANOVA] = {" (--means, --sd, --n, --power)", ""},
    [DN_REMEDY_MEANS] = {" (--means A,B,...)", ""},
    [DN_REMEDY_SUFFIXES] = {"; see --suffix and --truth-suffix", ""},
    [DN_REMEDY_STRUCTURES] = {" (--structures)", ""},
    [DN_REMEDY_TIMES] = {" (--times)", ""},
};

void dn_remedy_write(void *user, dn_remedy remedy, const char *about, char *out, size_t size)
{
    (void)user;
    if (size == 0 || (size_t)remedy >= DN_REMEDY_COUNT) {
        return;
    }
    const char *clause = words[remedy].clause;
    const char *place = strstr(clause, "%s");
    if (place == NULL) {
        snprintf(out, size, "%s", clause);
    } else {
        snprintf(out, size, "%.*s%s%s", (int)(place - clause), clause, *about != '\0' ? about : words[remedy].where, place + 2);
    }
}

const char *dn_remedy_clause(void)
{
    static _Thread_local char text[DN_REMEDY_WORDS];
    text[0] = '\0';
    dn_remedy_write(NULL, dn_error_remedy(), dn_error_remedy_about(), text, sizeof text);
    return text;
}

const char *dn_remedy_clause_for(const char *text)
{
    const char *message = dn_error_message();
    return *message != '\0' && strstr(text, message) != NULL ? dn_remedy_clause() : "";
}
