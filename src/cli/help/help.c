/* Wraps and prints the help of a command. */
#include "cli/help/help.h"

#include "cli/arguments/options.h"

#include <string.h>

enum { COLUMNS = 80 };

const dn_exit_code dn_exit_codes[] = {
    {0, "everything was done"},
    {1, "internal error; please report it"},
    {2, "wrong use; the message says what to type"},
    {3, "an input cannot be read, or is not what its name or header says"},
    {4, "done, but the result failed quality control"},
    {5, "not enough memory, or a result cannot be written"},
    {6, "some of several files failed; the others were done"},
    {130, "interrupted"},
    {0, NULL},
};

/* Words of one paragraph, wrapped; `column` is where the cursor is, `indent` where further lines begin. */
static void put_wrapped(FILE *to, const char *text, size_t length, int indent, int column)
{
    const char *end = text + length;
    bool first = true;
    while (text < end) {
        text += strspn(text, " \n") < (size_t)(end - text) ? strspn(text, " \n") : (size_t)(end - text);
        size_t n = strcspn(text, " \n");
        n = n < (size_t)(end - text) ? n : (size_t)(end - text);
        if (n == 0) {
            break;
        }
        if (!first && column + 1 + (int)n > COLUMNS) {
            fprintf(to, "\n%*s", indent, "");
            column = indent;
            first = true;
        }
        fprintf(to, "%s%.*s", first ? "" : " ", (int)n, text);
        column += (int)n + (first ? 0 : 1);
        first = false;
        text += n;
    }
    fputc('\n', to);
}

static void put_paragraphs(FILE *to, const char *text, int indent)
{
    while (*text != '\0') {
        const char *blank = strstr(text, "\n\n");
        size_t length = blank != NULL ? (size_t)(blank - text) : strlen(text);
        fprintf(to, "%*s", indent, "");
        put_wrapped(to, text, length, indent, indent);
        text += length + strspn(text + length, "\n");
        if (*text != '\0') {
            fputc('\n', to);
        }
    }
}

static void put_option(FILE *to, const dn_option *option)
{
    enum { INDENT = 26 };
    char head[96];
    char tail[320];
    int used;
    if (option->letter != 0) {
        used = snprintf(head, sizeof head, "  -%c, --%s", option->letter, option->name);
    } else {
        used = snprintf(head, sizeof head, "      --%s", option->name);
    }
    if (option->value != NULL && used > 0) {
        used += snprintf(head + used, sizeof head - (size_t)used, " %s", option->value);
    }
    tail[0] = '\0';
    int t = 0;
    if (option->kind == DN_OPTION_CHOICE) {
        t += snprintf(tail, sizeof tail, " (%s", option->list ? "any of " : "");
        for (const char *p = option->choices; *p != '\0' && t < (int)sizeof tail - 64; ++p) {
            bool between = *p == '|' && option->list; /* a long list is wrapped at its blanks */
            tail[t++] = between ? ',' : *p;
            if (between) {
                tail[t++] = ' ';
            }
        }
        t += snprintf(tail + t, sizeof tail - (size_t)t, "%s%s)", option->preset != NULL ? "; default " : "",
                      option->preset != NULL ? option->preset : "");
    } else if (option->preset != NULL) {
        t += snprintf(tail, sizeof tail, " (default %s)", option->preset);
    }
    if (option->required) {
        snprintf(tail + t, sizeof tail - (size_t)t, " (required)");
    }
    char text[768];
    snprintf(text, sizeof text, "%s%s", option->help, tail);
    fputs(head, to);
    if (used + 2 > INDENT) {
        fprintf(to, "\n%*s", INDENT, "");
    } else {
        fprintf(to, "%*s", INDENT - used, "");
    }
    put_wrapped(to, text, strlen(text), INDENT, INDENT);
}

static void put_examples(FILE *to, const char *examples)
{
    while (*examples != '\0') {
        size_t n = strcspn(examples, "\n");
        if (n > 0) {
            fprintf(to, "  %.*s\n", (int)n, examples);
        }
        examples += n + (examples[n] == '\n');
    }
}

void dn_help_program(FILE *to)
{
    fprintf(to, "dien %s: volumetry of the hypothalamus, the thalamus and the intracranial volume\nin T1-weighted MRI\n\n", DIEN_VERSION);
    fputs("Usage: dien COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n", to);
    for (size_t i = 0; dn_commands[i] != NULL; ++i) {
        fprintf(to, "  %-12s %s\n", dn_commands[i]->name, dn_commands[i]->summary);
    }
    fputs("\n'dien help COMMAND' explains a command and its options. 'dien --version' prints the version.\nFor research; not for clinical "
          "diagnosis.\n",
          to);
}

/* "dien stats --help": what there is. */
static void help_parent(FILE *to, const dn_command *command)
{
    fprintf(to, "dien %s: %s\n\nUsage: dien %s SUBCOMMAND [OPTION]... [ARGUMENT]...\n\nSubcommands:\n", command->name, command->summary,
            command->name);
    for (size_t i = 0; command->subcommands[i] != NULL; ++i) {
        fprintf(to, "  %-12s %s\n", dn_command_last_word(command->subcommands[i]), command->subcommands[i]->summary);
    }
    fputc('\n', to);
    put_paragraphs(to, command->description, 0);
    fprintf(to, "\n'dien help %s SUBCOMMAND' explains a subcommand and its options.\n", command->name);
    if (command->examples != NULL) {
        fputs("\nExamples:\n", to);
        put_examples(to, command->examples);
    }
}

void dn_help_command(FILE *to, const dn_command *command)
{
    if (command->subcommands != NULL) {
        help_parent(to, command);
        return;
    }
    char usage[512];
    size_t used = (size_t)snprintf(usage, sizeof usage, "Usage: dien %s", command->name);
    int indent = (int)used + 1;
    fprintf(to, "dien %s: %s\n\n", command->name, command->summary);
    if (command->positional != NULL) {
        used += (size_t)snprintf(usage + used, sizeof usage - used, " %s", command->positional);
    }
    for (const dn_option *option = command->options; option != NULL && option->name != NULL; ++option) {
        if (option->required && used < sizeof usage - 64) {
            used += option->letter != 0 ? (size_t)snprintf(usage + used, sizeof usage - used, " -%c %s", option->letter, option->value)
                                        : (size_t)snprintf(usage + used, sizeof usage - used, " --%s %s", option->name, option->value);
        }
    }
    snprintf(usage + used, sizeof usage - used, " [OPTION]...");
    put_wrapped(to, usage, strlen(usage), indent, 0);
    fputc('\n', to);
    put_paragraphs(to, command->description, 0);
    if (command->options != NULL && command->options->name != NULL) {
        fputs("\nOptions:\n", to);
        for (const dn_option *option = command->options; option->name != NULL; ++option) {
            put_option(to, option);
        }
    }
    fputs("\nCommon options:\n", to);
    for (const dn_option *option = dn_common_options; option->name != NULL; ++option) {
        put_option(to, option);
    }
    if (command->examples != NULL) {
        fputs("\nExamples:\n", to);
        put_examples(to, command->examples);
    }
}
