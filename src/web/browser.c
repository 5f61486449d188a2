/* Asks the desktop for a browser. */
#include "web/browser.h"

#include "base/job.h"
#include "base/program.h"

#include <stddef.h>

void dn_web_open_browser(const char *url)
{
    dn_program_end end = {0};
    const char *const arguments[] = {"xdg-open", url, NULL};
    dn_status status = dn_program_run(arguments, 10.0, &end);
    if (status != DN_OK || end.missing || end.code != 0) {
        dn_log(DN_LOG_WARNING, "no browser could be opened; open the address yourself");
    }
    dn_program_end_release(&end);
}
