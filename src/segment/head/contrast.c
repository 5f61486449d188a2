/* T1-weighted or not. */
#include "segment/head/contrast.h"

#include <math.h>

dn_contrast dn_contrast_of(const dn_head *head, const dn_location *location, bool head_seen)
{
    const dn_head_picture *p = head != NULL ? &head->picture : NULL; /* labels follow a wrong contrast as far as they can */
    bool uneven = false;
    if (p != NULL && !isnan(p->fluid + p->grey + p->white)) {
        const double share = p->white > p->fluid ? (p->white - p->grey) / (p->white - p->fluid) : -1.0;
        uneven = !(share >= DN_CONTRAST_GREY_LOW && share <= DN_CONTRAST_GREY_HIGH);
        if (uneven && !(head->location.found && head->location.match >= DN_ALIGN_MATCH)) {
            return DN_CONTRAST_TISSUES;
        }
    }
    const dn_location *place = head != NULL ? &head->location : location;
    /* Without the whole head's labels the alignment may be what is wrong. */
    if (place != NULL && place->found && place->match < DN_CONTRAST_INSIDE && (head_seen || place->correlation >= DN_ALIGN_CERTAIN)) {
        return DN_CONTRAST_INSIDE_OTHER;
    }
    return uneven ? DN_CONTRAST_UNEVEN : DN_CONTRAST_T1;
}
