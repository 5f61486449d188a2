/* Draws figures after the tables are written. A figure that fails costs neither the tables nor the other figures. */
#include "base/job.h"
#include "study/output/output.h"

#include <stdio.h>

bool dn_study_draw_next(const dn_study_figures *figures)
{
    return figures->folder != NULL && figures->status != DN_ECANCELLED && !dn_cancel_requested();
}

void dn_study_drawn(dn_study_figures *figures, dn_status status)
{
    if (status == DN_ECANCELLED || (status != DN_OK && figures->status == DN_OK)) {
        figures->status = status;
        snprintf(figures->message, sizeof figures->message, "%s", dn_error_message());
    }
}

dn_status dn_study_figures_end(const dn_study_figures *figures)
{
    if (figures->folder != NULL && figures->status == DN_OK) {
        return dn_cancel_check();
    }
    if (figures->status == DN_OK || figures->status == DN_ECANCELLED) {
        return figures->status;
    }
    DN_FAIL(figures->status, "tables and text are in %s, but not every figure: %s", figures->folder, figures->message);
}
