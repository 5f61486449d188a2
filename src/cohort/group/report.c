/* The cohort on one page: OUTPUT/group/report.html. */
#include "cohort/group/report.h"

#include "base/memory.h"
#include "cohort/group/report_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the style of a single scan's report does not have. */
static const char style[] =
    "<style>\n"
    "main{display:block}.tiles{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0}.tile{background:var(--card);border-left:.35rem solid "
    "var(--line);padding:.6rem 1.1rem;min-width:9rem}.tile "
    "b{display:block;font-size:1.5rem;line-height:1.3;font-variant-numeric:tabular-nums}"
    ".tile.ok{border-color:var(--ok)}.tile.warn{border-color:var(--warn)}.tile.bad{border-color:var(--bad)}\n"
    "a{color:inherit;text-underline-offset:.15em}.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr));"
    "gap:1rem;"
    "margin:1rem 0}.card{background:var(--card);border:1px solid var(--line);min-width:0}.card a.shot{display:block;background:#0b0d10}"
    ".card img{aspect-ratio:959/405;width:100%;height:auto;object-fit:cover;object-position:top}.card div{padding:.5rem .8rem .7rem}"
    ".card p{margin:.15rem 0;font-size:.92rem;overflow-wrap:anywhere}.card ul{margin:.15rem 0;font-size:.92rem}"
    "td.name,th.name{text-align:left}td.say{text-align:left;white-space:normal;min-width:14rem;overflow-wrap:anywhere}\n"
    "details{margin:.8rem 0}summary{cursor:pointer;color:var(--soft)}"
    ".cards.small{grid-template-columns:repeat(auto-fill,minmax(13rem,1fr))}"
    ".bars{fill:#5b8fc9}.axis{stroke:var(--soft);stroke-width:1}.mark{stroke:var(--bad);stroke-width:1.5}.middle{stroke:var(--ink);"
    "stroke-width:1.5}figure.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,24rem));gap:1rem}"
    "figure.plots img{background:#fff;padding:.4rem}code{font-size:.9em;overflow-wrap:anywhere}\n"
    "@media print{figure.plots{break-before:auto}.cards{grid-template-columns:repeat(3,1fr)}.card{break-inside:avoid}}\n"
    "</style>\n";

const char *dn_roster_number(size_t value, char out[40])
{
    static const char space[] = "\xe2\x80\xaf";
    char plain[24];
    size_t n = 0;
    const size_t digits = (size_t)snprintf(plain, sizeof plain, "%zu", value);
    for (size_t i = 0; i < digits; ++i) {
        if (i > 0 && (digits - i) % 3 == 0) {
            memcpy(out + n, space, sizeof space - 1);
            n += sizeof space - 1;
        }
        out[n++] = plain[i];
    }
    out[n] = '\0';
    return out;
}

static dn_status put_path(dn_file_writer *w, const char *path)
{
    for (const unsigned char *p = (const unsigned char *)path; *p != 0; ++p) {
        const bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || strchr("-_./+", *p) != NULL;
        DN_TRY(plain ? dn_file_write(w, p, 1) : dn_file_printf(w, "%%%02X", *p));
    }
    return DN_OK;
}

dn_status dn_roster_put_address(dn_file_writer *w, const dn_roster_scan *scan, const char *name)
{
    DN_TRY(dn_file_printf(w, "../"));
    DN_TRY(put_path(w, scan->folder));
    DN_TRY(dn_file_printf(w, "/"));
    return put_path(w, name);
}

dn_status dn_roster_put_name(dn_file_writer *w, const dn_roster_scan *scan)
{
    if (scan->page == NULL || scan->folder == NULL) {
        return dn_report_put_escaped(w, "", scan->key, "");
    }
    DN_TRY(dn_file_printf(w, "<a href=\""));
    DN_TRY(dn_roster_put_address(w, scan, scan->page));
    return dn_report_put_escaped(w, "\">", scan->key, "</a>");
}

/* ---- counts ------------------------------------------------------------------------------------------------------- */

typedef struct counts {
    size_t people, sessions, accepted, by_hand, rejected, failed, damaged, missing, outlying, unused;
} counts;

static counts count_up(const dn_roster *cohort)
{
    counts n = {.people = 0};
    for (size_t i = 0; i < cohort->count; ++i) {
        const dn_roster_scan *s = &cohort->scan[i];
        const dn_roster_scan *before = i > 0 ? &cohort->scan[i - 1] : NULL;
        const bool same = before != NULL && strcmp(before->participant, s->participant) == 0;
        const char *session = s->session != NULL ? s->session : "";
        n.people += !same;
        n.sessions += !same || strcmp(before->session != NULL ? before->session : "", session) != 0;
        n.accepted += s->state == DN_ROSTER_MEASURED && s->record.verdict != DN_SCAN_REJECTED;
        n.by_hand += s->state == DN_ROSTER_MEASURED && s->record.verdict == DN_SCAN_BY_HAND;
        n.rejected += s->state == DN_ROSTER_MEASURED && s->record.verdict == DN_SCAN_REJECTED;
        n.unused += s->state == DN_ROSTER_MEASURED && !s->used;
        n.failed += s->state == DN_ROSTER_FAILED;
        n.damaged += s->state == DN_ROSTER_DAMAGED;
        n.missing += s->state == DN_ROSTER_MISSING;
        n.outlying += s->outliers > 0;
    }
    return n;
}

static dn_status put_tile(dn_file_writer *w, const char *kind, size_t n, const char *one, const char *several)
{
    char text[40];
    return dn_file_printf(w, "<div class=\"tile %s\"><b>%s</b>%s</div>\n", kind, dn_roster_number(n, text), n == 1 ? one : several);
}

static dn_status put_counts(const dn_roster_page *it)
{
    const counts n = count_up(it->cohort);
    dn_file_writer *w = it->w;
    char scans[40], people[40], sessions[40], text[40];
    DN_TRY(dn_file_printf(w, "<p>%s scan%s of %s %s in %s session%s.</p>\n<div class=\"tiles\">\n",
                          dn_roster_number(it->cohort->count, scans), it->cohort->count == 1 ? "" : "s", dn_roster_number(n.people, people),
                          n.people == 1 ? "person" : "people", dn_roster_number(n.sessions, sessions), n.sessions == 1 ? "" : "s"));
    DN_TRY(put_tile(w, "ok", n.accepted, "scan measured and accepted", "scans measured and accepted"));
    DN_TRY(put_tile(w, n.rejected > 0 ? "bad" : "", n.rejected, "rejected by quality control", "rejected by quality control"));
    DN_TRY(put_tile(w, n.failed > 0 ? "bad" : "", n.failed, "could not be measured", "could not be measured"));
    if (n.damaged > 0) {
        DN_TRY(put_tile(w, "bad", n.damaged, "result is damaged", "results are damaged"));
    }
    if (n.missing > 0) {
        DN_TRY(put_tile(w, "warn", n.missing, "not measured yet", "not measured yet"));
    }
    DN_TRY(put_tile(w, n.outlying > 0 ? "warn" : "", n.outlying, "scan with outlying volumes", "scans with outlying volumes"));
    DN_TRY(dn_file_printf(w, "</div>\n"));
    if (n.by_hand > 0) {
        DN_TRY(dn_file_printf(w, "<p>%s of the accepted scans were rejected by quality control and accepted by a person.</p>\n",
                              dn_roster_number(n.by_hand, text)));
    }
    if (n.unused > 0) {
        DN_TRY(
            dn_file_printf(w,
                           "<p>%s measured scan%s not in the table of volumes, because another scan of the same session is. The rule: an "
                           "accepted scan before a rejected one, then the best quality score, then the first by name "
                           "(<code>scans.tsv</code>, column <code>choice</code>).</p>\n",
                           dn_roster_number(n.unused, text), n.unused == 1 ? " is" : "s are"));
    }
    return dn_file_printf(w, "<p class=\"soft\">Numbers below are of the scans of the table of volumes that %s.</p>\n",
                          it->options->count_rejected ? "were measured, rejected ones included, as was asked for"
                                                      : "quality control did not reject");
}

static dn_status put_remarks(const dn_roster_page *it)
{
    const dn_remarks *remarks = &it->cohort->remarks;
    if (remarks->count == 0) {
        return DN_OK;
    }
    DN_TRY(dn_file_printf(it->w, "<h2>Remarks</h2>\n<ul>\n"));
    for (int level = DN_REMARK_DOUBT; level >= (int)DN_REMARK_NOTE; --level) {
        for (size_t i = 0; i < remarks->count; ++i) {
            if ((int)remarks->remark[i].level == level) {
                DN_TRY(dn_report_put_escaped(it->w, level == DN_REMARK_DOUBT ? "<li><strong>Check:</strong> " : "<li class=\"soft\">",
                                             remarks->remark[i].text, "</li>\n"));
            }
        }
    }
    return dn_file_printf(it->w, "</ul>\n");
}

static dn_status put_files(const dn_roster_page *it)
{
    char *path = NULL;
    DN_TRY(dn_path_join(it->folder, "longitudinal.tsv", &path));
    const bool changes = dn_path_exists(path);
    free(path);
    return dn_file_printf(
        it->w,
        "<h2>Tables</h2>\n<dl>\n"
        "<dt><a href=\"scans.tsv\">scans.tsv</a></dt><dd>every scan: measured, accepted, used or not, and why</dd>\n"
        "<dt><a href=\"volumes_wide.tsv\">volumes_wide.tsv</a></dt><dd>volumes, one row per person and session: for <code>dien "
        "stats</code>, "
        "R and others</dd>\n"
        "<dt><a href=\"volumes_long.tsv\">volumes_long.tsv</a></dt><dd>volumes, one row per scan, structure and side; of all measured "
        "scans</dd>\n"
        "<dt><a href=\"outliers.tsv\">outliers.tsv</a></dt><dd>outlying volumes and asymmetries</dd>\n"
        "%s</dl>\n"
        "<p class=\"soft\">The JSON file beside each table says what its columns mean. Made by dien %s.</p>\n",
        changes ? "<dt><a href=\"longitudinal.tsv\">longitudinal.tsv</a></dt><dd>change of each structure per person, from all sessions in "
                  "one frame: more exact than differences between the volumes above</dd>\n"
                : "",
        DIEN_VERSION);
}

/* ---- the page ----------------------------------------------------------------------------------------------------- */

static dn_status put_page(const dn_roster_page *it)
{
    dn_file_writer *w = it->w;
    DN_TRY(dn_report_put_escaped(w,
                                 "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                                 "content=\"width=device-width,initial-scale=1\">\n<title>",
                                 it->cohort->name, " \xe2\x80\x93 dien, all scans</title>\n"));
    DN_TRY(dn_file_write(w, dn_report_style, strlen(dn_report_style)));
    DN_TRY(dn_file_write(w, style, sizeof style - 1));
    DN_TRY(dn_report_put_escaped(w, "</head>\n<body>\n<main>\n<h1>", it->cohort->name, "</h1>\n"));
    DN_TRY(dn_file_printf(w,
                          "<p class=\"soft\">Volumes of brain structures from the T1-weighted scans of a data set. For research; not for "
                          "diagnosis.</p>\n"));
    DN_TRY(put_counts(it));
    DN_TRY(put_remarks(it));
    DN_TRY(dn_roster_put_failed(it));
    DN_TRY(dn_roster_put_rejected(it));
    DN_TRY(dn_roster_put_volumes(it));
    DN_TRY(dn_roster_put_outliers(it));
    DN_TRY(dn_roster_put_groups(it));
    DN_TRY(dn_roster_put_others(it));
    DN_TRY(put_files(it));
    return dn_file_printf(w, "</main>\n</body>\n</html>\n");
}

dn_status dn_roster_write_report(const dn_roster *cohort, const dn_roster_outliers *outliers, const dn_roster_comparison *comparison,
                                 const dn_run_group_options *options, const char *folder)
{
    dn_file_writer writer = {0};
    dn_roster_page it = {
        .w = &writer, .cohort = cohort, .outliers = outliers, .comparison = comparison, .options = options, .folder = folder};
    char *path = NULL;
    dn_status status;
    DN_TRY_GOTO(status, dn_alloc(&it.order, cohort->count, sizeof *it.order, "the scans of the report"), done);
    DN_TRY_GOTO(status, dn_path_join(folder, "report.html", &path), done);
    DN_TRY_GOTO(status, dn_file_create(&writer, path), done);
    status = put_page(&it);
    status = dn_file_end(&writer, status);
done:
    free(path);
    free(it.order);
    return status;
}
