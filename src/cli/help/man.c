/* Man pages in roff from the command tables. */
#include "cli/arguments/options.h"
#include "cli/help/help.h"

#include <ctype.h>
#include <string.h>

/* Text in roff: a dash stays a dash that can be searched and copied, and a line never begins with a control. */
static void put_roff(FILE *to, const char *text, size_t length)
{
    bool line_start = true;
    for (size_t i = 0; i < length; ++i) {
        char c = text[i];
        if (line_start && (c == '.' || c == '\'')) {
            fputs("\\&", to);
        }
        if (c == '\\') {
            fputs("\\e", to);
        } else if (c == '-') {
            fputs("\\-", to);
        } else {
            fputc(c, to);
        }
        line_start = c == '\n';
    }
}

static void put_text(FILE *to, const char *text)
{
    put_roff(to, text, strlen(text));
}

static void put_option(FILE *to, const dn_option *option)
{
    fputs(".TP\n", to);
    if (option->letter != 0) {
        fprintf(to, "\\fB\\-%c\\fR, ", option->letter);
    }
    fputs("\\fB\\-\\-", to);
    put_text(to, option->name);
    fputs("\\fR", to);
    if (option->value != NULL) {
        fprintf(to, " \\fI%s\\fR", option->value);
    }
    fputc('\n', to);
    put_text(to, option->help);
    fputs(".\n", to);
    if (option->kind == DN_OPTION_CHOICE) {
        fputs(option->list ? "A comma\\-separated list of: " : "One of: ", to);
        for (const char *p = option->choices; *p != '\0';) {
            size_t n = strcspn(p, "|");
            put_roff(to, p, n);
            fputs(p[n] == '|' ? ", " : ".\n", to);
            p += n + (p[n] == '|');
        }
    }
    if (option->preset != NULL) {
        fputs("Default: ", to);
        put_text(to, option->preset);
        fputs(".\n", to);
    }
    if (option->required) {
        fputs("Required.\n", to);
    }
}

static void put_paragraphs(FILE *to, const char *text)
{
    while (*text != '\0') {
        const char *blank = strstr(text, "\n\n");
        size_t length = blank != NULL ? (size_t)(blank - text) : strlen(text);
        fputs(".PP\n", to);
        put_roff(to, text, length);
        fputc('\n', to);
        text += length + strspn(text + length, "\n");
    }
}

static void put_heading(FILE *to, const char *name)
{
    fputs(".TH \"", to);
    for (const char *p = name; *p != '\0'; ++p) {
        fputc(toupper((unsigned char)*p), to);
    }
    fprintf(to, "\" 1 \"\" \"dien %s\" \"dien\"\n", DIEN_VERSION);
}

static void put_exit_codes(FILE *to)
{
    fputs(".SH EXIT STATUS\n", to);
    for (const dn_exit_code *code = dn_exit_codes; code->meaning != NULL; ++code) {
        fprintf(to, ".TP\n\\fB%d\\fR\n", code->code);
        put_text(to, code->meaning);
        fputs(".\n", to);
    }
}

static void man_program(FILE *to)
{
    put_heading(to, "dien");
    fputs(".SH NAME\ndien \\- volumetry of the hypothalamus, the thalamus and the intracranial volume\n"
          ".SH SYNOPSIS\n\\fBdien\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n.br\n"
          "\\fBdien\\fR \\fB\\-\\-version\\fR\n.br\n\\fBdien\\fR \\fB\\-\\-help\\fR\n"
          ".SH DESCRIPTION\nMeasures the hypothalamus with its subunits, the thalamus and the intracranial volume in T1\\-weighted MRI.\n"
          "For research; not for clinical diagnosis.\n.SH COMMANDS\n",
          to);
    for (size_t i = 0; dn_commands[i] != NULL; ++i) {
        fprintf(to, ".TP\n\\fB%s\\fR\n", dn_commands[i]->name);
        put_text(to, dn_commands[i]->summary);
        fprintf(to, "; see \\fBdien\\-%s\\fR(1).\n", dn_commands[i]->name);
    }
    fputs(".SH COMMON OPTIONS\n", to);
    for (const dn_option *option = dn_common_options; option->name != NULL; ++option) {
        put_option(to, option);
    }
    put_exit_codes(to);
}

/* "dien-stats-groups" */
static void page_name(const dn_command *command, char name[96])
{
    snprintf(name, 96, "dien-%s", command->name);
    for (char *p = name; *p != '\0'; ++p) {
        *p = *p == ' ' ? '-' : *p;
    }
}

/* The page of a command that has subcommands: which, and what they have in common. */
static void man_parent(FILE *to, const dn_command *command)
{
    fprintf(to, "\n.SH SYNOPSIS\n\\fBdien %s\\fR \\fISUBCOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n.SH SUBCOMMANDS\n",
            command->name);
    for (size_t i = 0; command->subcommands[i] != NULL; ++i) {
        char name[96];
        page_name(command->subcommands[i], name);
        fprintf(to, ".TP\n\\fB%s\\fR\n", dn_command_last_word(command->subcommands[i]));
        put_text(to, command->subcommands[i]->summary);
        fputs("; see \\fB", to);
        put_text(to, name);
        fputs("\\fR(1).\n", to);
    }
    fputs(".SH DESCRIPTION\n", to);
    put_paragraphs(to, command->description);
}

static void put_examples(FILE *to, const char *examples)
{
    if (examples != NULL) {
        fputs(".SH EXAMPLES\n.nf\n", to);
        put_text(to, examples);
        fputs("\n.fi\n", to);
    }
}

void dn_help_man(FILE *to, const dn_command *command)
{
    if (command == NULL) {
        man_program(to);
        return;
    }
    char name[96];
    page_name(command, name);
    put_heading(to, name);
    fputs(".SH NAME\n", to);
    put_text(to, name);
    fputs(" \\- ", to);
    put_text(to, command->summary);
    if (command->subcommands != NULL) {
        man_parent(to, command);
        put_examples(to, command->examples);
        put_exit_codes(to);
        fputs(".SH SEE ALSO\n\\fBdien\\fR(1)\n", to);
        return;
    }
    fprintf(to, "\n.SH SYNOPSIS\n\\fBdien %s\\fR", command->name);
    if (command->positional != NULL) {
        fputs(" \\fI", to);
        put_text(to, command->positional);
        fputs("\\fR", to);
    }
    for (const dn_option *option = command->options; option != NULL && option->name != NULL; ++option) {
        if (option->required) {
            fputs(" \\fB\\-\\-", to);
            put_text(to, option->name);
            fprintf(to, "\\fR \\fI%s\\fR", option->value);
        }
    }
    fputs(" [\\fIOPTION\\fR]...\n.SH DESCRIPTION\n", to);
    put_paragraphs(to, command->description);
    if (command->options != NULL && command->options->name != NULL) {
        fputs(".SH OPTIONS\n", to);
        for (const dn_option *option = command->options; option->name != NULL; ++option) {
            put_option(to, option);
        }
    }
    fputs(".SH COMMON OPTIONS\n", to);
    for (const dn_option *option = dn_common_options; option->name != NULL; ++option) {
        put_option(to, option);
    }
    put_examples(to, command->examples);
    put_exit_codes(to);
    fputs(".SH SEE ALSO\n\\fBdien\\fR(1)\n", to);
}
