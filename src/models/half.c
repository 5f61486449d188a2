/* Converts between 32-bit floats and 16-bit ones (IEEE 754 half, bfloat16). */
#include "models/half.h"

#include <string.h>

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float dn_bfloat16_to_float(uint16_t half)
{
    return from_bits((uint32_t)half << 16);
}

float dn_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 31u;
    uint32_t fraction = half & 1023u;
    if (exponent == 31) {
        return from_bits(sign | 0x7f800000u | fraction << 13);
    }
    if (exponent == 0) { /* zero and subnormals: fraction * 2^-24, exact in float */
        float value = (float)fraction * 5.9604644775390625e-8f;
        return sign ? -value : value;
    }
    return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t dn_float_to_half(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000u;
    uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return (uint16_t)(sign | 0x7e00u); /* NaN */
    }
    if (magnitude >= 0x47800000u) { /* 65536 and more, infinity */
        return (uint16_t)(sign | 0x7c00u);
    }
    uint32_t result, remainder, halfway;
    if (magnitude < 0x38800000u) { /* below 2^-14: subnormal halves */
        if (magnitude < 0x33000000u) {
            return (uint16_t)sign; /* at most a quarter of the smallest, or half of it exactly handled below */
        }
        uint32_t shift = 126 - (magnitude >> 23); /* 14..24 */
        uint32_t fraction = (magnitude & 0x7fffffu) | 0x800000u;
        result = fraction >> shift;
        remainder = fraction & ((1u << shift) - 1);
        halfway = 1u << (shift - 1);
    } else {
        result = (magnitude - 0x38000000u) >> 13;
        remainder = magnitude & 0x1fffu;
        halfway = 0x1000u;
    }
    if (remainder > halfway || (remainder == halfway && (result & 1u))) {
        ++result; /* may carry into the exponent, up to infinity: that is right */
    }
    return (uint16_t)(sign | result);
}
