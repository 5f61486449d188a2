/* Shapes and their texts, and the memory of tensors. */
#include "net/tensor.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

dn_status dn_shape_count(const dn_shape *shape, int64_t *count)
{
    const int64_t dims[5] = {shape->n, shape->d, shape->h, shape->w, shape->c};
    char text[64];
    for (int i = 0; i < 5; ++i) {
        if (dims[i] < 1) {
            DN_FAIL(DN_ESHAPE, "a tensor of shape %s has an axis below 1", dn_shape_text(shape, text));
        }
    }
    int64_t product;
    if (!dn_mul_dims(dims, 5, &product) || product > INT32_MAX) {
        DN_FAIL(DN_ESHAPE, "a tensor of shape %s has 2^31 elements or more; use a smaller region or tiles", dn_shape_text(shape, text));
    }
    *count = product;
    return DN_OK;
}

bool dn_shape_equal(const dn_shape *a, const dn_shape *b)
{
    return a->n == b->n && a->d == b->d && a->h == b->h && a->w == b->w && a->c == b->c;
}

char *dn_shape_text(const dn_shape *shape, char text[64])
{
    snprintf(text, 64, "%lldx%lldx%lldx%lldx%lld", (long long)shape->n, (long long)shape->d, (long long)shape->h, (long long)shape->w,
             (long long)shape->c);
    return text;
}

dn_status dn_tensor_create(const dn_shape *shape, dn_tensor **out)
{
    int64_t count = 0;
    DN_TRY(dn_shape_count(shape, &count));
    dn_tensor *tensor;
    DN_TRY(dn_alloc(&tensor, 1, sizeof *tensor, "a tensor"));
    tensor->shape = *shape;
    dn_status status = dn_alloc(&tensor->data, (size_t)count, sizeof(float), "a tensor");
    if (status != DN_OK) {
        free(tensor);
        return status;
    }
    *out = tensor;
    return DN_OK;
}

void dn_tensor_destroy(dn_tensor *tensor)
{
    if (tensor == NULL) {
        return;
    }
    free(tensor->data);
    free(tensor);
}
