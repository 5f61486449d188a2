/* Shows the page to the person at this machine. */
#ifndef DN_WEB_BROWSER_H
#define DN_WEB_BROWSER_H

/* Opens an address in this machine's browser (xdg-open); a warning says so where there is none. */
void dn_web_open_browser(const char *url);

#endif
