/* The names and exit codes of the status codes, and the message of the last failure, one per thread. */
#define _GNU_SOURCE
#include "base/status.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE 2048

static _Thread_local char message[MESSAGE_SIZE];
static _Thread_local dn_remedy remedy_of_message;
static _Thread_local char remedy_about[128];

static const struct {
    const char *name;
    int exit_code;
    const char *text;
} table[DN_STATUS_COUNT] = {
#define DN_X(name, exit_code, text) [name] = {#name, exit_code, text},
    DN_STATUS_LIST(DN_X)
#undef DN_X
};

static int known(dn_status status)
{
    return (unsigned)status < (unsigned)DN_STATUS_COUNT;
}

int dn_status_exit_code(dn_status status)
{
    return known(status) ? table[status].exit_code : 1;
}

const char *dn_status_name(dn_status status)
{
    return known(status) ? table[status].name : "unknown status";
}

const char *dn_status_text(dn_status status)
{
    return known(status) ? table[status].text : "unknown status";
}

const char *dn_error_message(void)
{
    return message;
}

void dn_error_clear(void)
{
    message[0] = '\0';
    remedy_of_message = DN_REMEDY_NONE;
}

dn_status dn_error_set(dn_status code, const char *format, ...)
{
    va_list args;
    /* Arguments may point into the old message, so the new one is made beside it first. */
    char next[MESSAGE_SIZE];
    va_start(args, format);
    vsnprintf(next, sizeof next, format, args);
    va_end(args);
    dn_text_make_line(next);
    memcpy(message, next, sizeof next);
    remedy_of_message = DN_REMEDY_NONE;
    return code;
}

dn_status dn_error_offer(dn_status code, dn_remedy remedy)
{
    return dn_error_offer_of(code, remedy, "");
}

dn_status dn_error_offer_of(dn_status code, dn_remedy remedy, const char *about)
{
    char next[sizeof remedy_about];
    snprintf(next, sizeof next, "%s", about);
    dn_text_make_line(next);
    memcpy(remedy_about, next, sizeof next);
    remedy_of_message = remedy;
    return code;
}

const char *dn_error_remedy_about(void)
{
    return remedy_about;
}

dn_remedy dn_error_remedy(void)
{
    return remedy_of_message;
}

dn_status dn_error_context(dn_status code, const char *format, ...)
{
    char before[MESSAGE_SIZE / 2];
    char next[MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(before, sizeof before, format, args);
    va_end(args);
    dn_text_make_line(before);
    int used = snprintf(next, sizeof next, "%s: ", before);
    if (used >= 0 && (size_t)used < sizeof next) {
        size_t room = sizeof next - (size_t)used - 1;
        size_t length = strnlen(message, room);
        memcpy(next + used, message, length);
        next[(size_t)used + length] = '\0';
    }
    memcpy(message, next, sizeof next);
    return code;
}

/* Whether a path in a sentence ends, or has not begun, at this character. */
static int is_apart(char c)
{
    return c == '\0' || strchr(" :,;()'\"", c) != NULL;
}

dn_status dn_error_in_file(dn_status status, const char *path)
{
    char name[MESSAGE_SIZE];
    if (status == DN_OK) {
        return status;
    }
    snprintf(name, sizeof name, "%s", path);
    dn_text_make_line(name); /* as the message writes it */
    /* "head.nii" is not named by a sentence about "forehead.nii" or "head.nii.gz". */
    for (const char *at = strstr(message, name); at != NULL && *name != '\0'; at = strstr(at + 1, name)) {
        const char *end = at + strlen(name);
        end += *end == '.' && is_apart(end[1]); /* of the sentence */
        if ((at == message || is_apart(at[-1])) && is_apart(*end)) {
            return status;
        }
    }
    return dn_error_context(status, "%s", path);
}

dn_status dn_error_excuse(dn_status status, dn_status code, bool *possible)
{
    *possible = status == DN_OK;
    if (status != code || code == DN_OK) {
        return status;
    }
    dn_error_clear();
    return DN_OK;
}

dn_status dn_error_of(int error, dn_status other)
{
    return error == ENOMEM ? DN_ENOMEM : other;
}
