/* The work of `dien surface`: each label map read, drawn and written. */
#include "cohort/draw_surfaces.h"

#include <stdlib.h>

typedef struct drawing {
    const dn_surface_options *options;
    const dn_line_sink *results;
} drawing;

static dn_status one(void *user, const char *path, bool *doubtful)
{
    const drawing *it = user;
    char *picture = NULL;
    (void)doubtful;
    DN_TRY(dn_surface_scene_write(path, it->options, &picture));
    dn_status status = dn_line_say(it->results, "%s", picture);
    free(picture);
    return status;
}

dn_status dn_draw_surfaces(const char *const *paths, size_t count, const dn_surface_options *options, const dn_line_sink *results)
{
    drawing it = {options, results};
    const dn_batch batch = {.paths = paths, .count = count, .done = "label maps could be drawn", .folder = options->folder};
    return dn_batch_run(&batch, one, &it);
}
