/* The scans of the cohort's report: those that failed, pictures of those to look at, and all others in short. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "cohort/group/report_private.h"
#include "report/volume_lines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef bool (*chosen)(const dn_roster_scan *scan);

/* The scans of a kind, in it->order; *count of them. */
static void list(const dn_roster_page *it, chosen is, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < it->cohort->count; ++i) {
        if (is(&it->cohort->scan[i])) {
            it->order[(*count)++] = i;
        }
    }
}

static bool is_unmeasured(const dn_roster_scan *scan)
{
    return scan->state != DN_ROSTER_MEASURED;
}

static bool is_rejected(const dn_roster_scan *scan)
{
    return scan->state == DN_ROSTER_MEASURED && scan->record.verdict == DN_SCAN_REJECTED;
}

static bool is_outlying(const dn_roster_scan *scan)
{
    return scan->outliers > 0;
}

static bool is_other(const dn_roster_scan *scan)
{
    return scan->state == DN_ROSTER_MEASURED && !is_rejected(scan) && !is_outlying(scan);
}

/* "The first 500 of 1 234 are shown; all are in scans.tsv." */
static dn_status put_more(const dn_roster_page *it, size_t shown, size_t count, const char *table)
{
    char a[40], b[40];
    return shown >= count ? DN_OK
                          : dn_file_printf(it->w, "<p class=\"soft\">The first %s of %s are shown; all are in <code>%s</code>.</p>\n",
                                           dn_roster_number(shown, a), dn_roster_number(count, b), table);
}

/* A long list is folded, so that the page stays short. */
enum { OPEN_MOST = 60 };

static dn_status open_list(const dn_roster_page *it, size_t count, const char *with)
{
    return dn_file_printf(it->w, "%s%s", count > (size_t)OPEN_MOST ? "<details><summary>The list</summary>\n" : "", with);
}

static dn_status close_list(const dn_roster_page *it, size_t count, const char *with)
{
    return dn_file_printf(it->w, "%s%s\n", with, count > (size_t)OPEN_MOST ? "</details>" : "");
}

static size_t at_most(size_t count, size_t most)
{
    return count < most ? count : most;
}

/* ---- not measured ------------------------------------------------------------------------------------------------- */

dn_status dn_roster_put_failed(const dn_roster_page *it)
{
    size_t count;
    char text[40];
    list(it, is_unmeasured, &count);
    if (count == 0) {
        return DN_OK;
    }
    const size_t shown = at_most(count, DN_ROSTER_CARDS_MOST);
    DN_TRY(dn_file_printf(it->w, "<h2>Without volumes: %s</h2>\n", dn_roster_number(count, text)));
    DN_TRY(
        open_list(it, count, "<div class=\"wide\"><table>\n<tr><th>Scan</th><th class=\"name\"></th><th class=\"name\">Why</th></tr>\n"));
    for (size_t i = 0; i < shown; ++i) {
        const dn_roster_scan *scan = &it->cohort->scan[it->order[i]];
        const char *what = scan->state == DN_ROSTER_FAILED    ? "could not be measured"
                           : scan->state == DN_ROSTER_DAMAGED ? "result is damaged"
                                                              : "not measured yet";
        DN_TRY(dn_report_put_escaped(it->w, "<tr><td>", scan->key, ""));
        DN_TRY(dn_file_printf(it->w, "</td><td class=\"name\">%s</td>", what));
        DN_TRY(dn_report_put_escaped(it->w, "<td class=\"say\">", scan->reason != NULL ? scan->reason : "", "</td></tr>\n"));
    }
    DN_TRY(close_list(it, count, "</table></div>\n"));
    return put_more(it, shown, count, "scans.tsv");
}

/* ---- pictures ----------------------------------------------------------------------------------------------------- */

static dn_status put_picture(const dn_roster_page *it, const dn_roster_scan *scan)
{
    char *path = NULL;
    if (scan->picture == NULL) {
        return DN_OK;
    }
    DN_TRY(dn_asprintf(&path, "%s/%s/%s", it->cohort->output, scan->folder, scan->picture));
    const bool there = access(path, R_OK) == 0;
    free(path);
    if (!there) { /* removed to save room */
        return DN_OK;
    }
    DN_TRY(dn_file_printf(it->w, "<a class=\"shot\" href=\""));
    DN_TRY(dn_roster_put_address(it->w, scan, scan->picture));
    DN_TRY(dn_file_printf(it->w, "\"><img loading=\"lazy\" width=\"360\" height=\"152\" src=\""));
    DN_TRY(dn_roster_put_address(it->w, scan, scan->picture));
    return dn_report_put_escaped(it->w, "\" alt=\"Slices of ", scan->key, "\"></a>");
}

static dn_status open_card(const dn_roster_page *it, const dn_roster_scan *scan)
{
    DN_TRY(dn_file_printf(it->w, "<div class=\"card\">"));
    DN_TRY(put_picture(it, scan));
    DN_TRY(dn_file_printf(it->w, "<div><p><strong>"));
    DN_TRY(dn_roster_put_name(it->w, scan));
    return dn_file_printf(it->w, "</strong></p>");
}

dn_status dn_roster_put_rejected(const dn_roster_page *it)
{
    size_t count;
    char text[40];
    list(it, is_rejected, &count);
    if (count == 0) {
        return DN_OK;
    }
    const size_t shown = at_most(count, DN_ROSTER_CARDS_MOST);
    DN_TRY(dn_file_printf(it->w, "<h2>Rejected by quality control: %s</h2>\n<p>At least one measure of each cannot be right. %s</p>\n",
                          dn_roster_number(count, text),
                          it->options->count_rejected ? "They are counted all the same, as was asked for."
                                                      : "Statistics leave them out; they stay in the tables, with <code>no</code> in the "
                                                        "column <code>accepted</code>."));
    DN_TRY(open_list(it, count, "<div class=\"cards\">\n"));
    for (size_t i = 0; i < shown; ++i) {
        const dn_roster_scan *scan = &it->cohort->scan[it->order[i]];
        DN_TRY(open_card(it, scan));
        DN_TRY(
            dn_report_put_escaped(it->w, "<p>", scan->record.reason != NULL ? scan->record.reason : "the reason is not recorded", "</p>"));
        DN_TRY(scan->used ? DN_OK : dn_file_printf(it->w, "<p class=\"soft\">Another scan of the session is used.</p>"));
        DN_TRY(dn_file_printf(it->w, "</div></div>\n"));
    }
    DN_TRY(close_list(it, count, "</div>\n"));
    return put_more(it, shown, count, "scans.tsv");
}

/* Where the outliers of a scan begin; they are sorted by scan. */
static size_t first_outlier(const dn_roster_outliers *all, size_t scan)
{
    size_t low = 0, high = all->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (all->found[middle].scan < scan) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static dn_status put_outlier_lines(const dn_roster_page *it, size_t scan)
{
    enum { MOST = 5 };
    size_t n = 0;
    const dn_roster_outliers *all = it->outliers;
    DN_TRY(dn_file_printf(it->w, "<ul>"));
    for (size_t at = first_outlier(all, scan); at < all->count && all->found[at].scan == scan; ++at) {
        char *text = NULL;
        if (n++ >= (size_t)MOST) {
            continue;
        }
        DN_TRY(dn_roster_outlier_say(all, &all->found[at], &text));
        dn_status status = dn_report_put_escaped(it->w, "<li>", text, "</li>");
        free(text);
        DN_TRY(status);
    }
    return n > (size_t)MOST ? dn_file_printf(it->w, "<li>and %zu more</li></ul>", n - (size_t)MOST) : dn_file_printf(it->w, "</ul>");
}

/* The farthest first; those of one z by name. */
static int by_distance(const void *pa, const void *pb, void *user)
{
    const dn_roster_scan *scans = user;
    const size_t a = *(const size_t *)pa, b = *(const size_t *)pb;
    const double x = scans[a].farthest, y = scans[b].farthest;
    return x > y ? -1 : x < y ? 1 : a < b ? -1 : a > b;
}

dn_status dn_roster_put_outliers(const dn_roster_page *it)
{
    size_t count;
    char text[40];
    list(it, is_outlying, &count);
    if (it->outliers->n < (size_t)DN_OUTLIERS_LEAST) {
        return dn_file_printf(it->w, "<h2>Outliers</h2>\n<p>Not looked for: this needs at least %d scans.</p>\n", (int)DN_OUTLIERS_LEAST);
    }
    const size_t shown = at_most(count, DN_ROSTER_CARDS_MOST);
    DN_TRY(dn_file_printf(it->w,
                          "<h2>Outliers: %s scan%s</h2>\n<p>Volumes of a structure, of its sides and its asymmetry, compared with those of "
                          "the other scans of "
                          "this page: more than 3.5 robust standard deviations from the median (Iglewicz and Hoaglin 1993), after head "
                          "size was taken out where "
                          "the intracranial volume is known. Such a scan is to be looked at, and stays in all tables. With %zu measures "
                          "compared, about %.0f of "
                          "1%s000 normal scans are in this list by chance.</p>\n",
                          dn_roster_number(count, text), count == 1 ? "" : "s", it->outliers->measures,
                          1000.0 * (1.0 - pow(1.0 - 0.000465, (double)it->outliers->measures)), "\xe2\x80\xaf"));
    if (count == 0) {
        return DN_OK;
    }
    qsort_r(it->order, count, sizeof *it->order, by_distance, it->cohort->scan);
    DN_TRY(open_list(it, count, "<div class=\"cards\">\n"));
    for (size_t i = 0; i < shown; ++i) {
        DN_TRY(open_card(it, &it->cohort->scan[it->order[i]]));
        DN_TRY(put_outlier_lines(it, it->order[i]));
        DN_TRY(dn_file_printf(it->w, "</div></div>\n"));
    }
    DN_TRY(close_list(it, count, "</div>\n"));
    return put_more(it, shown, count, "outliers.tsv");
}

/* ---- all others --------------------------------------------------------------------------------------------------- */

static const char *const columns_shown[] = {"hypothalamus", "thalamus", "icv"};

static dn_status put_line(const dn_roster_page *it, const dn_roster_scan *scan)
{
    DN_TRY(dn_file_printf(it->w, "<tr><td>"));
    DN_TRY(dn_roster_put_name(it->w, scan));
    DN_TRY(isnan(scan->score) ? dn_file_printf(it->w, "</td><td>n/a</td>") : dn_file_printf(it->w, "</td><td>%.2f</td>", scan->score));
    for (size_t c = 0; c < sizeof columns_shown / sizeof *columns_shown; ++c) {
        char text[40];
        const size_t column = dn_table_find(it->cohort->columns, columns_shown[c]);
        const double value = column != DN_TABLE_NONE ? dn_roster_value(scan, column) : (double)NAN;
        DN_TRY(dn_file_printf(it->w, "<td>%s</td>", dn_unit_number(value, dn_unit_of(columns_shown[c]), text)));
    }
    DN_TRY(dn_report_put_escaped(it->w, "<td class=\"say\">", scan->record.warnings != NULL ? scan->record.warnings : "", ""));
    return dn_file_printf(it->w, "%s</td></tr>\n", scan->used ? "" : " <span class=\"soft\">(not used)</span>");
}

dn_status dn_roster_put_others(const dn_roster_page *it)
{
    size_t count;
    char text[40];
    list(it, is_other, &count);
    if (count == 0) {
        return DN_OK;
    }
    const size_t shown = at_most(count, DN_ROSTER_LINES_MOST);
    DN_TRY(
        dn_file_printf(it->w,
                       "<h2>Accepted scans without outliers: %s</h2>\n<details%s><summary>Table</summary>\n<div class=\"wide\"><table>\n"
                       "<tr><th>Scan</th><th>Score</th><th>Hypothalamus, mm\xc2\xb3</th><th>Thalamus, mL</th><th>Inside the skull, mL</th>"
                       "<th class=\"name\">Warnings</th></tr>\n",
                       dn_roster_number(count, text), count <= 100 ? " open" : ""));
    for (size_t i = 0; i < shown; ++i) {
        DN_TRY(put_line(it, &it->cohort->scan[it->order[i]]));
    }
    DN_TRY(dn_file_printf(it->w, "</table></div>\n</details>\n<details><summary>Pictures</summary>\n<div class=\"cards small\">\n"));
    for (size_t i = 0; i < shown; ++i) {
        DN_TRY(open_card(it, &it->cohort->scan[it->order[i]]));
        DN_TRY(dn_file_printf(it->w, "</div></div>\n"));
    }
    DN_TRY(dn_file_printf(it->w, "</div>\n</details>\n"));
    return put_more(it, shown, count, "scans.tsv");
}
