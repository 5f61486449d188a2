/* Order statistics without sorting everything. */
#ifndef DN_BASE_SELECT_H
#define DN_BASE_SELECT_H

#include <stddef.h>

/* The value that stands at place `nth` (from 0, below count) once the values are sorted. Reorders them. No NaN among them. */
float dn_select(float *values, size_t count, size_t nth);

#endif
