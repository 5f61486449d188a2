/* What one core of this processor reaches at most: multiply-adds that depend on nothing, in registers. One JSON line with GFLOP/s for
 * f32 (AVX-512 or AVX2 FMA) and bf16 (AMX tiles; 0 where there are none). */
#define _GNU_SOURCE
#include "base/clock.h"

#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CHAINS = 12, ROUNDS = 20000000, TILE_ROUNDS = 2000000 };

__attribute__((target("avx512f"))) static double fma512(float *out)
{
    __m512 sum[CHAINS];
    __m512 a = _mm512_set1_ps(0.999f);
    __m512 b = _mm512_set1_ps(0.001f);
    for (int c = 0; c < CHAINS; ++c) {
        sum[c] = _mm512_set1_ps((float)c);
    }
    double from = dn_clock_cpu();
    for (int r = 0; r < ROUNDS; ++r) {
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; ++c) {
            sum[c] = _mm512_fmadd_ps(sum[c], a, b);
        }
    }
    double seconds = dn_clock_cpu() - from;
    for (int c = 0; c < CHAINS; ++c) {
        *out += _mm512_reduce_add_ps(sum[c]);
    }
    return 2e-9 * 16.0 * CHAINS * (double)ROUNDS / seconds;
}

__attribute__((target("avx2,fma"))) static double fma256(float *out)
{
    __m256 sum[CHAINS];
    __m256 a = _mm256_set1_ps(0.999f);
    __m256 b = _mm256_set1_ps(0.001f);
    for (int c = 0; c < CHAINS; ++c) {
        sum[c] = _mm256_set1_ps((float)c);
    }
    double from = dn_clock_cpu();
    for (int r = 0; r < ROUNDS; ++r) {
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; ++c) {
            sum[c] = _mm256_fmadd_ps(sum[c], a, b);
        }
    }
    double seconds = dn_clock_cpu() - from;
    for (int c = 0; c < CHAINS; ++c) {
        *out += _mm256_cvtss_f32(sum[c]);
    }
    return 2e-9 * 8.0 * CHAINS * (double)ROUNDS / seconds;
}

__attribute__((target("amx-tile,amx-bf16"))) static double tiles(void)
{
    struct {
        uint8_t palette, start, reserved[14];
        uint16_t columns[16];
        uint8_t rows[16];
    } shape = {.palette = 1};
    enum { REQUEST = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA: Linux hands the tiles out on request */
    if (syscall(SYS_arch_prctl, REQUEST, TILE_DATA) != 0) {
        return 0.0;
    }
    for (int t = 0; t < 8; ++t) {
        shape.columns[t] = 64;
        shape.rows[t] = 16;
    }
    _tile_loadconfig(&shape);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_zero(6);
    double from = dn_clock_cpu();
    for (int r = 0; r < TILE_ROUNDS; ++r) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 5, 6);
        _tile_dpbf16ps(2, 4, 6);
        _tile_dpbf16ps(3, 5, 6);
    }
    double seconds = dn_clock_cpu() - from;
    _tile_release();
    return 1e-9 * 4.0 * 2.0 * 16.0 * 16.0 * 32.0 * (double)TILE_ROUNDS / seconds;
}

int main(void)
{
    float sum = 0.0f;
    __builtin_cpu_init();
    double f32 = __builtin_cpu_supports("avx512f") ? fma512(&sum) : __builtin_cpu_supports("fma") ? fma256(&sum) : 0.0;
    double bf16 = __builtin_cpu_supports("amx-bf16") ? tiles() : 0.0;
    printf("{\"what\": \"peak of one core\", \"f32_gflops\": %.1f, \"bf16_gflops\": %.1f, \"check\": %d}\n", f32, bf16, sum > 0.0f);
    return 0;
}
