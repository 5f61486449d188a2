/* Recognises Lambda layers of known packages by the names in their compiled code. */
#include "models/keras/lambda.h"

#include <nettle/base64.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CODE_LIMIT 65536

/* Whether the marshalled code holds the name. */
static bool names(const unsigned char *code, size_t size, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i + length <= size; ++i) {
        if (memcmp(code + i, name, length) == 0) {
            return true;
        }
    }
    return false;
}

static dn_keras_lambda meaning_of_code(const unsigned char *code, size_t size)
{
    if (names(code, size, "pattern_broadcast")) {
        return DN_KERAS_LAMBDA_NOTHING;
    }
    if (names(code, size, "softmax")) {
        return DN_KERAS_LAMBDA_SOFTMAX;
    }
    if (names(code, size, "mean") && names(code, size, "keepdims")) {
        return DN_KERAS_LAMBDA_MEAN;
    }
    if (names(code, size, "swish") || names(code, size, "silu")) {
        return DN_KERAS_LAMBDA_SWISH;
    }
    return DN_KERAS_LAMBDA_UNKNOWN;
}

dn_keras_lambda dn_keras_lambda_meaning(const json_t *config)
{
    const json_t *function = json_object_get(config, "function");
    if (json_is_object(function)) { /* Keras 3: {"class_name": "__lambda__", "config": {"code": ...}} */
        function = json_object_get(json_object_get(function, "config"), "code");
    }
    if (json_is_array(function)) {
        function = json_array_get(function, 0);
    }
    const char *text = json_string_value(function);
    const char *kind = json_string_value(json_object_get(config, "function_type"));
    if (text == NULL) {
        return DN_KERAS_LAMBDA_UNKNOWN;
    }
    if (kind != NULL && strcmp(kind, "function") == 0) { /* the name of a function */
        return strcmp(text, "swish") == 0     ? DN_KERAS_LAMBDA_SWISH
               : strcmp(text, "softmax") == 0 ? DN_KERAS_LAMBDA_SOFTMAX
                                              : DN_KERAS_LAMBDA_UNKNOWN;
    }
    size_t length = strlen(text);
    if (length > CODE_LIMIT) {
        return DN_KERAS_LAMBDA_UNKNOWN;
    }
    unsigned char *code = malloc(BASE64_DECODE_LENGTH(length) + 1);
    if (code == NULL) {
        return DN_KERAS_LAMBDA_UNKNOWN;
    }
    struct base64_decode_ctx context;
    size_t size = BASE64_DECODE_LENGTH(length);
    base64_decode_init(&context);
    dn_keras_lambda meaning = DN_KERAS_LAMBDA_UNKNOWN;
    if (base64_decode_update(&context, &size, code, length, text)) {
        meaning = meaning_of_code(code, size);
    }
    free(code);
    return meaning;
}
