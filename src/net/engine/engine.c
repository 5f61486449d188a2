/* Opens oneDNN, asks what the machine can do, and makes and runs kernels. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "kernel.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

dn_status dn_onednn_failure(dnnl_status_t status, const char *what)
{
    if (status == dnnl_out_of_memory) {
        return dn_error_set(DN_ENOMEM, "not enough memory for %s", what);
    }
    return dn_error_set(DN_EINTERNAL, "oneDNN refused %s (status %d)", what, (int)status);
}

dn_status dn_engine_create(dn_engine **out)
{
    dn_engine *engine;
    DN_TRY(dn_alloc(&engine, 1, sizeof *engine, "the network engine"));
    dn_status status;
    DN_TRY_DNNL_GOTO(status, dnnl_engine_create(&engine->engine, dnnl_cpu, 0), "to start", fail);
    DN_TRY_DNNL_GOTO(status, dnnl_stream_create(&engine->stream, engine->engine, dnnl_stream_default_flags), "to start", fail);
    *out = engine;
    return DN_OK;
fail:
    dn_engine_destroy(engine);
    return status;
}

void dn_engine_destroy(dn_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    if (engine->stream != NULL) {
        dnnl_stream_destroy(engine->stream);
    }
    if (engine->engine != NULL) {
        dnnl_engine_destroy(engine->engine);
    }
    free(engine);
}

void dn_engine_version(char text[64])
{
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, 64, "oneDNN %d.%d.%d, isa %#x", v->major, v->minor, v->patch, (unsigned)dnnl_get_effective_cpu_isa());
}

bool dn_engine_matrix_units(void)
{
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    return (isa & (unsigned)dnnl_cpu_isa_avx512_core_amx) == (unsigned)dnnl_cpu_isa_avx512_core_amx;
}

bool dn_engine_bf16(void)
{
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    return (isa & (unsigned)dnnl_cpu_isa_avx512_core_bf16) == (unsigned)dnnl_cpu_isa_avx512_core_bf16;
}

dn_status dn_pack_weights(dn_engine *engine, const float *plain, int rank, const dnnl_dims_t dims, const dnnl_dims_t strides,
                          dn_md_ref packed, void **out)
{
    DN_TRY(dn_alloc_aligned(out, dnnl_memory_desc_get_size(packed), 1, "packed weights"));
    dn_status status = dn_repack_weights(engine, plain, rank, dims, strides, packed, *out);
    if (status != DN_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

dn_status dn_repack_weights(dn_engine *engine, const float *plain, int rank, const dnnl_dims_t dims, const dnnl_dims_t strides,
                            dn_md_ref packed, void *bytes)
{
    dn_md from_md = NULL;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_memory_t from = NULL;
    dnnl_memory_t to = NULL;
    dn_status status = DN_OK;
    DN_TRY_DNNL_GOTO(status, dn_md_create_strided(&from_md, rank, dims, dnnl_f32, strides), "weights", done);
    DN_TRY_DNNL_GOTO(status, dnnl_reorder_primitive_desc_create(&desc, from_md, engine->engine, packed, engine->engine, NULL),
                     "to pack weights", done);
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_create(&reorder, desc), "to pack weights", done);
    DN_TRY_DNNL_GOTO(status, dnnl_memory_create(&from, from_md, engine->engine, dn_unconst(plain)), "weights", done);
    DN_TRY_DNNL_GOTO(status, dnnl_memory_create(&to, packed, engine->engine, bytes), "weights", done);
    dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    DN_TRY_DNNL_GOTO(status, dnnl_primitive_execute(reorder, engine->stream, 2, arguments), "to pack weights", done);
    DN_TRY_DNNL_GOTO(status, dnnl_stream_wait(engine->stream), "to pack weights", done);
done:
    if (to != NULL) {
        dnnl_memory_destroy(to);
    }
    if (from != NULL) {
        dnnl_memory_destroy(from);
    }
    if (reorder != NULL) {
        dnnl_primitive_destroy(reorder);
    }
    if (desc != NULL) {
        dnnl_primitive_desc_destroy(desc);
    }
    dn_md_destroy(from_md);
    return status;
}

/* oneDNN does not look whether the memory is there that it writes its code into (some MiB); nothing is touched here, so this costs nothing.
 */
static dn_status leave_room(void)
{
    enum { ROOM = 16 << 20 };
    void *p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        DN_FAIL(DN_ENOMEM, "not enough memory for a kernel of the network; close other programs or use a machine with more");
    }
    munmap(p, ROOM);
    return DN_OK;
}

dn_status dn_kernel_create(dn_engine *engine, const dn_kernel_request *request, dn_kernel **out)
{
    *out = NULL;
    DN_TRY(leave_room());
    switch (request->algorithm) {
    case DN_ALGORITHM_WINOGRAD:
        return dn_winograd_create(engine, request, out);
    case DN_ALGORITHM_PARITY:
        return dn_parity_create(engine, request, out);
    case DN_ALGORITHM_DIRECT:
        break;
    }
    return dn_direct_create(engine, request, out);
}

void dn_kernel_destroy(dn_kernel *kernel)
{
    if (kernel != NULL) {
        kernel->destroy(kernel);
    }
}

dn_status dn_kernel_run(dn_kernel *kernel, const dn_kernel_call *call)
{
    return kernel->run(kernel, call);
}

dn_status dn_kernel_reload(dn_kernel *kernel, const float *weight, const float *bias)
{
    return kernel->reload(kernel, weight, bias);
}

int64_t dn_kernel_scratch_bytes(const dn_kernel *kernel)
{
    return kernel->scratch_bytes;
}

int64_t dn_kernel_packed_bytes(const dn_kernel *kernel)
{
    return kernel->packed_bytes;
}

const char *dn_kernel_name(const dn_kernel *kernel)
{
    return kernel->name;
}
