/* Status codes and the message that goes with them.
 *
 * Every function that can fail returns dn_status. On failure it has left one sentence for a person in a
 * thread-local message: what went wrong, in which file, what to do. Callers pass it up with DN_TRY and may
 * put a clause in front of it with DN_CONTEXT. Only cli/ prints it. */
#ifndef DN_BASE_STATUS_H
#define DN_BASE_STATUS_H

#include "base/remedy.h"

#include <stdbool.h>

/* X(name, exit code of the program, short description) */
#define DN_STATUS_LIST(X)                                                                                                                  \
    X(DN_OK, 0, "ok")                                                                                                                      \
    X(DN_EINTERNAL, 1, "internal error")                                                                                                   \
    X(DN_EUSAGE, 2, "usage")                                                                                                               \
    X(DN_EINPUT, 3, "an input cannot be read")                                                                                             \
    X(DN_EFORMAT, 3, "a file is not what it says it is")                                                                                   \
    X(DN_EGEOMETRY, 3, "the geometry of an image is unusable")                                                                             \
    X(DN_ESHAPE, 3, "shapes do not fit")                                                                                                   \
    X(DN_EDATA, 3, "the data cannot be used")                                                                                              \
    X(DN_EQUALITY, 4, "done, but failed quality control")                                                                                  \
    X(DN_ENOMEM, 5, "out of memory")                                                                                                       \
    X(DN_EIO, 5, "cannot write")                                                                                                           \
    X(DN_EPARTIAL, 6, "some of a batch failed")                                                                                            \
    X(DN_ECANCELLED, 130, "interrupted")

typedef enum {
#define DN_X(name, exit_code, text) name,
    DN_STATUS_LIST(DN_X)
#undef DN_X
        DN_STATUS_COUNT
} dn_status;

/* Every declaration of a function that returns a status carries this: DN_CHECKED dn_status f(...); */
#define DN_CHECKED __attribute__((warn_unused_result))

/* Exit code of the program for a status (X-macro's second column). */
int dn_status_exit_code(dn_status status);
/* "DN_EINPUT" and "an input cannot be read"; static strings. */
const char *dn_status_name(dn_status status);
const char *dn_status_text(dn_status status);

/* The message of this thread's last failure, "" when there was none. Valid until the thread's next failure. */
const char *dn_error_message(void);
void dn_error_clear(void);

/* Notes the remedy for the failure whose message was just set; returns code. dn_error_set forgets it, dn_error_context keeps it.
 */
dn_status dn_error_offer(dn_status code, dn_remedy remedy);
/* The same with what stands behind the option's name: the name of a session, for example. Copied; cut after 127 bytes. */
dn_status dn_error_offer_of(dn_status code, dn_remedy remedy, const char *about);
/* Of this thread's last failure. about: "" when nothing was named. */
dn_remedy dn_error_remedy(void);
const char *dn_error_remedy_about(void);

/* Sets the message and returns code. Use through DN_FAIL. */
dn_status dn_error_set(dn_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "context: " in front of the present message and returns code. Use through DN_CONTEXT. */
dn_status dn_error_context(dn_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "path: " in front of a failure whose message does not name the file yet; DN_OK stays as it is. */
DN_CHECKED dn_status dn_error_in_file(dn_status status, const char *path);
/* DN_ENOMEM where errno says so, else other: a file that cannot be opened for want of memory is not an unreadable one. */
dn_status dn_error_of(int error, dn_status other);
/* For steps that may be impossible: a failure with this code becomes DN_OK, its message is dropped, and *possible is false. Every other
 * failure is passed on: DN_EDATA means "the data do not allow it", but too little memory, a full disk and Ctrl-C do not depend on the data.
 */
DN_CHECKED dn_status dn_error_excuse(dn_status status, dn_status code, bool *possible);

#define DN_FAIL(code, ...) return dn_error_set((code), __VA_ARGS__)
/* A failure with a remedy. */
#define DN_FAIL_OFFER(code, remedy, ...) return dn_error_offer(dn_error_set((code), __VA_ARGS__), (remedy))

/* The same for functions with a cleanup ladder. */
#define DN_FAIL_OFFER_GOTO(var, label, code, remedy, ...)                                                                                  \
    do {                                                                                                                                   \
        (var) = dn_error_offer(dn_error_set((code), __VA_ARGS__), (remedy));                                                               \
        goto label;                                                                                                                        \
    } while (0)

/* Returns from the enclosing function when expr fails. For functions that own nothing. */
#define DN_TRY(expr)                                                                                                                       \
    do {                                                                                                                                   \
        dn_status dn_try_status_ = (expr);                                                                                                 \
        if (dn_try_status_ != DN_OK) {                                                                                                     \
            return dn_try_status_;                                                                                                         \
        }                                                                                                                                  \
    } while (0)

/* For functions with a cleanup ladder: assigns to `var` and jumps to `label` when expr fails. */
#define DN_TRY_GOTO(var, expr, label)                                                                                                      \
    do {                                                                                                                                   \
        (var) = (expr);                                                                                                                    \
        if ((var) != DN_OK) {                                                                                                              \
            goto label;                                                                                                                    \
        }                                                                                                                                  \
    } while (0)

/* Like DN_TRY_GOTO for a direct failure: sets message, status, and jumps. */
#define DN_FAIL_GOTO(var, label, code, ...)                                                                                                \
    do {                                                                                                                                   \
        (var) = dn_error_set((code), __VA_ARGS__);                                                                                         \
        goto label;                                                                                                                        \
    } while (0)

#endif
