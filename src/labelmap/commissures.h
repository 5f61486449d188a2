/* How far apart the commissures are. */
#ifndef DN_LABELMAP_COMMISSURES_H
#define DN_LABELMAP_COMMISSURES_H

#include <stdbool.h>

/* In people AC and PC are 20 to 35 mm apart. These ends are a choice: wide enough for children and phantoms; beyond them the two points are
 * something else, or their unit is not mm. */
#define DN_COMMISSURES_LOW_MM 5.0
#define DN_COMMISSURES_HIGH_MM 60.0

/* Whether a distance can be that of AC and PC; not of NaN. */
static inline bool dn_commissures_possible(double mm)
{
    return mm > DN_COMMISSURES_LOW_MM && mm < DN_COMMISSURES_HIGH_MM;
}

#endif
