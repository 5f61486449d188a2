/* The thalamus as T1-weighted scans show it: towards its side, where fibres of the internal capsule run into it, and towards the pulvinar,
 * it is brighter than at its middle, more in some people than in others. A network that learned from an even thalamus leaves these parts
 * out. */
#ifndef DN_SYNTH_PULVINAR_H
#define DN_SYNTH_PULVINAR_H

#include "base/random.h"
#include "image/volume.h"
#include "register/tissues.h"

/* Moves the intensities of the thalami (tissue thalamus) towards the mean of white matter (tissue white_matter), or away from it: by up to
 * share times 0.8 at the side and 0.55 at the back, less by up to 0.1 and 0.25; nothing at 4 mm from the middle towards the midline and 2
 * mm behind it, all of it 11 and 10 mm further. volume: on labels' grid, with world axes R, A, S. With share 0, or without the two tissues,
 * nothing is drawn. */
void dn_pulvinar_paint(dn_volume *volume, const dn_labels *labels, const dn_tissues *tissues, double share, dn_random *random);

#endif
