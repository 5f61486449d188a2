/* Status codes and the message that goes with them.
 *
 * Every function that can fail returns dn_status. On failure it has left one sentence for a person in a
 * thread-local message: what went wrong, in which file, what to do. Callers pass it up with DN_TRY and may
 * put a clause in front of it with DN_CONTEXT. Only cli/ prints it. */
#ifndef DN_BASE_STATUS_H
#define DN_BASE_STATUS_H

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

/* A remedy that the user can choose after a failure. The message states only the fact, in words that are true for the program, the library
 * and a page. The code that shows the message adds how to choose the remedy there (an option, a field, a button): cli/remedy.c. */
typedef enum {
    DN_REMEDY_NONE,
    DN_REMEDY_MORE_MEMORY,    /* a higher limit on memory */
    DN_REMEDY_SMALLER_TILES,  /* a lower limit on memory, under which the network runs in smaller tiles */
    DN_REMEDY_TRUST_SFORM,    /* to believe a NIfTI file's sform, if it is right */
    DN_REMEDY_TRUST_QFORM,    /* its qform */
    DN_REMEDY_TRUST_EITHER,   /* whichever is right */
    DN_REMEDY_GO_ON,          /* to go on from what was saved */
    DN_REMEDY_GO_ON_OR_BEGIN, /* the same, or to begin again, or another folder */
    DN_REMEDY_OTHER_FOLDER,   /* another folder for the results, which the message mentions */
    DN_REMEDY_RESAMPLE,       /* to bring the prediction onto the truth's grid */
    DN_REMEDY_POSTERIORS,     /* a segmentation that writes its posteriors */
    DN_REMEDY_IMPORT,         /* to make a model file of a Keras file */
    DN_REMEDY_SYNTH,          /* to make scans of label maps */
    DN_REMEDY_AGREEMENT,      /* a comparison of several methods */
    DN_REMEDY_FIT_NORM,       /* to fit the norm (again) */
    DN_REMEDY_NAME_LABELS,    /* to name the numbers of labels */
    DN_REMEDY_MIX_VERSIONS,   /* to mix results of two versions in one folder */
    DN_REMEDY_SERIES,         /* to name a series of DICOM files */
    DN_REMEDY_DICOM,          /* a command that takes DICOM files as they are */
    DN_REMEDY_NAME_SCAN,      /* to name the scan, and so its results */
    DN_REMEDY_KEEP_ROWS       /* to keep only the rows that have a value in a column */
} dn_remedy;

/* Notes the remedy for the failure whose message was just set; returns code. dn_error_set forgets it, dn_error_context keeps it.
 */
dn_status dn_error_offer(dn_status code, dn_remedy remedy);
/* Of this thread's last failure. */
dn_remedy dn_error_remedy(void);

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
