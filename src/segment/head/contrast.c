/* T1-weighted or not. */
#include "segment/head/contrast.h"

#include <math.h>

dn_contrast_seen dn_contrast_see(const dn_head *head, const dn_location *location, bool head_seen)
{
    dn_contrast_seen out = {.contrast = DN_CONTRAST_T1};
    const dn_location *place = head != NULL ? &head->location : location;
    if (place != NULL && place->found) {
        out.placed = true;
        out.match = place->match;
    }
    const dn_head_picture *p = head != NULL ? &head->picture : NULL; /* labels follow a wrong contrast as far as they can */
    if (p != NULL && !isnan(p->fluid + p->grey + p->white)) {
        const double share = p->white > p->fluid ? (p->white - p->grey) / (p->white - p->fluid) : -1.0;
        out.tissues = true;
        out.fluid = p->fluid;
        out.grey = p->grey;
        out.white = p->white;
        if (!(share >= DN_CONTRAST_GREY_LOW && share <= DN_CONTRAST_GREY_HIGH)) {
            out.contrast = out.placed && out.match >= DN_ALIGN_MATCH ? DN_CONTRAST_UNEVEN : DN_CONTRAST_TISSUES;
        }
    }
    /* Without the whole head's labels the alignment may be what is wrong. */
    if (out.contrast != DN_CONTRAST_TISSUES && out.placed && out.match < DN_CONTRAST_INSIDE &&
        (head_seen || place->correlation >= DN_ALIGN_CERTAIN)) {
        out.contrast = DN_CONTRAST_INSIDE_OTHER;
    }
    return out;
}
