/* The list of dien's own networks. */
#include "segment/networks.h"

#include "segment/head/whole_head.h"
#include "segment/scan.h"

#include <stddef.h>

const char *const dn_own_networks[] = {DN_SEGMENT_MODEL,         DN_SEGMENT_ANY_CONTRAST, DN_SEGMENT_ANY_CONTRAST_WHOLE,
                                       DN_SEGMENT_SLICES,        DN_WHOLE_HEAD_COARSE,    DN_WHOLE_HEAD_FINE,
                                       DN_WHOLE_HEAD_COARSE_ANY, DN_WHOLE_HEAD_FINE_ANY,  NULL};
