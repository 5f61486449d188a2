/* A narrow space between two structures that widens or closes while they keep their shape: the third ventricle between the two hypothalami.
 *
 * Across the cleft, with u the distance from its middle plane: the fluid in it is stretched, u -> u (half + a) / half up to half; the
 * structures beside it are moved as they are, u -> u + a up to reach; the tissue beyond takes the movement up within fade. Along the cleft
 * the movement is whole within radius of the centre and fades over the same distance. Only u changes, so that what lies within reach and
 * radius keeps its volume exactly (in the margin it is sheared along itself), and the cleft's own grows by the factor (half + a) / half. */
#ifndef DN_SYNTH_CLEFT_H
#define DN_SYNTH_CLEFT_H

typedef struct dn_cleft {
    double centre[3]; /* world, mm */
    double across[3]; /* of length 1, from one wall to the other */
    double half;      /* mm from the middle plane to a wall; 0: there is no cleft */
    double reach;     /* mm from the middle plane to the far side of the structures */
    double radius;    /* mm along the plane, from the centre to the structures' ends */
} dn_cleft;

#define DN_CLEFT_FADE_MM 15.0

/* mm by which a wall can move inward: four fifths of half, so that nothing folds. */
double dn_cleft_room(const dn_cleft *cleft);
/* xyz: a place (world, mm) of the head whose walls have moved outward by opening (below 0: inward, by no more than the room); it becomes
 * the place of the head as it is that has come there. */
void dn_cleft_source(const dn_cleft *cleft, double opening, double xyz[3]);

/* The same, but what lies beside the cleft is pressed as well as moved, more the nearer it is, as tissue beside a growing ventricle is: u
 * takes opening x tanh(u / width), width 0.8 mm + 1.3 x |opening|, which fades about 14 mm across and 22 mm along. No folds, at any
 * opening. */
void dn_cleft_pressed_source(const dn_cleft *cleft, double opening, double xyz[3]);

/* The structures beside the cleft shrink or swell, each about its own middle (half-way between half and reach), and the tissue around takes
 * it up. change: of the left one's (where u < 0) and the right one's volume, as a share of it, above -0.9; xyz as above. The middle itself
 * stays; the factor is whole there and falls towards the structures' ends, so that their volume follows change nearly
 * (tests/synth/test_cleft.c), not exactly. */
void dn_cleft_sides_source(const dn_cleft *cleft, const double change[2], double xyz[3]);

#endif
