/* Draws a simulated scanner, and changes a scan as this scanner would. */
#include "synth/scanner.h"

#include "image/filter.h"
#include "synth/appearance.h"

#include <math.h>

/* Streams of one scanner's random numbers: its settings, its coil, and the noise of each scan. */
enum { STREAM_SETTINGS, STREAM_COIL, STREAM_NOISE, STREAMS };

static void open_stream(const dn_scanner *scanner, uint64_t stream, uint64_t scan, dn_random *random)
{
    dn_random_seed_stream(random, scanner->seed, (scan << 32) + scanner->number * STREAMS + stream);
}

dn_scanner dn_scanner_draw(uint64_t seed, uint64_t number)
{
    dn_scanner scanner = {.seed = seed, .number = number};
    dn_random random;
    open_stream(&scanner, STREAM_SETTINGS, 0, &random);
    scanner.blur_mm = dn_random_uniform(&random, 0.0, 0.6);
    scanner.bias_sd = dn_random_uniform(&random, 0.0, 0.3);
    scanner.thickness_mm = dn_random_uniform(&random, 1.0, 3.0);
    scanner.axis = (int)dn_random_below(&random, 3);
    scanner.power = pow(4.0 / 3.0, dn_random_uniform(&random, -1.0, 1.0));
    scanner.noise_sd = dn_random_uniform(&random, 0.005, 0.04);
    scanner.rician = dn_random_unit(&random) < 0.5;
    return scanner;
}

dn_status dn_scanner_apply(const dn_scanner *scanner, uint64_t scan, dn_volume *volume)
{
    dn_random coil;
    dn_random noise;
    open_stream(scanner, STREAM_COIL, 0, &coil);
    open_stream(scanner, STREAM_NOISE, scan, &noise);
    DN_TRY(dn_filter_gaussian(volume, (const double[3]){scanner->blur_mm, scanner->blur_mm, scanner->blur_mm}));
    DN_TRY(dn_appearance_bias_field(volume, scanner->bias_sd, 60.0, &coil));
    DN_TRY(dn_appearance_thick(volume, scanner->axis, scanner->thickness_mm));
    DN_TRY(dn_appearance_normalise(volume, 0.5, 99.5));
    dn_appearance_power(volume, scanner->power);
    dn_appearance_add_noise(volume, scanner->noise_sd, scanner->rician, &noise);
    return dn_appearance_normalise(volume, 0.5, 99.5);
}
